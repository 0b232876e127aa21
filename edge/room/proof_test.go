package room

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

// The subject is the person's for good, whatever a later join says, and survives
// the wire, a ticket and a takeover.
func TestASubjectGoesWithThePerson(t *testing.T) {
	c := open(t, "fra")
	join := JoinCommand{PeerID: "ann", Subject: "u-1", Name: "Ann", Role: Regular, Node: "fra", Attachment: "a1", Claim: Stamp{Wall: 1}}
	if _, err := c.Join(epoch0, join); err != nil {
		t.Fatal(err)
	}
	ticket := c.Ticket("a1", epoch0)
	check := func(attachment string, c *Core) {
		t.Helper()
		if p := c.s.People["ann"]; p.Subject != "u-1" || p.Attachment != attachment {
			t.Errorf("%s is %+v", attachment, p)
		}
	}
	resume := func(attachment string, wall int64) {
		t.Helper()
		j := JoinCommand{Subject: "u-2", Role: Regular, Node: "iad", Attachment: attachment, Claim: Stamp{Wall: wall}, Ticket: ticket}
		if _, err := c.Join(epoch0, j); err != nil {
			t.Fatal(err)
		}
		check(attachment, c)
	}
	resume("a2", 2)
	if _, err := c.Leave(epoch0, "a2", Lost); err != nil {
		t.Fatal(err)
	}
	resume("a3", 3)
	sent := stateMsg{State: c.State()}
	var got stateMsg
	if err := decode(encode(Key{"acme", "demo"}, &sent), &got); err != nil {
		t.Fatal(err)
	}
	check("a3", Restore(got.State, time.Second, time.Second))
	for _, bad := range []string{strings.Repeat("x", maxSubject+1), "\xff"} {
		join.PeerID, join.Attachment, join.Subject = "bob", "b1", bad
		if _, err := c.Join(epoch0, join); !errors.Is(err, ErrInvalid) || join.valid() {
			t.Errorf("%q is taken: %v", bad, err)
		}
	}
}

// Who is kicked does not come back by what one visit was given, and does by
// another; what serves more than a visit goes on serving.
func TestAKickEndsTheTokenOfAVisit(t *testing.T) {
	for _, c := range []struct {
		name        string
		came, again Proof
		want        error
	}{
		{"the same session", Proof{Token: "s1", Visit: true}, Proof{Token: "s1", Visit: true}, ErrBlocked},
		{"another session", Proof{Token: "s1", Visit: true}, Proof{Token: "s2", Visit: true}, nil},
		{"a join token", Proof{Token: "j1"}, Proof{Token: "j1"}, nil},
		{"no token", Proof{}, Proof{}, nil},
	} {
		for _, how := range []string{"there", "taken over", "met"} {
			home := open(t, "fra")
			ask := func(home *Core, peer, at string, wall int64, role Role, p Proof) error {
				_, err := home.Join(epoch0, JoinCommand{PeerID: peer, Role: role, Node: "fra", Attachment: at, Claim: Stamp{Wall: wall}, Proof: p})
				return err
			}
			if err := errors.Join(ask(home, "mod", "m1", 1, Moderator, Proof{}), ask(home, "ann", "a1", 2, Regular, c.came)); err != nil {
				t.Fatal(err)
			}
			half := Restore(home.State(), home.personGrace, home.roomGrace)
			if _, err := home.Act(epoch0, "m1", Stamp{Wall: 9}, Act{Verb: "kick", Peer: "ann"}); err != nil {
				t.Fatal(err)
			}
			switch how {
			case "taken over":
				home = Restore(home.State(), home.personGrace, home.roomGrace)
				home.Takeover("iad", Epoch{Provisional: 7})
			case "met":
				half.Merge(epoch0, home.State(), true, nil)
				home = half
			}
			if _, there := home.s.People["ann"]; there {
				t.Errorf("%s, %s: is still there", c.name, how)
			}
			if err := ask(home, "ann", "a2", 99, Regular, c.again); !errors.Is(err, c.want) {
				t.Errorf("%s, %s: %v, want %v", c.name, how, err, c.want)
			}
			if err := ask(home, "bob", "b1", 99, Regular, Proof{Token: "s3", Visit: true}); err != nil {
				t.Errorf("somebody else, %s: %v", how, err)
			}
		}
	}
}

// A kick counts also where no more blocks are remembered.
func TestAKickNeedsNoRoomForItsToken(t *testing.T) {
	c := open(t, "fra")
	for i := range maxVerdicts {
		c.s.Verdicts = append(c.s.Verdicts, Verdict{Who: identify(fmt.Sprint(i), nil), Blocked: true})
	}
	for i, role := range []Role{Moderator, Regular} {
		j := JoinCommand{PeerID: string(role), Role: role, Node: "fra", Attachment: string(role), Claim: Stamp{Wall: int64(i)}, Proof: Proof{Token: "s", Visit: true}}
		if _, err := c.Join(epoch0, j); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := c.Act(epoch0, "moderator", Stamp{Wall: 9}, Act{Verb: "kick", Peer: "regular"}); err != nil || len(c.s.People) != 1 || len(c.s.Verdicts) != maxVerdicts {
		t.Errorf("%d people, %d verdicts: %v", len(c.s.People), len(c.s.Verdicts), err)
	}
}

func TestAProofGoesWithThePerson(t *testing.T) {
	proof := Proof{Token: "t", IDs: []string{"j1", "j0"}, Key: "k"}
	c := open(t, "fra")
	join := JoinCommand{PeerID: "ann", Name: "Ann", Role: Regular, Node: "fra", Attachment: "a1", Claim: Stamp{Wall: 1}, Proof: proof}
	if _, err := c.Join(epoch0, join); err != nil {
		t.Fatal(err)
	}
	ticket := c.Ticket("a1", epoch0)
	resume := func(attachment string, wall int64) {
		t.Helper()
		j := JoinCommand{Role: Regular, Node: "iad", Attachment: attachment, Claim: Stamp{Wall: wall}, Ticket: ticket, Proof: Proof{Token: "another"}}
		if _, err := c.Join(epoch0, j); err != nil {
			t.Fatal(err)
		}
		if p := c.s.People["ann"]; !p.Proof.equal(proof) {
			t.Errorf("%s has %+v", attachment, p.Proof)
		}
	}
	resume("a2", 2)
	if _, err := c.Leave(epoch0, "a2", Lost); err != nil {
		t.Fatal(err)
	}
	resume("a3", 3)
	long := make([]string, maxProofIDs+1)
	for _, bad := range []Proof{{Token: strings.Repeat("x", maxProofID+1)}, {IDs: long}, {IDs: []string{"\xff"}}, {Key: strings.Repeat("x", maxProofID+1)}} {
		join.PeerID, join.Attachment, join.Proof = "bob", "b1", bad
		if _, err := c.Join(epoch0, join); !errors.Is(err, ErrInvalid) {
			t.Errorf("%+v is taken: %v", bad, err)
		}
	}
}
