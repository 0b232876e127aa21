package edge

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/meridian-video/meridian/edge/room"
	"github.com/meridian-video/meridian/edge/signal"
)

func TestBearersGoWithTheirTokens(t *testing.T) {
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	var gone []string
	l := newBearers()
	add := func(name string, b bearer) *bearer {
		b.company, b.end = "acme", func(why *signal.Error) { gone = append(gone, name+": "+why.Message) }
		return l.add(&b)
	}
	if add("without a token", bearer{proof: room.Proof{Until: now}}) != nil {
		t.Error("who brought no token is filed")
	}
	add("stays", bearer{proof: room.Proof{Token: "t", IDs: []string{"j"}, Key: "k"}})
	add("ends with it", bearer{proof: room.Proof{Token: "t", Until: now.Add(time.Minute)}})
	late := add("let in while control was away", bearer{proof: room.Proof{Token: "t", Key: "k"}, provisional: true})
	add("the same without a key", bearer{proof: room.Proof{Token: "t"}, provisional: true})

	l.check(nil, false, now) // an empty copy has no key
	l.check(nil, true, now.Add(time.Minute))
	l.check(nil, true, now.Add(time.Hour))
	slices.Sort(gone)
	want := []string{"ends with it: Your invitation has expired.", "let in while control was away: Your invitation was withdrawn."}
	if !slices.Equal(gone, want) {
		t.Errorf("gone are %q", gone)
	}
	if len(l.all) != 2 {
		t.Errorf("%d are left", len(l.all))
	}
	for b := range l.all {
		if b.provisional {
			t.Errorf("%+v is provisional still", b.proof)
		}
	}
	l.remove(late)
	l.remove(nil)
}

func TestASeatIsNotGivenByADeadToken(t *testing.T) {
	n := startLone(t)
	a := n.opened()
	a.proof = room.Proof{Token: "t", Key: "k"}
	a.provisional = true // and the key is unknown by now
	_, err := n.seat(t.Context(), a, admission("ann"), "", signal.Media{})
	if refused, ok := errors.AsType[*signal.Error](err); !ok || refused.Code != "token_revoked" {
		t.Errorf("seated: %v", err)
	}
	n.until("nobody is filed", func() bool {
		n.bearers.mu.Lock()
		defer n.bearers.mu.Unlock()
		return len(n.bearers.all) == 0
	})
	n.empty()
}

// empty waits until nobody is in the room.
func (n *lone) empty() {
	n.t.Helper()
	n.until("nobody is in the room", func() bool {
		s, _ := n.plane.Locate(demo.Company, demo.Room)
		return len(s.People) == 0
	})
}

func TestASeatEndsWhenItsTokenDoes(t *testing.T) {
	n := startLone(t)
	a := n.opened()
	a.proof = room.Proof{Token: "t", Until: time.Now().Add(time.Hour)}
	if _, err := n.seat(t.Context(), a, admission("ann"), "", signal.Media{}); err != nil {
		t.Fatal(err)
	}
	n.bearers.mu.Lock()
	for b := range n.bearers.all {
		b.proof.Until = time.Now() // the hour is over
	}
	n.bearers.mu.Unlock()
	n.until("the client is told", func() bool {
		_, end := a.out.Take()
		return end != nil && end.Code == signal.Kicked
	})
	n.empty()
}
