package room

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/meridian-video/meridian/geo"
)

func moderator(j *Join) { j.Role = Moderator }

func bounded(n int) Act { return Act{Verb: "bitrate", Value: json.RawMessage(fmt.Sprint(n))} }

func about(peer string, verb Verb, value string) Act {
	return Act{Verb: verb, Peer: peer, Value: json.RawMessage(value)}
}

// caps checks what pages were told last.
func caps(t *testing.T, want int, pages ...*page) {
	t.Helper()
	for i, p := range pages {
		if got := p.cap(); got != want {
			t.Errorf("page %d knows a cap of %d, want %d", i, got, want)
		}
	}
}

func TestModeratorsRuleReachesEverybody(t *testing.T) {
	for _, where := range []string{"home", "leaf"} {
		bubble(t, func(t *testing.T) {
			n := newNetwork(t, wan, "fra", "iad", "syd")
			order := n.rank()
			at := map[string]geo.NodeID{"home": order[0], "leaf": order[2]}[where]
			_, a := n.enter(order[0], "ann")
			_, b := n.enter(order[1], "bob")
			mod, c := n.enter(at, "mod", moderator)
			if err := mod.Act(t.Context(), bounded(300_000)); err != nil {
				t.Fatalf("from a %s: %v", where, err)
			}
			settle(time.Second)
			caps(t, 300_000, a, b, c)
			_, late := n.enter(order[2], "late")
			caps(t, 300_000, late)
			settle(time.Second)
			n.equal(3)
			if err := mod.Act(t.Context(), bounded(0)); err != nil {
				t.Fatal(err)
			}
			settle(time.Second)
			caps(t, 0, a, b, c, late)
			check(t, "resets", late.resetCount(), 0)
		})
	}
}

func TestRuleIsRefused(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := newNetwork(t, wan, "fra", "iad")
		for _, id := range n.ids() { // the home's own, and a leaf's
			ann, page := n.enter(id, "ann-"+string(id))
			if err := ann.Act(t.Context(), bounded(300_000)); !errors.Is(err, ErrNotAllowed) {
				t.Errorf("a regular participant at %s: %v", id, err)
			}
			caps(t, 0, page)
		}
		mod, page := n.enter("fra", "mod", moderator)
		for _, bitrate := range []int{-1, 1, MinBitrate - 1, MaxBitrate + 1} {
			if err := mod.Act(t.Context(), bounded(bitrate)); !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), "value: ") {
				t.Errorf("%d: %v", bitrate, err)
			}
		}
		mod.Leave(Left)
		if err := mod.Act(t.Context(), bounded(300_000)); !errors.Is(err, ErrNoAttachment) {
			t.Errorf("after leaving: %v", err)
		}
		caps(t, 0, page)
	})
}

func TestLaterRuleHolds(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := newNetwork(t, wan, "fra", "iad", "syd")
		one, a := n.enter("iad", "one", moderator)
		two, b := n.enter("syd", "two", moderator)
		for i, seat := range []*Seat{one, two, one, two} {
			if err := seat.Act(t.Context(), bounded(100_000*(i+1))); err != nil {
				t.Fatal(err)
			}
		}
		settle(time.Second)
		caps(t, 400_000, a, b)
		n.equal(2)
	})
}

// A bitrate that is set while the home dies is set at the next home, and one that
// was set before outlives it.
func TestRuleOutlivesItsHome(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := newNetwork(t, wan, "fra", "iad", "syd")
		order := n.rank()
		_, _ = n.enter(order[0], "ann")
		mod, b := n.enter(order[1], "mod", moderator)
		_, c := n.enter(order[2], "cid")
		if err := mod.Act(t.Context(), bounded(500_000)); err != nil {
			t.Fatal(err)
		}
		n.kill(order[0], 3*time.Second)
		settle(10 * time.Second)
		caps(t, 500_000, b, c)
		check(t, "home", n.home(), order[1])

		n.start("gru")
		n.kill(order[1], 3*time.Second)
		other, _ := n.enter(order[2], "mod2", moderator)
		if err := other.Act(t.Context(), bounded(300_000)); err != nil {
			t.Errorf("while the home is gone: %v", err)
		}
		settle(10 * time.Second)
		caps(t, 300_000, c)
	})
}

func TestHalvesAgreeOnTheLaterRule(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := newNetwork(t, wan, "fra", "iad")
		west, a := n.enter("fra", "west", moderator)
		east, b := n.enter("iad", "east", moderator)
		settle(time.Second)
		n.cut("fra", "iad")
		for _, id := range n.ids() {
			n.believe([]geo.NodeID{id}, []geo.NodeID{id})
		}
		settle(5 * time.Second)
		for _, err := range []error{west.Act(t.Context(), bounded(200_000)), east.Act(t.Context(), bounded(300_000))} {
			if err != nil {
				t.Fatal(err)
			}
		}
		caps(t, 200_000, a)
		caps(t, 300_000, b)
		n.believe(n.ids(), n.ids())
		n.heal("fra", "iad")
		settle(10 * time.Second)
		caps(t, 300_000, a, b)
		n.equal(2)
		n.home()
	})
}
