package edge

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/meridian-video/meridian/edge/room"
	"github.com/meridian-video/meridian/edge/signal"
)

func (a *attachment) askedToMove() bool {
	queue, _ := a.out.Take()
	return slices.ContainsFunc(queue, func(m any) bool { f, ok := m.(signal.Fault); return ok && f.Type == "move" })
}

// A drain asks to move who is here and who was about to be, and waits for them.
func TestDrain(t *testing.T) {
	n := startLone(t)
	ann := n.seated("ann", "")
	if d := n.BeginDrain(time.Minute); !d.Draining || d.People != 1 || d.Left != 1 || d.Done {
		t.Errorf("%+v", d)
	}
	late := n.seated("late", "") // was admitted before
	for _, a := range []*attachment{ann, late} {
		n.until("is asked to move", a.askedToMove)
	}
	if err := n.takesJoins(); code(err) != signal.NodeDraining {
		t.Errorf("while draining: %v", err)
	}
	if d := n.BeginDrain(time.Minute); d.People != 1 || d.Left != 2 {
		t.Errorf("begun again: %+v", d)
	}
	ann.Leave()
	late.Leave()
	if err := n.Drain(t.Context()); err != nil {
		t.Error(err)
	}
	if d := n.Drained(); !d.Done || d.Left != 0 || d.Stayed != 0 {
		t.Errorf("after it: %+v", d)
	}
}

// Who stays until the deadline is ended to come back elsewhere: others see them
// as reconnecting, not as gone.
func TestADrainEndsWhoStays(t *testing.T) {
	n := startLone(t)
	ann := n.seated("ann", "")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := n.Drain(ctx); err == nil {
		t.Error("drained without a word of who stayed")
	}
	if d := n.Drained(); d.Stayed != 1 || d.Left != 0 || d.Gone != 0 {
		t.Errorf("%+v", d)
	}
	if _, end := ann.out.Take(); end == nil || end.Code != signal.NodeDraining {
		t.Errorf("ended with %v", end)
	}
	n.until("ann is reconnecting", func() bool {
		s, ok := n.plane.Locate("acme", "demo")
		return ok && len(s.People) == 1 && s.People[0].State == room.Reconnecting
	})
}

// A drain that is called off asks nobody any more, and joins are taken.
func TestUndrain(t *testing.T) {
	n := startLone(t)
	n.Undrain()
	if err := n.takesJoins(); err != nil {
		t.Error(err)
	}
	ann := n.seated("ann", "")
	n.BeginDrain(time.Hour)
	n.until("ann is asked to move", ann.askedToMove)
	if d := n.Undrain(); d.Draining || d.Left != 1 {
		t.Errorf("%+v", d)
	}
	<-n.movedOut()
	if err := n.takesJoins(); err != nil || n.Ready() != nil {
		t.Errorf("after it: %v, %v", err, n.Ready())
	}
	if bob := n.seated("bob", ""); bob.askedToMove() {
		t.Error("who comes later is asked to move")
	}
	n.BeginDrain(time.Hour)
	n.until("ann is asked to move again", ann.askedToMove)
}

// Who went on elsewhere is served for a moment, and counts as moved; who was not
// asked is superseded at once.
func TestWhoMovesIsServedUntilOthersKnow(t *testing.T) {
	n := startLone(t)
	ann, bob := n.seated("ann", ""), n.seated("bob", "")
	n.BeginDrain(time.Hour)
	n.until("ann is asked", ann.leaving.Load)
	n.until("bob is asked", bob.leaving.Load)
	bob.leaving.Store(false)
	ann.Ended(room.Superseded, "")
	bob.Ended(room.Superseded, "")
	select {
	case <-ann.transport.Done():
		t.Error("ann's media ended at once")
	case <-bob.transport.Done():
	}
	if d := n.Drained(); d.Moved != 1 || d.Left != 0 || d.Done {
		t.Errorf("%+v", d)
	}
	<-ann.transport.Done()
}

func TestPace(t *testing.T) {
	for _, c := range []struct {
		people       int
		within, want time.Duration
	}{
		{0, time.Minute, movePause},
		{30, time.Minute, movePause},
		{1000, time.Minute, 30 * time.Millisecond},
		{30, 2 * time.Second, 33333333 * time.Nanosecond},
		{30, 0, 0},
	} {
		if got := pace(c.people, c.within); got != c.want {
			t.Errorf("%d within %v: %v, want %v", c.people, c.within, got, c.want)
		}
	}
}

// Rooms go one after the other, and who moderates goes last of theirs.
func TestOrderOfMoves(t *testing.T) {
	someone := func(id, name string, role room.Role) *attachment {
		return &attachment{id: id, key: roomKey{"acme", name}, own: room.Person{Role: role}}
	}
	all := []*attachment{
		someone("1", "b", room.Regular), someone("2", "a", room.Moderator), someone("3", "a", room.Regular),
		someone("4", "b", room.Moderator), someone("5", "b", room.Regular),
	}
	var got string
	for a := nextToMove(slices.Clone(all)); a != nil; a = nextToMove(slices.Clone(all)) {
		got += a.id
		a.leaving.Store(true)
	}
	if got != "32154" {
		t.Errorf("order %s", got)
	}
}
