package outbox

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"
	"pgregory.net/rapid"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func openAt(t testing.TB, dir string, change ...func(*Config)) *Outbox {
	t.Helper()
	cfg := Config{Dir: dir, Group: time.Microsecond, Registerer: prometheus.NewRegistry()}
	for _, c := range change {
		c(&cfg)
	}
	o, err := Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = o.Close() })
	return o
}

// lostBy is how many entries were counted as lost for a reason.
func lostBy(t testing.TB, o *Outbox, reason string) float64 {
	t.Helper()
	families, err := o.cfg.Registerer.(*prometheus.Registry).Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if f.GetName() == "meridian_outbox_lost_total" && m.GetLabel()[0].GetValue() == reason {
				return m.GetCounter().GetValue()
			}
		}
	}
	return 0
}

func closeBox(t testing.TB, o *Outbox) {
	t.Helper()
	if err := o.Close(); err != nil {
		t.Fatal(err)
	}
}

func put(t testing.TB, o *Outbox, entries ...string) {
	t.Helper()
	for _, e := range entries {
		if err := o.Append(context.Background(), []byte(e)); err != nil {
			t.Fatal(err)
		}
	}
}

func peek(t testing.TB, o *Outbox, n int) []string {
	t.Helper()
	entries, err := o.Peek(n, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	out := []string{}
	for _, e := range entries {
		out = append(out, string(e.Bytes))
	}
	return out
}

// drain acks everything and returns it.
func drain(t testing.TB, o *Outbox) []string {
	t.Helper()
	var all []string
	for {
		got := peek(t, o, 7)
		if len(got) == 0 {
			return all
		}
		all = append(all, got...)
		o.Ack(len(got))
	}
}

func equal(t testing.TB, what string, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Fatalf("%s: %q, want %q", what, got, want)
	}
}

func TestEntriesComeInOrderUntilTheyAreAcked(t *testing.T) {
	o := openAt(t, t.TempDir())
	put(t, o, "a", "b", "c")
	equal(t, "first", peek(t, o, 2), []string{"a", "b"})
	equal(t, "again", peek(t, o, 5), []string{"a", "b", "c"})
	o.Ack(2)
	equal(t, "after the ack", peek(t, o, 5), []string{"c"})
	o.Ack(9)
	equal(t, "an ack of more than was seen", peek(t, o, 5), []string{"c"})
	o.Ack(1)
	equal(t, "at the end", peek(t, o, 5), []string{})
	if s := o.Status(); s.Entries != 0 || !s.Oldest.IsZero() {
		t.Fatalf("status %+v", s)
	}
}

func TestBytesBoundABatchButOneEntryComesAlways(t *testing.T) {
	o := openAt(t, t.TempDir())
	put(t, o, "aaaa", "bbbb", "cccc")
	for bytes, want := range map[int]int{0: 1, 4: 1, 7: 1, 8: 2, 100: 3} {
		got, err := o.Peek(10, bytes)
		if err != nil || len(got) != want {
			t.Errorf("%d bytes: %d entries, %v; want %d", bytes, len(got), err, want)
		}
	}
}

func TestARestartKeepsEntriesAndWhatWasAcked(t *testing.T) {
	dir := t.TempDir()
	at := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	o := openAt(t, dir, func(c *Config) { c.Now = func() time.Time { return at } })
	put(t, o, "a", "b", "c")
	peek(t, o, 2)
	o.Ack(2)
	closeBox(t, o)
	o = openAt(t, dir)
	if s := o.Status(); s.Entries != 1 || !s.Oldest.Equal(at) {
		t.Fatalf("status %+v", s)
	}
	put(t, o, "d")
	equal(t, "rest", drain(t, o), []string{"c", "d"})
	closeBox(t, o)
	equal(t, "third life", drain(t, openAt(t, dir)), nil)
}

