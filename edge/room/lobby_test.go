package room

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/meridian-video/meridian/geo"
)

// guest is somebody who asks to come in, beside the test.
type guest struct {
	page   *page
	seat   *Seat
	waited bool
	done   chan error
	cancel context.CancelFunc
}

func (n *network) knock(id geo.NodeID, peer string) *guest {
	g := &guest{page: newPage(n.t), done: make(chan error, 1)}
	ctx, cancel := context.WithCancel(n.t.Context())
	g.cancel = cancel
	go func() {
		seat, snap, err := n.plane(id).Join(ctx, Join{
			Company: "acme", Room: "demo", Peer: peer, Name: peer, Media: Media{Mic: true}, Waiting: func() { g.waited = true },
		}, g.page)
		if g.seat = seat; err == nil {
			g.page.seat(snap)
		}
		g.done <- err
	}()
	return g
}

// pending reports whether a guest still waits, having heard of nothing.
func (g *guest) pending() bool {
	g.page.mu.Lock()
	defer g.page.mu.Unlock()
	return g.waited && len(g.done) == 0 && len(g.page.early) == 0 && g.page.own.PeerID == ""
}

func lobbied(t *testing.T) (*network, []geo.NodeID, *Seat, *page) {
	n := newNetwork(t, wan, "fra", "iad", "syd")
	order := n.rank()
	mod, m := n.enter(order[1], "mod", moderator)
	if err := mod.Act(t.Context(), about("", "lobby", "true")); err != nil {
		t.Fatal(err)
	}
	return n, order, mod, m
}

// Covers F-093.
func TestGuestsWaitForAModerator(t *testing.T) {
	for _, where := range []int{0, 1, 2} { // a leaf, the home, a leaf
		bubble(t, func(t *testing.T) {
			n, order, mod, m := lobbied(t)
			bob, cid, dan := n.knock(order[where], "bob"), n.knock(order[where], "cid"), n.knock(order[where], "dan")
			settle(time.Minute) // longer than a join may take
			for _, g := range []*guest{bob, cid, dan} {
				if !g.pending() {
					t.Fatalf("waits=%v, heard %d, %d", g.waited, len(g.page.early), len(g.done))
				}
			}
			check(t, "lobby", len(m.lobby), 3)
			check(t, "people", m.count(), 1)
			for _, a := range []Act{about("bob", "admit", ""), about("cid", "reject", "")} {
				if err := mod.Act(t.Context(), a); err != nil {
					t.Fatal(err)
				}
			}
			dan.cancel()
			settle(time.Second)
			if err := <-bob.done; err != nil {
				t.Error(err)
			}
			if err := <-cid.done; !errors.Is(err, ErrDenied) {
				t.Error(err)
			}
			if err := <-dan.done; !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
			check(t, "lobby", fmt.Sprint(m.lobby), "[]")
			check(t, "roster", bob.page.roster(), m.roster())
			check(t, "media", m.person("bob").Media, Media{Mic: true})
			n.equal(2)
		})
	}
}

// Homes come and go, and the room falls apart and together, while somebody waits.
func TestLobbyOutlivesItsHome(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := newNetwork(t, wan, "fra", "iad", "syd", "gru")
		order := n.rank()
		_, _ = n.enter(order[0], "ann")
		mod, m := n.enter(order[2], "mod", moderator)
		if err := mod.Act(t.Context(), about("", "lobby", "true")); err != nil {
			t.Fatal(err)
		}
		bob, cid := n.knock(order[3], "bob"), n.knock(order[1], "cid")
		settle(2 * time.Second)
		n.kill(order[0], 3*time.Second)
		settle(10 * time.Second)
		if !bob.pending() || !cid.pending() {
			t.Fatal("the takeover let them in, or out")
		}
		check(t, "lobby", len(m.lobby), 2)

		rest := n.ids()
		n.cut(order[3], order[1])
		n.cut(order[3], order[2])
		n.believe(rest, []geo.NodeID{order[1], order[2]})
		n.believe([]geo.NodeID{order[3]}, []geo.NodeID{order[3]})
		settle(20 * time.Second)
		if !bob.pending() {
			t.Fatal("let in by a node of nobody")
		}
		check(t, "lobby without the node", fmt.Sprint(m.lobby), "[cid]")
		n.heal(order[3], order[1])
		n.heal(order[3], order[2])
		n.believe(rest, rest)
		settle(20 * time.Second)
		check(t, "lobby", len(m.lobby), 2)
		if err := mod.Act(t.Context(), about("", "admit", "")); err != nil {
			t.Fatal(err)
		}
		settle(time.Second)
		for _, g := range []*guest{bob, cid} {
			if err := <-g.done; err != nil {
				t.Fatal(err)
			}
			check(t, "roster", g.page.roster(), m.roster())
		}
		n.equal(2)
		n.home()
	})
}

// Blocked here, blocked at every node, for every name of the same person, also
// while they wait.
// Covers F-089.
func TestBlockedStaysOut(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := newNetwork(t, wan, "fra", "iad", "syd")
		mod, _ := n.enter("iad", "mod", moderator)
		device := func(j *Join) { j.Identities = []string{"browser:x"} }
		eve, e := n.enter("fra", "eve", device)
		if err := mod.Act(t.Context(), about("eve", "block", "")); err != nil {
			t.Fatal(err)
		}
		settle(time.Second)
		check(t, "eve", fmt.Sprint(e.end()), "[blocked]")
		for _, id := range n.ids() {
			for _, j := range []Join{{Peer: "eve", Name: "Eve"}, {Peer: "other", Name: "Eve", Identities: []string{"browser:x"}}, {Ticket: eve.Ticket()}} {
				j.Company, j.Room = "acme", "demo"
				_, _, err := n.plane(id).Join(t.Context(), j, quiet{})
				if !errors.Is(err, ErrBlocked) && !errors.Is(err, ErrResumeInvalid) {
					t.Errorf("%+v at %s: %v", j, id, err)
				}
			}
		}
	})
}
