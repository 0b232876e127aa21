package scenario

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/meridian-video/meridian/edge/glance"
	"github.com/meridian-video/meridian/geo"
	"github.com/meridian-video/meridian/ops/picture"
	"github.com/meridian-video/meridian/testbed/client"
)

// TestPicture: a POP where nobody is draws the whole network for its operator, while a
// link of others is cut one way, gone around, and healed.
func TestPicture(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRoom(t, 10)
		pops := []string{"fra", "iad"}
		for _, pop := range pops {
			r.enter(pop, pop, client.Options{Name: pop})
		}
		for _, pop := range pops {
			r.flows(pop, 1, 20)
		}
		r.drawn("everything is well", func(n picture.Network) error {
			for _, l := range n.Links {
				if l.State != picture.LinkOK || l.There == nil || l.Back == nil {
					return fmt.Errorf("%s to %s: %s", l.A, l.B, l.State)
				}
			}
			for _, node := range n.Nodes {
				if node.State != picture.NodeOK {
					return fmt.Errorf("%s: %s", node.ID, node.State)
				}
			}
			if len(n.Links) != 3 || len(n.Nodes) != 4 || n.People != 2 || n.Rooms != 1 || len(n.Listed) != 1 {
				return fmt.Errorf("%+v", n)
			}
			return flowing(n, "fra-1 iad-1", "iad-1 fra-1")
		})

		r.CutOneWay(r.edgeIP("fra"), r.edgeIP("iad"))
		cut := time.Now()
		r.drawn("the one way is cut and the other not", func(n picture.Network) error {
			l := linkOf(n, "fra-1", "iad-1")
			if l.There == nil || l.Back == nil || l.There.State != picture.LinkCut || l.Back.State == picture.LinkCut {
				return fmt.Errorf("%+v, there %+v, back %+v", l.State, l.There, l.Back)
			}
			return nil
		})
		t.Logf("the cut is drawn after %v", time.Since(cut))
		r.drawn("tracks go over the third", func(n picture.Network) error {
			return flowing(n, "fra-1 syd-1", "iad-1 syd-1", "syd-1 fra-1", "syd-1 iad-1")
		})
		r.drawn("the link leads over the third", func(n picture.Network) error {
			l := linkOf(n, "fra-1", "iad-1")
			if l.State == picture.LinkOK || l.There == nil || l.There.Via != "syd-1" {
				return fmt.Errorf("%s, there %+v", l.State, l.There)
			}
			return nil
		})

		r.Heal(r.edgeIP("fra"), r.edgeIP("iad"))
		r.drawn("everything is well again", func(n picture.Network) error {
			if l := linkOf(n, "fra-1", "iad-1"); l.State != picture.LinkOK {
				return fmt.Errorf("%s", l.State)
			}
			return flowing(n, "fra-1 iad-1", "iad-1 fra-1")
		})

		r.Cut(r.edgeIP("syd"), r.edgeIP("iad"))
		r.Cut(r.edgeIP("syd"), r.edgeIP("fra"))
		r.Wait("who does not answer is drawn all the same", func() error {
			n, err := r.Edges["syd"].Picture(t.Context(), glance.Question{})
			if err != nil {
				return err
			}
			silent := 0
			for _, node := range n.Nodes {
				if node.State == picture.NodeSilent {
					silent++
				}
			}
			if silent != 2 {
				return fmt.Errorf("%d are silent of %d", silent, len(n.Nodes))
			}
			return nil
		})
		r.Heal(r.edgeIP("syd"), r.edgeIP("iad"))
		r.Heal(r.edgeIP("syd"), r.edgeIP("fra"))
	})
}

// drawn waits until the picture that syd draws is as it should be.
func (r *room) drawn(what string, ok func(picture.Network) error) {
	r.t.Helper()
	r.Wait(what, func() error {
		n, err := r.Edges["syd"].Picture(r.t.Context(), glance.Question{})
		if err == nil && len(n.Listed) == 0 {
			err = errors.New("no room is listed")
		}
		if err != nil {
			return err
		}
		n, err = r.Edges["syd"].Picture(r.t.Context(), glance.Question{Company: n.Listed[0].Company, Room: n.Listed[0].Room})
		if err != nil {
			return err
		}
		return ok(n)
	})
}

func linkOf(n picture.Network, a, b geo.NodeID) picture.Link {
	for _, l := range n.Links {
		if l.A == a && l.B == b {
			return l
		}
	}
	return picture.Link{}
}

// flowing says whether tracks of the room go these ways and no others.
func flowing(n picture.Network, want ...string) error {
	var ways []string
	for _, f := range n.Room.Flows {
		ways = append(ways, string(f.From)+" "+string(f.To))
	}
	slices.Sort(ways)
	if ways = slices.Compact(ways); !slices.Equal(ways, want) {
		return fmt.Errorf("tracks go %q", ways)
	}
	return nil
}
