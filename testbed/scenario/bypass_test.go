package scenario

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/meridian-video/meridian/geo"
	"github.com/meridian-video/meridian/testbed/client"
)

// TestBypass: two POPs that cannot reach each other get each other's media, and stay one
// room, over a third, where nobody is, and go back to the direct path when there is one.
func TestBypass(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRoom(t, 9)
		pops := []string{"fra", "iad"}
		for _, pop := range pops {
			r.enter(pop, pop, client.Options{Name: pop})
		}
		for _, pop := range pops {
			r.flows(pop, 1, 20)
		}
		r.routed(map[string][]geo.NodeID{"fra": {"iad-1"}, "iad": {"fra-1"}})

		r.Cut(r.edgeIP("fra"), r.edgeIP("iad"))
		cut := time.Now()
		time.Sleep(200 * time.Millisecond) // what was on its way
		for _, pop := range pops {
			r.flows(pop, 1, 3)
		}
		t.Logf("media over the third %v after the cut", time.Since(cut))
		if took := time.Since(cut); took > 3*time.Second {
			t.Errorf("media over the third %v after the cut", took)
		}
		r.routed(map[string][]geo.NodeID{"fra": {"syd-1", "iad-1"}, "iad": {"syd-1", "fra-1"}, "syd": {"fra-1", "iad-1"}})
		time.Sleep(90 * time.Second) // longer than anybody who is away is waited for
		for _, pop := range pops {
			r.flows(pop, 1, 10)
			r.say(pop, "cut off from each other, "+pop)
		}
		r.agree(pops, 2, 2)

		r.Heal(r.edgeIP("fra"), r.edgeIP("iad"))
		took := r.routed(map[string][]geo.NodeID{"fra": {"iad-1"}, "iad": {"fra-1"}})
		t.Logf("the direct path is back %v after healing", took)
		if took > 30*time.Second {
			t.Errorf("the direct path is back %v after healing", took)
		}
		for _, pop := range pops {
			r.flows(pop, 1, 10)
		}
		r.agree(pops, 2, 2)
	})
}

// routed waits until the tracks of others come to the nodes by these paths and by no
// others; for a node with nobody they are the parents of what passes it.
func (r *room) routed(want map[string][]geo.NodeID) time.Duration {
	r.t.Helper()
	return r.Wait("tracks come as they should", func() error {
		for _, pop := range POPs {
			var parents []geo.NodeID
			for _, route := range r.Edges[pop].Node.Routes() {
				switch {
				case route.Local > 0 && !slices.Equal(route.Path, want[pop]):
					return fmt.Errorf("%s gets %s by %q", pop, route.Track, route.Path)
				case route.Local == 0:
					parents = append(parents, route.Path...)
				}
			}
			slices.Sort(parents)
			if parents = slices.Compact(parents); len(parents) > 0 && !slices.Equal(parents, want[pop]) {
				return fmt.Errorf("%q pass %s", parents, pop)
			}
			if pop == "syd" && len(parents) != len(want[pop]) {
				return fmt.Errorf("%q pass %s", parents, pop)
			}
		}
		return nil
	})
}
