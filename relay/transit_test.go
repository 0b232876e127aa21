package relay

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/meridian-video/meridian/geo"
	"github.com/meridian-video/meridian/relay/wire"
)

func TestTransitSharesOneCopy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 20*time.Millisecond, "ams", "bog", "cpt", "dub")
		defer w.close()
		w.by("bog", "cpt")
		w.by("dub", "cpt")
		defer w.film("ams")()
		var subs []*Subscription
		var watchers []*watcher
		for _, id := range []geo.NodeID{"bog", "dub", "bog", "cpt"} {
			sub, v := w.watch(id, "ams")
			subs, watchers = append(subs, sub), append(watchers, v)
		}
		before, _, _ := w.cameras["ams"].state()
		first, _, _ := watchers[3].counts()
		time.Sleep(10 * time.Second)
		sent, attached, _ := w.cameras["ams"].state()
		if attached != 1 {
			t.Errorf("the origin was asked %d times", attached)
		}
		for i, v := range watchers {
			if packets, twice, closed := v.counts(); packets < first+sent-before-5 || twice != 0 || closed != 0 {
				t.Errorf("watcher %d got %d of %d packets, %d twice, closed %d times", i, packets, sent, twice, closed)
			}
		}
		for _, c := range []struct {
			from, to geo.NodeID
			want     int
		}{{"ams", "cpt", 1}, {"cpt", "bog", 1}, {"cpt", "dub", 1}, {"ams", "bog", 0}, {"ams", "dub", 0}} {
			if got := w.copies(c.from, c.to); got != c.want {
				t.Errorf("%d copies from %s to %s, want %d", got, c.from, c.to, c.want)
			}
		}
		for _, l := range w.nodes["cpt"].Links() {
			video := l.Received["video"]
			if l.Peer == "ams" && video.Packets > uint64(sent) || l.Peer != "ams" && video.Packets != 0 {
				t.Errorf("%d packets from %s, %d were sent", video.Packets, l.Peer, sent)
			}
		}
		if got, want := w.path("bog"), []geo.NodeID{"cpt", "ams"}; !slices.Equal(got, want) {
			t.Errorf("path %q, want %q", got, want)
		}
		for _, sub := range subs {
			sub.Close()
		}
		left := time.Now()
		time.Sleep(500 * time.Millisecond)
		if _, _, watched := w.cameras["ams"].state(); watched != 0 {
			t.Errorf("%d copies leave the origin %v after the last watcher", watched, time.Since(left))
		}
		bytes := w.sim.LinkStats(w.ip("ams"), w.ip("cpt")).Bytes
		time.Sleep(5 * time.Second)
		if after := w.sim.LinkStats(w.ip("ams"), w.ip("cpt")).Bytes; after-bytes > 10_000 {
			t.Errorf("%d bytes in 5 s after the last watcher", after-bytes)
		}
		if n := len(w.nodes["cpt"].Routes()); n != 0 {
			t.Errorf("%d routes are left at the transit node", n)
		}
	})
}

func TestTransitPassesTheEndOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 20*time.Millisecond, "ams", "bog", "cpt")
		defer w.close()
		w.by("bog", "cpt")
		_, v := w.watch("bog", "ams")
		w.cameras["ams"].unpublish()
		time.Sleep(time.Second)
		if causes := v.told(); len(causes) != 1 || !errors.Is(causes[0], ErrTrackEnded) {
			t.Errorf("told %v", causes)
		}
	})
}

