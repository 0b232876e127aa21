package relay

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/meridian-video/meridian/geo"
)

// bubble starts two nodes on an in-memory network.
func bubble(t *testing.T, w *wan, options ...func(*Config)) (n *network, fra, iad *node) {
	n = newNetwork(t)
	a, b := w.listen(1), w.listen(2)
	n.place("fra", a.addr.String())
	n.place("iad", b.addr.String())
	return n, n.startOn("fra", a, options...), n.startOn("iad", b, options...)
}

func TestSilentPeerIsDeclaredDead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &studio{}
		_, fra, iad := bubble(t, newWAN(40*time.Millisecond, 0), withTracks(s))
		v := &viewer{}
		if _, err := iad.Subscribe(t.Context(), "fra", track("cam"), v); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Second)
		if got := iad.seen(); len(got) != 1 {
			t.Fatalf("an idle link changed: %v", got)
		}
		fra.conn.setCut(true)
		time.Sleep(2 * time.Second)
		if got := iad.seen(); len(got) != 1 {
			t.Fatalf("dead after less than two seconds: %v", got)
		}
		time.Sleep(time.Second)
		for _, n := range []*node{fra, iad} {
			if got := n.seen(); len(got) != 2 || got[1] {
				t.Errorf("%s: link changes %v, want up and down", n.cfg.Self, got)
			}
		}
		if _, _, causes := v.got(); len(causes) != 1 || !errors.Is(causes[0], ErrSilent) || !errors.Is(causes[0], ErrLinkDown) {
			t.Errorf("receiver told %v", causes)
		}
		if _, closed, _ := s.count(); closed != 1 {
			t.Errorf("feed closed %d times", closed)
		}
		// While cut, dials fail and are backed off; after that one is made on demand.
		if _, err := iad.Call(t.Context(), "fra", "x", nil); !errors.Is(err, ErrLinkDown) {
			t.Errorf("call over a cut: %v", err)
		}
		if err := iad.Send("fra", "x", nil); !errors.Is(err, ErrLinkDown) {
			t.Errorf("send while backed off: %v", err)
		}
		if got := iad.Unreached(); !slices.Equal(got, []geo.NodeID{"fra"}) {
			t.Errorf("iad does not reach %q", got)
		}
		fra.conn.setCut(false)
		time.Sleep(time.Second)
		if _, err := iad.Subscribe(t.Context(), "fra", track("cam"), v); err != nil {
			t.Fatal(err)
		}
		if got := iad.Unreached(); len(got) != 0 {
			t.Errorf("with a link again iad does not reach %q", got)
		}
		if err := errors.Join(fra.Close(), iad.Close()); err != nil {
			t.Error(err)
		}
	})
}

func TestOneWayCutIsNoticedByBothEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, fra, iad := bubble(t, newWAN(40*time.Millisecond, 0))
		if err := fra.Send("iad", "x", nil); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		fra.conn.setMuted(true)
		time.Sleep(1800 * time.Millisecond)
		for _, n := range []*node{fra, iad} {
			l := n.Links()
			if len(l) != 1 || !l[0].Suspect || l[0].Deaf != (n == iad) || l[0].Unheard != (n == fra) {
				t.Errorf("%s: %+v", n.cfg.Self, l)
			}
		}
		time.Sleep(1200 * time.Millisecond)
		for _, n := range []*node{fra, iad} {
			if got := n.seen(); len(got) != 2 {
				t.Errorf("%s: link changes %v, want up and down", n.cfg.Self, got)
			}
		}
		if err := errors.Join(fra.Close(), iad.Close()); err != nil {
			t.Error(err)
		}
	})
}

func TestRestartedPeerIsBackAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWAN(20*time.Millisecond, 0)
		n, fra, iad := bubble(t, w)
		if err := iad.Send("fra", "one", nil); err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Second)
		fra.conn.setCut(true) // dies without a word
		again := w.listen(1)  // and is back on its address
		reborn := n.startOn("fra", again)
		if err := reborn.Send("iad", "two", nil); err != nil {
			t.Fatal(err)
		}
		time.Sleep(200 * time.Millisecond)
		if got := iad.heard(); len(got) != 1 || got[0] != "two:" {
			t.Errorf("heard %q", got)
		}
		if got := iad.seen(); len(got) != 3 || got[1] || !got[2] {
			t.Errorf("link changes %v, want up, down, up", got)
		}
		if err := errors.Join(fra.Close(), iad.Close(), reborn.Close()); err != nil {
			t.Error(err)
		}
	})
}

func TestMessagesAndCallsSurviveLoss(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, fra, iad := bubble(t, newWAN(80*time.Millisecond, 0.05), func(c *Config) {
			c.Answer = func(_ context.Context, _ geo.NodeID, _ string, body []byte) ([]byte, error) { return body, nil }
		})
		for range 500 {
			if err := iad.Send("fra", "m", []byte("body")); err != nil {
				t.Fatal(err)
			}
			if _, err := iad.Call(t.Context(), "fra", "c", []byte("body")); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(10 * time.Second)
		if got := len(fra.heard()); got != 500 {
			t.Errorf("%d messages arrived", got)
		}
		if got := fra.seen(); len(got) != 1 {
			t.Errorf("link changes %v", got)
		}
		if err := errors.Join(fra.Close(), iad.Close()); err != nil {
			t.Error(err)
		}
	})
}
