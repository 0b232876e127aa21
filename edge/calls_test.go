package edge

import (
	"errors"
	"net/http/httptest"
	"testing"

	"github.com/meridian-video/meridian/edge/callers"
	"github.com/meridian-video/meridian/edge/room"
)

func TestQuorumOfEdges(t *testing.T) {
	var q quorum
	if !q.holds(false, 1) {
		t.Error("a node that never heard control knows of no others")
	}
	q.note(true, 4)
	q.note(false, 1) // what it sees while it is cut off does not count
	for reachable, want := range map[int]bool{1: false, 2: false, 3: true, 4: true} {
		if q.holds(false, reachable) != want || !q.holds(true, reachable) {
			t.Errorf("%d of 4: %v", reachable, !want)
		}
	}
}

// cutOff is a copy of which control has not been heard for long.
type cutOff struct{ unconfigured }

func (cutOff) Connected() bool { return false }

func TestACutOffNodeChangesNoRoom(t *testing.T) {
	n := startLone(t, func(c *Config) { c.Configuration = cutOff{} })
	n.seated("ann", "")
	n.quorum.note(true, 3)
	if err := n.Order(t.Context(), demo.Company, demo.Room, room.Act{Verb: "end"}); !errors.Is(err, errCutOff) {
		t.Errorf("order: %v", err)
	}
	if b, err := n.Brief(t.Context(), demo.Company, demo.Room, "ann"); err != nil || !b.Peer {
		t.Errorf("brief: %+v, %v", b, err)
	}
	n.quorum.note(true, 1)
	if err := n.Order(t.Context(), demo.Company, demo.Room, room.Act{Verb: "end"}); err != nil {
		t.Errorf("order with quorum: %v", err)
	}
}

// TestStrangersAreCounted: who is refused again and again is told to wait.
func TestStrangersAreCounted(t *testing.T) {
	n := startLone(t)
	c := &calling{node: n.Node}
	for i := range 40 {
		_, err := c.Admit(httptest.NewRequest("GET", "/rooms/x/closeRoom", nil), "rooms:write")
		if errors.Is(err, callers.ErrTooMany) {
			return
		}
		if !errors.Is(err, callers.ErrUnknown) {
			t.Fatalf("try %d: %v", i, err)
		}
	}
	t.Error("40 tries in a row")
}