func TestTransitRefuses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 20*time.Millisecond, "ams", "bog", "cpt", "dub", "eze")
		defer w.close()
		w.by("bog", "cpt")
		w.by("cpt", "dub")
		_, v := w.watch("bog", "ams") // by cpt and dub
		if got, want := w.path("bog"), []geo.NodeID{"cpt", "dub", "ams"}; !slices.Equal(got, want) {
			t.Fatalf("path %q, want %q", got, want)
		}
		ask := func(from, to geo.NodeID, path ...string) error {
			n := w.nodes[from]
			p, err := n.peer(to)
			if err != nil {
				return err
			}
			l, err := p.connect(t.Context())
			if err != nil {
				return err
			}
			req := track("cam")
			req.Origin, req.Path = "ams", path
			c := newCourse(n.Mesh, keyOf("ams", req), req)
			defer c.cancel()
			b := &branch{course: c, parent: to, ctx: c.ctx, cancel: c.cancel}
			if err := l.carry(b, c.request); err != nil {
				return err
			}
			time.Sleep(time.Second)
			c.mu.Lock()
			defer c.mu.Unlock()
			return b.err
		}
		for _, c := range []struct {
			name string
			from geo.NodeID
			to   geo.NodeID
			path []string
			want error
		}{
			{"joins a path it is not on", "eze", "cpt", []string{"eze"}, nil},
			{"is on the path of the one it asks", "dub", "cpt", []string{"dub"}, ErrLoop},
			{"asks for one that is on that path", "eze", "cpt", []string{"dub", "eze"}, ErrLoop},
			{"would be the fourth hop", "eze", "bog", []string{"eze"}, ErrTooManyHops},
			{"asks for its own", "ams", "dub", []string{"ams"}, ErrLoop},
		} {
			if err := ask(c.from, c.to, c.path...); !errors.Is(err, c.want) {
				t.Errorf("%s: got %v, want %v", c.name, err, c.want)
			}
		}
		w.nodes["cpt"].tuning.transit = 1
		if err := ask("eze", "cpt", "eze"); !errors.Is(err, ErrBusy) {
			t.Errorf("above the bound: %v", err)
		}
		if _, _, closed := v.counts(); closed != 0 {
			t.Errorf("who watches was told %v", v.told())
		}
	})
}

// bypass lets bog watch ams directly, with cpt cold beside, and breaks something.
func bypass(t *testing.T, within time.Duration, breaks, heals func(w *world)) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 45*time.Millisecond, "ams", "bog", "cpt")
		defer w.close()
		w.by("bog", "ams", "cpt")
		w.meet()
		defer w.film("ams")()
		_, v := w.watch("bog", "ams")
		time.Sleep(5 * time.Second)
		if got := w.path("bog"); !slices.Equal(got, []geo.NodeID{"ams"}) {
			t.Fatalf("path %q before", got)
		}
		v.begin()
		breaks(w)
		time.Sleep(20 * time.Second)
		t.Logf("the watcher waited %v", v.pause())
		if got := v.pause(); got > within {
			t.Errorf("nothing came for %v", got)
		}
		if got := w.path("bog"); !slices.Equal(got, []geo.NodeID{"cpt", "ams"}) {
			t.Errorf("path %q while broken", got)
		}
		v.begin()
		heals(w)
		healed := time.Now()
		for !slices.Equal(w.path("bog"), []geo.NodeID{"ams"}) && time.Since(healed) < time.Minute {
			time.Sleep(10 * time.Millisecond)
		}
		t.Logf("the direct path is back after %v", time.Since(healed))
		if took := time.Since(healed); took < firstHold || took > 30*time.Second {
			t.Errorf("the direct path is back after %v", took)
		}
		time.Sleep(2 * time.Second)
		if got := v.pause(); got > 100*time.Millisecond {
			t.Errorf("nothing came for %v on the way back", got)
		}
		sent, _, watched := w.cameras["ams"].state()
		packets, twice, closed := v.counts()
		if twice != 0 || closed != 0 || watched != 1 || len(w.nodes["cpt"].Routes()) != 0 {
			t.Errorf("%d packets came twice, closed %d times, %d copies leave the origin, routes of the detour %v",
				twice, closed, watched, w.nodes["cpt"].Routes())
		}
		t.Logf("%d of %d packets", packets, sent)
	})
}

