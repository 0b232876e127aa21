package room

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"
)

// A home that drains is none a few messages later: what is asked meanwhile is
// done, and nobody is seen to have gone.
func TestAHomeThatDrainsHandsItsRoomsOver(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := newNetwork(t, wan, "fra", "iad", "syd", "gru")
		order := n.rank()
		ann, a := n.enter(order[0], "ann", func(j *Join) { j.Role = Moderator })
		bob, b := n.enter(order[1], "bob")
		_, c := n.enter(order[3], "cid")
		n.say(bob, "before")
		check(t, "home", n.home(), order[0])
		settle(5 * time.Second)
		began := time.Now()
		n.drain(order[0], true)
		n.say(ann, "from who drains")
		if took := time.Since(began); took > 6*wan {
			t.Errorf("the first decision took %v", took)
		}
		if err := ann.Act(t.Context(), about("bob", "mute", `"mic"`)); err != nil {
			t.Error(err)
		}
		n.say(bob, "from the new home")
		check(t, "new home", n.home(), order[1])
		settle(10 * time.Second)
		check(t, "home stays", n.home(), order[1])
		n.equal(3)
		for _, p := range []*page{a, b, c} {
			check(t, "chat", p.talk(), "[1:before 2:from who drains 3:from the new home]")
			check(t, "roster", p.roster(), fmt.Sprintf("[ann@%s/ann/present bob@%s/bob/present cid@%s/cid/present]", order[0], order[1], order[3]))
			check(t, "ends", len(p.end()), 0)
		}
		n.drain(order[0], false)
		settle(10 * time.Second)
		check(t, "home after the drain", n.home(), order[1])
	})
}

// A room begins at no node that drains, and stays where nobody can take it.
func TestRoomsAvoidNodesThatDrain(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := newNetwork(t, wan, "fra", "iad", "syd")
		order := n.rank()
		n.drain(order[0], true)
		_, _ = n.enter(order[2], "ann")
		check(t, "home", n.home(), order[1])
		n.drain(order[1], true)
		settle(3 * time.Second)
		check(t, "next", n.home(), order[2])
		n.drain(order[2], true)
		settle(3 * time.Second)
		check(t, "nobody else", n.home(), order[2])
	})
}

// The one who is to have the room dies as it is handed over.
func TestTheHeirDies(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := newNetwork(t, wan, "fra", "iad", "syd", "gru")
		order := n.rank()
		ann, a := n.enter(order[0], "ann")
		_, b := n.enter(order[3], "bob")
		n.say(ann, "kept")
		n.cut(order[0], order[1])
		n.kill(order[1], 3*time.Second)
		n.drain(order[0], true)
		settle(8 * time.Second)
		check(t, "home", n.home(), order[2])
		n.say(ann, "goes on")
		settle(time.Second)
		check(t, "chat", b.talk(), "[1:kept 2:goes on]")
		check(t, "ends", len(a.end())+len(b.end()), 0)
		n.equal(3)
	})
}

// A socket that is opened anew finds its seat by the ticket.
func TestAClientReturnsToItsSeat(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := newNetwork(t, wan, "fra", "iad")
		order := n.rank()
		ann, _ := n.enter(order[1], "ann")
		bob, _ := n.enter(order[0], "bob")
		n.say(bob, "hello")
		settle(time.Second)
		var taken string
		take := func(attachment string) bool { taken = attachment; return true }
		s, err := n.plane(order[1]).Return(t.Context(), "acme", "demo", ann.Ticket(), take)
		if err != nil || taken != ann.attachment || len(s.People) != 2 || len(s.Chat) != 1 {
			t.Errorf("%v, %q, %+v", err, taken, s)
		}
		refuse := func(string) bool { return false }
		for name, c := range map[string]struct {
			at     int
			ticket string
			take   func(string) bool
			want   error
		}{
			"elsewhere":      {0, ann.Ticket(), take, ErrNoAttachment},
			"a false ticket": {1, ann.Ticket() + "x", take, ErrResumeInvalid},
			"no ticket":      {1, "", take, ErrResumeInvalid},
			"media is gone":  {1, ann.Ticket(), refuse, ErrNoAttachment},
		} {
			if _, err := n.plane(order[c.at]).Return(t.Context(), "acme", "demo", c.ticket, c.take); !errors.Is(err, c.want) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if _, err := n.plane(order[1]).Return(t.Context(), "acme", "other", ann.Ticket(), take); !errors.Is(err, ErrNoAttachment) {
			t.Errorf("no such room: %v", err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		ann.Leave(Left)
		settle(time.Second)
		if _, err := n.plane(order[1]).Return(ctx, "acme", "demo", ann.Ticket(), take); err == nil {
			t.Error("who has left returns")
		}
		cancel()
	})
}