func TestALostMarkCostsASecondDeliveryAndNoEntry(t *testing.T) {
	dir := t.TempDir()
	o := openAt(t, dir)
	put(t, o, "a", "b")
	drain(t, o)
	closeBox(t, o)
	if err := os.WriteFile(filepath.Join(dir, "acked"), []byte("garbage 1234"), 0o600); err != nil {
		t.Fatal(err)
	}
	equal(t, "again", drain(t, openAt(t, dir)), []string{"a", "b"})
}

func TestTornTailsAreCut(t *testing.T) {
	whole := appendFrame(nil, Entry{At: time.Now(), Bytes: []byte("torn")})
	changed := slices.Clone(whole)
	changed[len(changed)-1] ^= 1
	for name, tail := range map[string][]byte{
		"half a head": whole[:7], "half a body": whole[:len(whole)-2], "a bit changed": changed,
		"zeros": make([]byte, 64), "a length beyond bounds": bytes.Repeat([]byte{0xff}, 40),
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			o := openAt(t, dir)
			put(t, o, "a", "b")
			path := o.segments[0].path(dir)
			closeBox(t, o)
			f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
			if err != nil {
				t.Fatal(err)
			}
			_, err = f.Write(tail)
			if err = errors.Join(err, f.Close()); err != nil {
				t.Fatal(err)
			}
			o = openAt(t, dir)
			put(t, o, "c")
			equal(t, "entries", drain(t, o), []string{"a", "b", "c"})
		})
	}
}

func TestASegmentWhoseMakingWasCutShortIsMadeAnew(t *testing.T) {
	dir := t.TempDir()
	o := openAt(t, dir)
	put(t, o, "a")
	closeBox(t, o)
	if err := os.WriteFile(segment{first: 1}.path(dir), []byte("meri"), 0o600); err != nil {
		t.Fatal(err)
	}
	o = openAt(t, dir)
	put(t, o, "b")
	equal(t, "entries", drain(t, o), []string{"a", "b"})
}

func TestAnotherVersionIsLeftAlone(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(segment{}.path(dir), []byte("meridian-outbox 9\nand more"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(Config{Dir: dir}); !errors.Is(err, ErrVersion) {
		t.Fatal(err)
	}
}

// small makes segments of about 128 bytes.
func small(c *Config) { c.Limit = 1024 }

func names(n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = fmt.Sprintf("entry-%04d", i)
	}
	return out
}

func TestDeliveredSegmentsAreDeleted(t *testing.T) {
	dir := t.TempDir()
	o := openAt(t, dir, small)
	put(t, o, names(30)...)
	if len(o.segments) < 4 {
		t.Fatalf("%d segments", len(o.segments))
	}
	equal(t, "entries", drain(t, o), names(30))
	left, err := listSegments(dir)
	if err != nil || len(left) != 1 {
		t.Fatalf("%v left, %v", left, err)
	}
}

func TestAFullOutboxGivesUpTheOldestAndSaysSo(t *testing.T) {
	dir := t.TempDir()
	o := openAt(t, dir, small)
	put(t, o, names(100)...)
	s := o.Status()
	lost := lostBy(t, o, "overflow")
	if s.Bytes > 1024 || lost == 0 || uint64(lost)+s.Entries != 100 {
		t.Fatalf("%+v, %v lost", s, lost)
	}
	want := names(100)[int(lost):]
	equal(t, "the newest", drain(t, o), want)
	closeBox(t, o)
	equal(t, "after a restart", drain(t, openAt(t, dir, small)), nil)
}

func TestTheReaderMayBeOvertakenByTheLimit(t *testing.T) {
	o := openAt(t, t.TempDir(), small)
	put(t, o, names(10)...)
	equal(t, "peeked", peek(t, o, 2), names(2))
	put(t, o, names(100)...)
	before := o.Status().Entries
	o.Ack(2) // of what was given up meanwhile
	if after := o.Status().Entries; after != before {
		t.Fatalf("%d entries, then %d", before, after)
	}
	if got := drain(t, o); got[len(got)-1] != "entry-0099" {
		t.Fatalf("last is %s", got[len(got)-1])
	}
}

func TestADamagedSegmentCostsItselfAlone(t *testing.T) {
	for name, damage := range map[string]func(string) error{
		"changed": func(path string) error {
			b, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			b[len(magic)+frameHead+2] ^= 1
			return os.WriteFile(path, b, 0o600)
		},
		"gone": os.Remove,
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			o := openAt(t, dir, small)
			put(t, o, names(20)...)
			second, third := o.segments[1], o.segments[2]
			closeBox(t, o)
			if err := damage(second.path(dir)); err != nil {
				t.Fatal(err)
			}
			o = openAt(t, dir, small)
			want := slices.Concat(names(20)[:second.first], names(20)[third.first:])
			equal(t, "the others", drain(t, o), want)
			if lost := lostBy(t, o, "damaged"); int(lost) != int(third.first-second.first) {
				t.Errorf("%v counted as lost, want %d", lost, third.first-second.first)
			}
		})
	}
}