func TestCutLinkIsBypassed(t *testing.T) {
	heal := func(w *world) { w.heal("ams", "bog") }
	t.Run("both ways", func(t *testing.T) {
		bypass(t, time.Second, func(w *world) { w.cut("ams", "bog") }, heal)
	})
	t.Run("away from the origin", func(t *testing.T) {
		bypass(t, time.Second, func(w *world) { w.oneWay("ams", "bog") }, heal)
	})
}

// TestOneWayCutTowardsTheOrigin: media still come, and both ends know that the link is
// not well.
func TestOneWayCutTowardsTheOrigin(t *testing.T) {
	bypass(t, time.Second, func(w *world) {
		w.oneWay("bog", "ams")
		time.Sleep(800 * time.Millisecond)
		for _, id := range []geo.NodeID{"ams", "bog"} {
			for _, l := range w.nodes[id].Links() {
				if l.Suspect != (l.Peer != "cpt") {
					w.t.Errorf("%s thinks of its link to %s as suspect: %v", id, l.Peer, l.Suspect)
				}
			}
		}
	}, func(w *world) { w.heal("ams", "bog") })
}

func TestDeadTransitIsBypassed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 45*time.Millisecond, "ams", "bog", "cpt", "dub")
		defer w.close()
		w.by("bog", "cpt", "dub")
		w.meet()
		defer w.film("ams")()
		_, v := w.watch("bog", "ams")
		time.Sleep(5 * time.Second)
		if r := w.nodes["bog"].Routes(); len(r) != 1 || r[0].Backup != "dub" {
			t.Fatalf("routes %+v, want a backup", r)
		}
		v.begin()
		w.sim.Silence(w.ip("cpt"))
		time.Sleep(10 * time.Second)
		t.Logf("the watcher waited %v", v.pause())
		if got := v.pause(); got > time.Second {
			t.Errorf("nothing came for %v", got)
		}
		if got := w.path("bog"); !slices.Equal(got, []geo.NodeID{"dub", "ams"}) {
			t.Errorf("path %q", got)
		}
		if _, twice, closed := v.counts(); twice != 0 || closed != 0 {
			t.Errorf("%d packets came twice, closed %d times", twice, closed)
		}
		w.sim.Revive(w.ip("cpt"))
	})
}

// TestTransitThatLosesItsPathIsLeft: it is alive, and says that it has lost the track.
func TestTransitThatLosesItsPathIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 45*time.Millisecond, "ams", "bog", "cpt", "dub")
		defer w.close()
		w.by("bog", "cpt", "dub")
		w.meet()
		defer w.film("ams")()
		_, v := w.watch("bog", "ams")
		time.Sleep(5 * time.Second)
		v.begin()
		w.cut("ams", "cpt")
		time.Sleep(10 * time.Second)
		t.Logf("the watcher waited %v", v.pause())
		if got := v.pause(); got > 1200*time.Millisecond {
			t.Errorf("nothing came for %v", got)
		}
		if got := w.path("bog"); !slices.Equal(got, []geo.NodeID{"dub", "ams"}) {
			t.Errorf("path %q", got)
		}
		if _, twice, closed := v.counts(); twice != 0 || closed != 0 {
			t.Errorf("%d packets came twice, closed %d times", twice, closed)
		}
	})
}

// TestBlipsIsolateNobody: a link that comes and goes is left for longer and longer.
func TestBlipsIsolateNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 45*time.Millisecond, "ams", "bog", "cpt")
		defer w.close()
		w.by("bog", "ams", "cpt")
		w.meet()
		defer w.film("ams")()
		_, v := w.watch("bog", "ams")
		time.Sleep(time.Second)
		v.begin()
		returns := 0
		for i := range 20 {
			w.cut("ams", "bog")
			time.Sleep(2 * time.Second)
			w.heal("ams", "bog")
			time.Sleep(time.Duration(1+i%4) * time.Second)
			if slices.Equal(w.path("bog"), []geo.NodeID{"ams"}) {
				returns++
			}
		}
		t.Logf("the watcher waited %v, the direct path was back %d times", v.pause(), returns)
		if got := v.pause(); got > time.Second {
			t.Errorf("nothing came for %v", got)
		}
		if returns > 4 {
			t.Errorf("the track went back to a flapping link %d times", returns)
		}
		time.Sleep(30 * time.Second)
		if got := w.path("bog"); !slices.Equal(got, []geo.NodeID{"ams"}) {
			t.Errorf("path %q 30 s after the last blip", got)
		}
		if _, twice, closed := v.counts(); twice != 0 || closed != 0 {
			t.Errorf("%d packets came twice, closed %d times", twice, closed)
		}
	})
}

