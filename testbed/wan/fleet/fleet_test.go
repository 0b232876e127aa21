//go:build linux

package fleet

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/meridian-video/meridian/edge/signal"
	"github.com/meridian-video/meridian/testbed/client"
	"github.com/meridian-video/meridian/testbed/cluster"
	"github.com/meridian-video/meridian/testbed/wan/path"
)

// patience bounds every wait. It says nothing about how long things take.
const patience = 60 * time.Second

// world is a running fleet with what the tests do on it.
type world struct {
	*Fleet
	t   *testing.T
	ctx context.Context
}

func start(t *testing.T, topology Topology) *world {
	t.Helper()
	f, err := Start(t.Context(), Options{Topology: topology, Dir: t.TempDir(), Logs: cluster.Artifacts(t), Binary: cluster.Binary(t), Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.Close)
	return &world{f, t, t.Context()}
}

// must ends the test where something failed, or was not so in time.
func (w *world) must(f func(context.Context) error) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), patience)
	defer cancel()
	if err := f(ctx); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) do(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) home() (home string) {
	w.t.Helper()
	w.must(func(ctx context.Context) (err error) {
		home, err = w.OneHome(ctx)
		return err
	})
	return home
}

// TestTheWorldLosesAPlace: the home of a room falls silent, host and all. The
// others talk on and decide without it, its person comes back elsewhere as the
// same, nobody is seen to leave; awake again it has the roster that all have. Then
// a path is cut one way and heals.
func TestTheWorldLosesAPlace(t *testing.T) {
	w := start(t, World())
	var r Room
	w.must(func(ctx context.Context) (err error) {
		r, err = w.EnterEach(ctx, "hall", w.Topology.POPs...)
		return err
	})
	w.must(r.Agree)
	home := w.home()
	lost := r.At(home)
	left := r.Without(lost)
	t.Logf("the home is %s", home)

	r.Mark()
	died := time.Now()
	w.do(w.Net.Silence(home))
	w.must(left.Flows)
	w.must(func(ctx context.Context) error { return left[0].Ask(ctx, "after the death") })
	t.Logf("decided after %v; without sound for %v, without pictures for %v", time.Since(died), left.Standstill(Audio), left.Standstill(Video))
	w.must(func(ctx context.Context) error {
		return Until(ctx, "its person is back", func() error {
			if _, moves := lost[0].At(); moves == 0 {
				return context.DeadlineExceeded
			}
			return nil
		})
	})
	w.must(r.Agree)
	w.must(r.Flows)
	t.Logf("its person is back after %v", time.Since(died))
	if lost[0].Client().Joined.Peer != lost[0].Peer {
		t.Errorf("it came back as %s, was %s", lost[0].Client().Joined.Peer, lost[0].Peer)
	}
	for _, p := range left {
		if gone := p.SawLeave(); len(gone) > 0 {
			t.Errorf("%s saw %v leave", p.Name, gone)
		}
	}

	w.do(w.Net.Wake(home))
	woken := time.Now()
	now := w.home()
	w.must(r.Agree)
	w.must(r.Flows)
	t.Logf("one home, %s, and one roster %v after waking", now, time.Since(woken))

	a, b := left[0], left[1]
	w.do(w.Net.CutOneWay(a.Near, b.Near))
	w.must(func(ctx context.Context) error {
		return Until(ctx, "the cut is felt", func() error {
			s, err := w.Net.State(a.Near, b.Near)
			if err == nil && s.Stats[path.Blocked] < felt {
				err = fmt.Errorf("only %d packets are lost", s.Stats[path.Blocked])
			}
			return err
		})
	})
	w.do(w.Net.Heal(a.Near, b.Near))
	healed := time.Now()
	w.must(r.Agree)
	w.must(r.Flows)
	w.home()
	w.must(func(ctx context.Context) error { return a.Ask(ctx, "healed 1") })
	w.must(func(ctx context.Context) error { return b.Ask(ctx, "healed 2") })
	w.must(r.Agree)
	t.Logf("as before %v after healing", time.Since(healed))
	for _, p := range r {
		w.must(func(ctx context.Context) error {
			return p.Client().Until(ctx, "all is said", knows("after the death", "healed 1", "healed 2"))
		})
	}
}

// felt is how many packets a cut must cost before it is healed: a second of media.
const felt = 60

// knows says whether just these lines are in the chat, in this order.
func knows(lines ...string) func(client.State) bool {
	return func(s client.State) bool {
		return slices.EqualFunc(s.Chat, lines, func(m signal.Message, line string) bool { return m.Text == line })
	}
}