func TestEntriesOutOfBoundsAreRefused(t *testing.T) {
	o := openAt(t, t.TempDir())
	for _, b := range [][]byte{nil, make([]byte, MaxEntry+1)} {
		if err := o.Append(t.Context(), b); !errors.Is(err, ErrEntry) {
			t.Errorf("%d bytes: %v", len(b), err)
		}
	}
	closeBox(t, o)
	if err := o.Append(t.Context(), []byte("a")); !errors.Is(err, ErrClosed) {
		t.Errorf("closed: %v", err)
	}
}

func TestAFailedWriteLatches(t *testing.T) {
	o := openAt(t, t.TempDir())
	put(t, o, "a")
	o.latch(errors.New("input/output error"))
	if err := o.Append(t.Context(), []byte("b")); !errors.Is(err, ErrLatched) {
		t.Fatalf("append: %v", err)
	}
	if s := o.Status(); !errors.Is(s.Err, ErrLatched) || s.Entries != 1 {
		t.Fatalf("status %+v", s)
	}
	equal(t, "what is on disk goes out", drain(t, o), []string{"a"})
}

func TestADiskThatHangsLatchesAndAnswersEverybody(t *testing.T) {
	o := openAt(t, t.TempDir())
	closeBox(t, o) // its writer is gone, as if it hung
	o.closed = false
	outcome := make(chan error, 2)
	o.inflight = append(o.inflight, &parcel{entries: make([]Entry, 1), done: func(err error) { outcome <- err }})
	o.Put(func(err error) { outcome <- err }, []byte("behind it"))
	o.latch(ErrStalled)
	for range 2 {
		if err := <-outcome; !errors.Is(err, ErrStalled) || !errors.Is(err, ErrLatched) {
			t.Error(err)
		}
	}
}

func TestMemoryIsBoundedWhileTheDiskIsSlow(t *testing.T) {
	o := openAt(t, t.TempDir())
	closeBox(t, o)
	o.closed = false
	var busy int
	for range 20 {
		o.Put(func(err error) {
			if errors.Is(err, ErrBusy) {
				busy++
			}
		}, make([]byte, MaxEntry))
	}
	if busy != 5 || o.waiting > maxPending {
		t.Fatalf("%d refused, %d bytes wait", busy, o.waiting)
	}
}

// TestOneSyncServesMany: however many append, fsyncs are a group apart.
func TestOneSyncServesMany(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := openAt(t, t.TempDir(), func(c *Config) { c.Group = 20 * time.Millisecond })
		start, done := time.Now(), make(chan time.Duration, 100)
		for range 100 {
			go func() {
				if err := o.Append(t.Context(), []byte("x")); err != nil {
					t.Error(err)
				}
				done <- time.Since(start)
			}()
		}
		for range 100 {
			if took := <-done; took > 20*time.Millisecond {
				t.Errorf("acknowledged after %v", took)
			}
		}
		put(t, o, "a", "b")
		if took := time.Since(start); took < 20*time.Millisecond || took > 60*time.Millisecond {
			t.Errorf("two more, one after the other, took %v", took)
		}
		closeBox(t, o)
	})
}

