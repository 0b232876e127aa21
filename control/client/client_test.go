package client

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/meridian-video/meridian/control/feed"
	"github.com/meridian-video/meridian/control/state"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func raw(t testing.TB, v any) json.RawMessage {
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func snapshotFrames(t testing.TB, index uint64, epoch string) []feed.Frame {
	return []feed.Frame{
		{Type: feed.TypeSnapshot, Index: index, Epoch: epoch},
		{Type: feed.TypePut, Kind: state.KindPlatform, Data: raw(t, state.Platform{Meta: state.Meta{ID: "platform"}, Epoch: epoch, PlatformSpec: state.PlatformSpec{DefaultCompany: "a"}})},
		{Type: feed.TypePut, Kind: state.KindCompany, Data: raw(t, Company{Meta: state.Meta{ID: "a"}, CompanySpec: state.CompanySpec{Name: "A"}})},
		{Type: feed.TypePut, Kind: state.KindTenantKey, Data: raw(t, TenantKey{Meta: state.Meta{ID: "k", Company: "a"}})},
		{Type: feed.TypeEnd, Index: index, Count: 3},
	}
}

func room(t testing.TB, index uint64, id string) feed.Frame {
	return feed.Frame{Type: feed.TypeDelta, Index: index, Changes: []feed.Change{
		{Kind: state.KindRoom, Data: raw(t, Room{Meta: state.Meta{ID: id, Company: "a"}, RoomSpec: state.RoomSpec{PublicID: id}})},
	}}
}

// give hands frames to a client as a stream would, and saves.
func give(t testing.TB, c *Client, frames ...feed.Frame) {
	t.Helper()
	for _, f := range frames {
		line, err := f.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if err := c.take(f, line); err != nil {
			t.Fatal(err)
		}
	}
	c.save()
}

func openAt(t testing.TB, dir string) *Client {
	t.Helper()
	c, err := Open(Config{Dir: dir, NodeID: "fra-1", Log: slog.New(slog.DiscardHandler)}, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.disk.closeLog)
	return c
}

func TestCopySurvivesARestart(t *testing.T) {
	dir := t.TempDir()
	c := openAt(t, dir)
	if c.Ready() || c.View() != nil {
		t.Fatal("ready without a copy")
	}
	give(t, c, snapshotFrames(t, 10, "e1")...)
	give(t, c, room(t, 11, "r1"))
	give(t, c, room(t, 12, "r2"), feed.Frame{Type: feed.TypeDelta, Index: 13, Changes: []feed.Change{{Kind: state.KindRoom, Delete: "r1"}}})
	c = openAt(t, dir)
	v := c.View()
	_, gone := v.Room("a", "r1")
	_, there := v.Room("a", "r2")
	if !c.Ready() || v.Index() != 13 || gone || !there || !v.Usable("a", "k") || c.replica.epoch != "e1" {
		t.Fatalf("index %d gone %v there %v", v.Index(), gone, there)
	}
	give(t, c, room(t, 14, "r3")) // appends go on behind the loaded log
	if c = openAt(t, dir); c.View().Index() != 14 {
		t.Fatalf("index %d", c.View().Index())
	}
}

func TestTornLogIsCutAndTheRestIsKept(t *testing.T) {
	dir := t.TempDir()
	c := openAt(t, dir)
	give(t, c, snapshotFrames(t, 10, "e1")...)
	give(t, c, room(t, 11, "r1"))
	good, err := os.ReadFile(filepath.Join(dir, fileLog))
	if err != nil {
		t.Fatal(err)
	}
	give(t, c, room(t, 12, "r2"))
	whole, err := os.ReadFile(filepath.Join(dir, fileLog))
	if err != nil {
		t.Fatal(err)
	}
	for n := len(good); n < len(whole); n++ {
		if err := os.WriteFile(filepath.Join(dir, fileLog), whole[:n], 0o600); err != nil {
			t.Fatal(err)
		}
		if c = openAt(t, dir); c.View().Index() != 11 {
			t.Fatalf("cut at %d: index %d", n, c.View().Index())
		}
	}
	flipped := bytes.Clone(whole)
	flipped[len(flipped)-3] ^= 1
	if err := os.WriteFile(filepath.Join(dir, fileLog), flipped, 0o600); err != nil {
		t.Fatal(err)
	}
	if c = openAt(t, dir); c.View().Index() != 11 {
		t.Fatalf("a flipped bit: index %d", c.View().Index())
	}
}

func TestBrokenSnapshotIsNoCopy(t *testing.T) {
	dir := t.TempDir()
	c := openAt(t, dir)
	give(t, c, snapshotFrames(t, 10, "e1")...)
	path := filepath.Join(dir, fileSnap)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, broken := range [][]byte{whole[:len(whole)-1], whole[:20], {}, bytes.Replace(whole, []byte(`"A"`), []byte(`"B"`), 1)} {
		if err := os.WriteFile(path, broken, 0o600); err != nil {
			t.Fatal(err)
		}
		if c = openAt(t, dir); c.Ready() {
			t.Fatalf("a copy of %d bytes was taken", len(broken))
		}
	}
	give(t, c, snapshotFrames(t, 20, "e1")...)
	if c = openAt(t, dir); c.View().Index() != 20 {
		t.Fatal("a new copy was not kept")
	}
}

func TestLogOfAnotherEpochIsNotReplayed(t *testing.T) {
	dir := t.TempDir()
	c := openAt(t, dir)
	give(t, c, snapshotFrames(t, 10, "e1")...)
	give(t, c, room(t, 11, "old"))
	log, err := os.ReadFile(filepath.Join(dir, fileLog))
	if err != nil {
		t.Fatal(err)
	}
	give(t, c, snapshotFrames(t, 3, "e2")...) // and the crash comes before the log is emptied
	if err := os.WriteFile(filepath.Join(dir, fileLog), log, 0o600); err != nil {
		t.Fatal(err)
	}
	c = openAt(t, dir)
	if _, ok := c.View().Room("a", "old"); ok || c.View().Index() != 3 {
		t.Fatalf("index %d", c.View().Index())
	}
}

func TestLogIsFoldedIntoASnapshot(t *testing.T) {
	dir := t.TempDir()
	c := openAt(t, dir)
	give(t, c, snapshotFrames(t, 10, "e1")...)
	pad := string(bytes.Repeat([]byte("x"), 4000))
	for i := range uint64(8) {
		var frames []feed.Frame
		for k := range uint64(50) {
			f := room(t, 11+50*i+k, "r")
			f.Changes[0].Data = raw(t, Room{Meta: state.Meta{ID: "r", Company: "a"}, RoomSpec: state.RoomSpec{PublicID: "r", HomePOP: pad}})
			frames = append(frames, f)
		}
		give(t, c, frames...)
	}
	if c.disk.size > minCompact+300<<10 {
		t.Fatalf("the log has %d bytes", c.disk.size)
	}
	if c = openAt(t, dir); c.View().Index() != 410 {
		t.Fatalf("index %d", c.View().Index())
	}
}

func TestViewsDoNotChange(t *testing.T) {
	c := openAt(t, t.TempDir())
	var seen []uint64
	c.OnChange(func(v *View) { seen = append(seen, v.Index()) })
	give(t, c, snapshotFrames(t, 10, "e1")...)
	before := c.View()
	give(t, c, feed.Frame{Type: feed.TypeDelta, Index: 11, Changes: []feed.Change{{Kind: state.KindTenantKey, Delete: "k"}}})
	give(t, c, feed.Frame{Type: feed.TypeBeat, Index: 15})
	if !before.Usable("a", "k") {
		t.Fatal("an older view changed")
	}
	if c.View().Usable("a", "k") || c.View().Index() != 15 {
		t.Fatal("the newest view is old")
	}
	if len(seen) != 2 || seen[0] != 10 || seen[1] != 11 {
		t.Fatalf("changes: %v", seen)
	}
}

func TestNilViewIsEmpty(t *testing.T) {
	var v *View
	_, a := v.CompanyByHost("x")
	_, b := v.Company("x")
	_, c := v.Placement("x", "y")
	_, d := v.Room("x", "y")
	if a || b || c || d || v.Usable("x", "k") || v.Revoked("x", "t") || v.Index() != 0 || len(v.Keyring("x").Native) != 0 {
		t.Fatal("a nil view knows something")
	}
}

func TestFramesOutOfStepAreRefused(t *testing.T) {
	for name, frames := range map[string][]feed.Frame{
		"delta first":        {room(t, 5, "r")},
		"record first":       {{Type: feed.TypePut, Kind: state.KindRoom, Data: raw(t, Room{Meta: state.Meta{ID: "r"}})}},
		"snapshot too short": {{Type: feed.TypeSnapshot, Index: 1, Epoch: "e"}, {Type: feed.TypeEnd, Index: 1, Count: 2}},
		"beat inside":        {{Type: feed.TypeSnapshot, Index: 1, Epoch: "e"}, {Type: feed.TypeBeat, Index: 1}},
	} {
		var r replica
		var err error
		for _, f := range frames {
			if _, err = r.apply(f); err != nil {
				break
			}
		}
		if !errors.Is(err, ErrFeed) || r.copy != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	var r replica
	for _, f := range append(snapshotFrames(t, 1, "e"), feed.Frame{Type: "hologram", Index: 9}, feed.Frame{Type: feed.TypeDelta, Index: 2, Changes: []feed.Change{
		{Kind: "avatar", Data: []byte(`{}`)}, {Kind: "avatar", Delete: "x"},
	}}) {
		if _, err := r.apply(f); err != nil {
			t.Fatalf("something of a newer control: %v", err)
		}
	}
	if r.index != 2 {
		t.Fatalf("index %d", r.index)
	}
}

func TestAgeCountsFromTheOpening(t *testing.T) {
	c := openAt(t, t.TempDir())
	if a := c.Age(); a < 0 || a > time.Minute {
		t.Fatalf("age %s", a)
	}
}

func FuzzReplay(f *testing.F) {
	delta, err := room(f, 11, "r1").Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(append(record([]byte("e1")), record(delta)...))
	f.Add([]byte{0xff, 0xff, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, log []byte) {
		var r replica
		for _, fr := range snapshotFrames(t, 10, "e1") {
			if _, err := r.apply(fr); err != nil {
				t.Fatal(err)
			}
		}
		if good := replay(&r, log); good < 0 || good > int64(len(log)) {
			t.Fatalf("%d good bytes of %d", good, len(log))
		}
		_ = readSnapshot(&replica{}, log)
	})
}

func TestChangesAreToldByKind(t *testing.T) {
	c := openAt(t, t.TempDir())
	var keys, all int
	c.OnChange(func(*View) { keys++ }, state.KindTenantKey, state.KindRevocation)
	c.OnChange(func(*View) { all++ })
	give(t, c, snapshotFrames(t, 10, "e1")...)
	give(t, c, room(t, 11, "r1"))
	give(t, c, feed.Frame{Type: feed.TypeDelta, Index: 12, Changes: []feed.Change{{Kind: state.KindTenantKey, Delete: "k"}}})
	if keys != 2 || all != 3 {
		t.Errorf("told %d times of keys, %d of everything", keys, all)
	}
	c.caughtUp() // as with the first beat of a stream
	c.caughtUp()
	if keys != 3 || all != 3 || !c.Connected() {
		t.Errorf("caught up: told %d times of keys, %d of everything", keys, all)
	}
}

func TestACopyDoesNotGetYoungerByARestart(t *testing.T) {
	dir := t.TempDir()
	c := openAt(t, dir)
	give(t, c, snapshotFrames(t, 10, "e1")...)
	for _, name := range []string{fileSnap, fileLog} {
		at := time.Now().Add(-time.Hour)
		if err := os.Chtimes(filepath.Join(dir, name), at, at); err != nil {
			t.Fatal(err)
		}
	}
	openAt(t, dir)
	c = openAt(t, dir)
	if age := c.Age(); age < 59*time.Minute || age > 61*time.Minute {
		t.Errorf("the copy's age is %v, want an hour", age)
	}
	c.disk.hear(time.Now())
	if age := openAt(t, dir).Age(); age > time.Minute {
		t.Errorf("the copy's age is %v, want none", age)
	}
}

func TestAViewSaysWhatOfTokensHolds(t *testing.T) {
	c := openAt(t, t.TempDir())
	give(t, c, snapshotFrames(t, 10, "e1")...)
	give(t, c, feed.Frame{Type: feed.TypeDelta, Index: 11, Changes: []feed.Change{
		{Kind: state.KindRevocation, Data: raw(t, state.Revocation{Meta: state.Meta{ID: "a/t1", Company: "a"}})},
		{Kind: state.KindPlacement, Data: raw(t, state.Placement{Meta: state.Meta{ID: "a/r", Company: "a"}, Epoch: 4})},
	}})
	v := c.View()
	if !v.Revoked("a", "t1") || v.Revoked("b", "t1") || v.Revoked("a", "t2") || !v.Keyring("a").Revoked("t1") {
		t.Error("what is withdrawn is not known")
	}
	if v.Usable("b", "k") || v.Usable("a", "none") {
		t.Error("another's key is usable")
	}
	if p, ok := v.Placement("a", "r"); !ok || p.Epoch != 4 {
		t.Errorf("placement %+v", p)
	}
}
