package feed

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/meridian-video/meridian/control/state"
)

// source is a state with its hub, as a control node has them.
type source struct {
	*state.State
	hub *Hub
	n   uint64
}

func newSource(t testing.TB) *source {
	s := &source{State: state.New()}
	hub, err := NewHub(s.State, slog.New(slog.DiscardHandler), nil)
	if err != nil {
		t.Fatal(err)
	}
	s.hub = hub
	s.apply(t, &state.InitPlatform{Epoch: "e1"})
	return s
}

func (s *source) apply(t testing.TB, c state.Command) {
	b, err := state.Encode(time.Unix(1, 0), c, state.Terms{})
	if err != nil {
		t.Fatal(err)
	}
	s.n++
	r := s.Apply(s.n, b)
	if r.Err != nil {
		t.Fatal(r.Err)
	}
	s.hub.Publish(r)
}

func TestFeedHoldsKeysOnlyWhereTheyAreOfUse(t *testing.T) {
	s := newSource(t)
	s.apply(t, state.Add(state.KindCompany, "a", "", state.CompanySpec{Name: "A"}))
	s.apply(t, &state.Create{Kind: state.KindAPIKey, ID: "apikey1", Set: []byte("{}"), SecretHash: make([]byte, 32)})
	s.apply(t, state.Add(state.KindTenantKey, "k1", "a", state.TenantKeySpec{PEM: "pem"}))
	s.apply(t, state.Add(state.KindTenantKey, "k2", "a", state.TenantKeySpec{PEM: "pem"}))
	s.apply(t, &state.RevokeTenantKey{Company: "a", ID: "k1"})
	all := bytes.Join(s.hub.since(0, 0).lines, nil)
	if bytes.Contains(all, []byte("apikey1")) || bytes.Contains(all, []byte("secret")) {
		t.Fatalf("API keys on the feed: %s", all)
	}
	if !bytes.HasSuffix(all, []byte(`{"t":"delta","i":6,"c":[{"k":"tenant_key","x":"k1"}]}`+"\n")) {
		t.Fatalf("a revocation must delete: %s", all)
	}
	snap, index, _, err := s.hub.snapshot()
	if err != nil || index != 6 {
		t.Fatal(index, err)
	}
	if bytes.Contains(snap, []byte("apikey1")) || bytes.Contains(snap, []byte(`"k1"`)) || !bytes.Contains(snap, []byte(`"k2"`)) {
		t.Fatalf("snapshot: %s", snap)
	}
}

// TestAPIKeysOfCompaniesReachEdges: a company's key comes as its hash, its uses do not come, and when it is
// withdrawn it goes.
func TestAPIKeysOfCompaniesReachEdges(t *testing.T) {
	s := newSource(t)
	s.apply(t, state.Add(state.KindCompany, "a", "", state.CompanySpec{Name: "A"}))
	s.apply(t, &state.Create{Kind: state.KindAPIKey, ID: "k1", Company: "a", Set: []byte("{}"), SecretHash: make([]byte, 32)})
	before := len(s.hub.since(0, 0).lines)
	s.apply(t, &state.UseAPIKeys{At: map[string]time.Time{"k1": time.Unix(1_700_000_000, 0)}})
	lines := s.hub.since(0, 0).lines
	if len(lines) != before || !bytes.Contains(lines[before-1], []byte(`"secret_hash":"AAAA`)) {
		t.Fatalf("%d lines after a use, %d before: %s", len(lines), before, bytes.Join(lines, nil))
	}
	snap, _, _, err := s.hub.snapshot()
	if err != nil || !bytes.Contains(snap, []byte(`"id":"k1"`)) || bytes.Contains(snap, []byte("last_used")) {
		t.Fatalf("snapshot: %s %v", snap, err)
	}
	s.apply(t, &state.RevokeAPIKey{Company: "a", ID: "k1"})
	if all := bytes.Join(s.hub.since(0, 0).lines, nil); !bytes.HasSuffix(all, []byte(`[{"k":"api_key","x":"k1"}]}`+"\n")) {
		t.Fatalf("a withdrawn key must go: %s", all)
	}
}