// TestManyKeyframeRequestsAreFew: a thousand viewers of three nodes ask at once.
func TestManyKeyframeRequestsAreFew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 20*time.Millisecond, "ams", "bog", "cpt", "dub")
		defer w.close()
		w.by("bog", "cpt")
		w.by("dub", "cpt")
		var subs []*Subscription
		for i := range 1000 {
			sub, _ := w.watch([]geo.NodeID{"bog", "cpt", "dub"}[i%3], "ams")
			subs = append(subs, sub)
		}
		time.Sleep(time.Second)
		began := time.Now()
		var wg sync.WaitGroup
		for _, sub := range subs {
			wg.Go(func() {
				for layer := range uint8(2) {
					sub.RequestKeyframe(layer)
				}
			})
		}
		wg.Wait()
		time.Sleep(5 * time.Second)
		for layer := range uint8(2) {
			requests := w.cameras["ams"].requests(layer)
			if n := len(requests); n == 0 || n > 3 {
				t.Fatalf("%d requests for layer %d", n, layer)
			}
			if first := requests[0].Sub(began); first > 50*time.Millisecond {
				t.Errorf("the first came after %v", first)
			}
			for i := range requests[1:] {
				if between := requests[i+1].Sub(requests[i]); between < mergeGap-10*time.Millisecond {
					t.Errorf("two requests for layer %d within %v", layer, between)
				}
			}
		}
	})
}

// TestMostWantedLayersCrossBothLinks: a transit node asks for what those behind it want.
func TestMostWantedLayersCrossBothLinks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t)
		s := &studio{}
		wan := newWAN(10*time.Millisecond, 0)
		ids := []geo.NodeID{"ams", "bog", "cpt"}
		nodes := map[geo.NodeID]*node{}
		for i, id := range ids {
			conn := wan.listen(byte(i + 1))
			n.place(id, conn.addr.String())
			nodes[id] = n.startOn(id, conn, withTracks(s), func(c *Config) {
				c.Route = func(geo.NodeID, wire.Subscribe) []geo.NodeID {
					if id == "bog" {
						return []geo.NodeID{"cpt"}
					}
					return nil
				}
			})
		}
		req := track("cam")
		req.Layers = wire.Layers{Spatial: 0, Temporal: 1}
		behind, err := nodes["bog"].Subscribe(context.Background(), "ams", req, &viewer{})
		if err != nil {
			t.Fatal(err)
		}
		if got := s.asked()[0].Layers; got != req.Layers {
			t.Errorf("the origin was asked for %v", got)
		}
		own, err := nodes["cpt"].Subscribe(context.Background(), "ams", req, &viewer{})
		if err != nil {
			t.Fatal(err)
		}
		for _, step := range []func(){
			func() { behind.SetLayers(2, 0) }, func() { own.SetLayers(1, 2) },
			func() { behind.SetLayers(-1, -1) }, func() { own.Close() },
		} {
			step()
			time.Sleep(100 * time.Millisecond)
		}
		want := []wire.Layers{{Spatial: 2, Temporal: 1}, {Spatial: 2, Temporal: 2}, {Spatial: 1, Temporal: 2}, wire.NoLayers}
		if got := s.wanted(); !slices.Equal(got, want) {
			t.Errorf("the origin was told %v, want %v", got, want)
		}
		for _, id := range ids {
			if err := nodes[id].Close(); err != nil {
				t.Error(err)
			}
		}
		time.Sleep(time.Second)
	})
}