// TestAnyCourseKeepsTheQueue compares the outbox with a slice over random appends, acks and restarts.
func TestAnyCourseKeepsTheQueue(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		dir, err := os.MkdirTemp(t.TempDir(), "")
		if err != nil {
			t.Fatal(err)
		}
		tiny := func(c *Config) { c.Limit = 1 << 14 } // segments of 2 KiB
		o := openAt(t, dir, tiny)
		defer func() { closeBox(t, o) }()
		model := []string{}
		for i := range rapid.IntRange(1, 40).Draw(r, "steps") {
			switch rapid.IntRange(0, 3).Draw(r, "step") {
			case 0, 1:
				e := fmt.Sprintf("%d-%s", i, bytes.Repeat([]byte("x"), rapid.IntRange(0, 900).Draw(r, "size")))
				if len(model) < 14 {
					put(t, o, e)
					model = append(model, e)
				}
			case 2:
				got := peek(t, o, rapid.IntRange(1, 9).Draw(r, "entries"))
				if len(got) > len(model) || len(got) == 0 && len(model) > 0 || !slices.Equal(got, model[:len(got)]) {
					r.Fatalf("got %d of %d", len(got), len(model))
				}
				n := rapid.IntRange(0, len(got)).Draw(r, "acked")
				o.Ack(n)
				model = model[n:]
			case 3:
				closeBox(t, o)
				o = openAt(t, dir, tiny)
			}
			if n := o.Status().Entries; n != uint64(len(model)) {
				r.Fatalf("%d entries, want %d", n, len(model))
			}
		}
	})
}

func FuzzScan(f *testing.F) {
	good := appendFrame([]byte(magic), Entry{At: time.UnixMilli(1), Bytes: []byte("a")})
	f.Add(good)
	f.Add(appendFrame(good, Entry{At: time.UnixMilli(2), Bytes: []byte("bb")}))
	f.Add(append(good, 0, 0, 0, 9))
	f.Add([]byte("meridian-outbox 2\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		n, entries, err := scan(bytes.NewReader(b))
		if err != nil {
			return
		}
		if n > int64(len(b)) || n < int64(len(magic))+int64(entries)*(frameHead+1) {
			t.Fatalf("%d good bytes with %d entries of %d bytes", n, entries, len(b))
		}
		if again, more, err := scan(bytes.NewReader(b[:n])); again != n || more != entries || err != nil {
			t.Fatalf("what was good is %d, %d, %v", again, more, err)
		}
	})
}

func FuzzMark(f *testing.F) {
	f.Add([]byte("garbage 1234"))
	f.Add(make([]byte, markSize))
	f.Fuzz(func(t *testing.T, b []byte) {
		if n := parseMark(b); n != 0 && len(b) != markSize {
			t.Fatalf("%d from %d bytes", n, len(b))
		}
	})
}

// BenchmarkAppend is 256 rooms that each wait for the disk, and how many entries share an fsync.
func BenchmarkAppend(b *testing.B) {
	o := openAt(b, b.TempDir(), func(c *Config) { c.Group = 20 * time.Millisecond })
	line := bytes.Repeat([]byte("x"), 250)
	b.SetParallelism(256)
	b.ReportAllocs()
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			if err := o.Append(context.Background(), line); err != nil {
				b.Error(err)
			}
		}
	})
	b.ReportMetric(float64(b.N)/float64(o.syncs.Load()), "entries/fsync")
}

// BenchmarkPeek is reading what waits, in batches as delivery does.
func BenchmarkPeek(b *testing.B) {
	o := openAt(b, b.TempDir())
	lines := make([][]byte, 5000)
	for i := range lines {
		lines[i] = bytes.Repeat([]byte("x"), 250)
	}
	if err := o.Append(context.Background(), lines...); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(5000 * 250)
	for b.Loop() {
		if entries, err := o.Peek(5000, 8<<20); err != nil || len(entries) != 5000 {
			b.Fatal(len(entries), err)
		}
	}
}