func TestStreamsShareEncodedLines(t *testing.T) {
	s := newSource(t)
	s.apply(t, state.Add(state.KindCompany, "a", "", state.CompanySpec{Name: "A"}))
	a, b := s.hub.since(1, 0), s.hub.since(1, 0)
	if len(a.lines) != 1 || &a.lines[0][0] != &b.lines[0][0] {
		t.Fatal("a delta was encoded twice")
	}
	x, _, _, err1 := s.hub.snapshot()
	y, _, _, err2 := s.hub.snapshot()
	if err := errors.Join(err1, err2); err != nil || &x[0] != &y[0] {
		t.Fatal("a snapshot was encoded twice", err)
	}
}

func TestStart(t *testing.T) {
	s := newSource(t)
	for i := range 5 {
		s.apply(t, state.Add(state.KindCompany, fmt.Sprintf("c%d", i), "", state.CompanySpec{Name: "C"}))
	}
	for _, c := range []struct {
		name   string
		index  uint64
		epoch  string
		resume bool
		err    error
	}{
		{"new edge", 0, "", false, nil},
		{"resumes", 3, "e1", true, nil},
		{"up to date", 6, "e1", true, nil},
		{"other history", 3, "e0", false, nil},
		{"knows more than the node", 7, "e1", false, errBehind},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, resume, err := s.hub.start(c.index, c.epoch)
			if resume != c.resume || !errors.Is(err, c.err) {
				t.Fatalf("resume %v err %v", resume, err)
			}
		})
	}
}

func TestOldEdgesFallBackToASnapshot(t *testing.T) {
	s := newSource(t)
	s.apply(t, state.Add(state.KindCompany, "a", "", state.CompanySpec{Name: "A"}))
	name := strings.Repeat("x", 190)
	for range keepDeltas + 10 {
		s.apply(t, state.Set(state.KindCompany, "a", "", map[string]string{"name": name}))
	}
	if _, resume, err := s.hub.start(3, "e1"); resume || err != nil {
		t.Fatalf("resume %v %v", resume, err)
	}
	if b := s.hub.since(3, 0); !b.lagged {
		t.Fatal("a stream that fell behind must notice")
	}
	if b := s.hub.since(s.n-5, 0); b.lagged || len(b.lines) != 5 || b.index != s.n {
		t.Fatalf("near the end: %d lines, index %d", len(b.lines), b.index)
	}
	s.hub.Reset()
	if b := s.hub.since(s.n, 0); !b.lagged {
		t.Fatal("a reset must send everybody a snapshot")
	}
}

func TestEntriesWithoutChangesMoveTheIndexOnly(t *testing.T) {
	s := newSource(t)
	s.apply(t, &state.Create{Kind: state.KindAPIKey, ID: "k", Set: []byte("{}"), SecretHash: make([]byte, 32)})
	if b := s.hub.since(1, 0); len(b.lines) != 0 || b.index != 2 {
		t.Fatalf("%d lines, index %d", len(b.lines), b.index)
	}
}

func FuzzDecode(f *testing.F) {
	s := newSource(f)
	s.apply(f, state.Add(state.KindCompany, "a", "", state.CompanySpec{Name: "A"}))
	s.apply(f, state.Add(state.KindRoom, "r", "a", state.RoomSpec{PublicID: "p"}))
	s.apply(f, &state.Delete{Kind: state.KindCompany, ID: "a"})
	snap, _, _, err := s.hub.snapshot()
	if err != nil {
		f.Fatal(err)
	}
	for _, line := range append(s.hub.since(0, 0).lines, bytes.SplitAfter(snap, []byte("\n"))...) {
		f.Add(line)
	}
	f.Add([]byte(`{"t":"beat","i":18446744073709551615}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		frame, err := Decode(line)
		if err != nil {
			if !errors.Is(err, ErrFrame) {
				t.Fatalf("untyped error: %v", err)
			}
			return
		}
		again, err := frame.Encode()
		if err != nil {
			t.Fatalf("a decoded frame does not encode: %v", err)
		}
		if _, err := Decode(again); err != nil && len(again) <= MaxFrame {
			t.Fatalf("an encoded frame does not decode: %v", err)
		}
	})
}
