package room

import (
	"testing"
	"time"

	"github.com/meridian-video/meridian/geo"
)

// epochOf is the epoch of the room as a node has it.
func (n *network) epochOf(id geo.NodeID) Epoch {
	n.t.Helper()
	s, ok := n.plane(id).Locate("acme", "demo")
	if !ok {
		n.t.Fatalf("%s has no copy", id)
	}
	return s.Epoch
}

func (n *network) session() string {
	n.t.Helper()
	s, ok := n.plane(n.home()).Locate("acme", "demo")
	if !ok {
		n.t.Fatal("no room")
	}
	return s.Session
}

func TestASessionBeginsAboveAPlacementThatStands(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := newNetwork(t, wan, "fra", "iad", "syd")
		n.standing = Epoch{Confirmed: 4, Provisional: 9, Node: "syd"}
		ann, _ := n.enter("fra", "ann")
		n.enter("iad", "bob")
		settle(time.Second)
		home := n.home()
		check(t, "epoch", n.epochOf("fra"), Epoch{Confirmed: 5, Provisional: 1, Node: home})
		check(t, "placed", n.books.placements(), "placed "+string(home)+"@1")
		ann.Leave(Left)
	})
}

func TestAHomeThatIsOutrankedTakesAnEpochAbove(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := newNetwork(t, wan, "fra", "iad", "syd")
		_, a := n.enter("fra", "ann")
		_, b := n.enter("iad", "bob")
		settle(time.Second)
		home := n.home()
		mine := Placement{Company: "acme", Room: "demo", Session: n.session(), Node: home}
		stale := Placement{Company: "acme", Room: "demo", Session: "old", Node: "gone", Epoch: Epoch{Confirmed: 7, Provisional: 3, Node: "gone"}}
		n.plane(home).Outranked(mine, stale)
		settle(3 * time.Second)
		check(t, "home", n.home(), home)
		for _, id := range []geo.NodeID{"fra", "iad"} {
			check(t, "epoch", n.epochOf(id), Epoch{Confirmed: 8, Provisional: 1, Node: home})
		}
		check(t, "placed", n.books.placements(), "placed "+string(home)+"@1, placed "+string(home)+"@1")
		check(t, "people", a.count(), 2)
		check(t, "roster", a.roster(), b.roster())
		n.equal(3)

		n.plane(home).Outranked(mine, stale) // told twice
		other := mine
		other.Session = "another"
		n.plane(home).Outranked(other, Placement{Epoch: Epoch{Confirmed: 99}})
		settle(time.Second)
		check(t, "epoch", n.epochOf(home), Epoch{Confirmed: 8, Provisional: 1, Node: home})
	})
}

func TestAHomeGivesWayToWhoTookItsSessionOver(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := newNetwork(t, wan, "fra", "iad", "syd")
		order := n.rank()
		n.enter(order[0], "ann")
		n.enter(order[1], "bob")
		settle(time.Second)
		home := n.home()
		mine := Placement{Company: "acme", Room: "demo", Session: n.session(), Node: home}
		taken := mine
		taken.Node, taken.Epoch = order[1], Epoch{Confirmed: 0, Provisional: 4, Node: order[1]}
		n.plane(home).Outranked(mine, taken)
		settle(5 * time.Second)
		n.home() // one, whichever
		n.equal(2)
		if e := n.epochOf(order[1]); e.Compare(Epoch{Provisional: 1, Node: home}) <= 0 {
			t.Errorf("the epoch is %+v still", e)
		}
	})
}
