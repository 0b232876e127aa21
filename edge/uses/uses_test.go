package uses

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/meridian-video/meridian/control/client"
	"github.com/meridian-video/meridian/control/token"
	"github.com/meridian-video/meridian/geo"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world is control and some nodes.
type world struct {
	t     *testing.T
	nodes map[geo.NodeID]*Uses

	mu    sync.Mutex
	away  bool // control is
	dead  geo.NodeID
	kept  map[hash]token.FirstUse
	calls int
}

func newWorld(t *testing.T) *world {
	w := &world{t: t, nodes: map[geo.NodeID]*Uses{}, kept: map[hash]token.FirstUse{}}
	ids := []geo.NodeID{"fra-1", "iad-1", "syd-1"}
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	t.Cleanup(func() { cancel(); wg.Wait() })
	for _, id := range ids {
		u := New(Config{
			Self: id, Control: w, Peers: w, Log: slog.New(slog.DiscardHandler),
			Connected: func() bool { return !w.isAway() }, Nodes: func() []geo.NodeID { return ids },
		})
		w.nodes[id] = u
		wg.Go(func() { u.Run(ctx) })
	}
	return w
}

func (w *world) isAway() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.away
}

func (w *world) asked() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.calls
}

func (w *world) set(away bool, dead geo.NodeID) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.away, w.dead = away, dead
}

// Use implements Control as state.UseToken does.
func (w *world) Use(_ context.Context, r client.UseRequest) (client.UseAnswer, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.calls++
	if w.away {
		return client.UseAnswer{}, errors.New("away")
	}
	u := w.kept[hash(r.Hash)].Merge(of(r, time.Now()))
	w.kept[hash(r.Hash)] = u
	return client.UseAnswer{At: u.At, LifetimeMS: u.Lifetime.Milliseconds(), By: u.By}, nil
}

// Call implements Peers.
func (w *world) Call(_ context.Context, to geo.NodeID, topic string, body []byte) ([]byte, error) {
	w.mu.Lock()
	dead := w.dead
	w.mu.Unlock()
	if to == dead || topic != Topic {
		return nil, errors.New("dead")
	}
	return w.nodes[to].Answer(body)
}

func request(name byte, lifetime time.Duration) client.UseRequest {
	return client.UseRequest{Company: "acme", Hash: append(make([]byte, 31), name), LifetimeMS: lifetime.Milliseconds()}
}

func (w *world) judge(at geo.NodeID, r client.UseRequest, want error) {
	w.t.Helper()
	r.By = string(at)
	if err := w.nodes[at].Judge(w.t.Context(), r); !errors.Is(err, want) {
		w.t.Errorf("%s at %v: %v, want %v", at, time.Now(), err, want)
	}
}

func TestATokenServesFromItsFirstUseAnywhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		r := request(1, time.Minute)
		w.judge("fra-1", r, nil)
		time.Sleep(59 * time.Second)
		w.judge("iad-1", r, nil)
		r.LifetimeMS = time.Hour.Milliseconds() // a later value of the link
		time.Sleep(2 * time.Second)
		for _, id := range []geo.NodeID{"fra-1", "iad-1", "syd-1"} {
			w.judge(id, r, token.ErrExpired)
		}
		w.judge("fra-1", request(2, time.Minute), nil)
	})
}

func TestOneNodeKnowsWhileControlIsAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.set(true, "")
		r := request(1, time.Minute)
		w.judge("fra-1", r, nil)
		time.Sleep(61 * time.Second)
		w.judge("iad-1", r, token.ErrExpired)
		w.judge("syd-1", r, token.ErrExpired)
		if n := w.asked(); n != 0 {
			t.Errorf("control was asked %d times while it was away", n)
		}
		w.set(false, "")
		time.Sleep(payEvery)
		w.mu.Lock()
		u := w.kept[hash(r.Hash)]
		w.mu.Unlock()
		if time.Since(u.At) < 61*time.Second {
			t.Errorf("control knows of %+v", u)
		}
		for id, n := range w.nodes {
			n.mu.Lock()
			if len(n.table.owed) != 0 {
				t.Errorf("%s owes %v", id, n.table.owed)
			}
			n.mu.Unlock()
		}
	})
}

func TestWhereNobodyAnswersTheEarliestUseCountsLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		r := request(1, time.Minute)
		owner := geo.Rendezvous("use/"+hexOf(r), []geo.NodeID{"fra-1", "iad-1", "syd-1"})
		w.set(true, owner[0])
		w.judge(owner[1], r, nil)
		time.Sleep(50 * time.Second)
		w.judge(owner[2], r, nil) // provisionally: nobody told it
		w.set(false, "")
		time.Sleep(11 * time.Second)
		for id := range w.nodes {
			w.judge(id, r, token.ErrExpired)
		}
	})
}

func hexOf(r client.UseRequest) string {
	const digits = "0123456789abcdef"
	var out []byte
	for _, b := range r.Hash {
		out = append(out, digits[b>>4], digits[b&15])
	}
	return string(out)
}

func TestForeignBytesAreNoUse(t *testing.T) {
	u := New(Config{Self: "fra-1"})
	for _, body := range []string{"", "{", `{"company":"a"}`, `{"company":"a","hash":"AA==","lifetime_ms":1}`} {
		if _, err := u.Answer([]byte(body)); err == nil {
			t.Errorf("%q is answered", body)
		}
	}
}

func TestWhatIsKnownIsBounded(t *testing.T) {
	tab, now := newTable(), time.Now()
	for i := range 2*maxKnown + maxOwed {
		h := make([]byte, 32)
		h[0], h[1], h[2] = byte(i), byte(i>>8), byte(i>>16)
		tab.claim(client.UseRequest{Hash: h, LifetimeMS: 1}, now)
	}
	if len(tab.young)+len(tab.old) > 2*maxKnown || len(tab.owed) != maxOwed || tab.dropped == 0 {
		t.Errorf("%d and %d known, %d owed, %d dropped", len(tab.young), len(tab.old), len(tab.owed), tab.dropped)
	}
}
