package room

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/meridian-video/meridian/geo"
)

const wan = 45 * time.Millisecond // one way

func settle(d time.Duration) { time.Sleep(d); synctest.Wait() }

func TestOneNodeAlone(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := newNetwork(t, wan, "fra")
		ann, page := n.enter("fra", "ann")
		check(t, "seq", n.say(ann, "hello"), 1)
		bob, _ := n.enter("fra", "")
		if bob.Peer() == "" || bob.Ticket() == "" {
			t.Error("no peer id or ticket made")
		}
		bob.SetMedia(Media{Mic: true}, map[string]string{"mic": "b.mic"})
		if err := bob.Rename("Bob"); err != nil {
			t.Error(err)
		}
		synctest.Wait()
		s, ok := n.plane("fra").Locate("acme", "demo")
		if !ok || len(s.People) != 2 || s.People[1].Name != "Bob" || !s.People[1].Media.Mic || s.People[1].Tracks["mic"] != "b.mic" {
			t.Errorf("room %+v", s)
		}
		bob.Leave(Left)
		synctest.Wait()
		check(t, "roster", page.roster(), "[ann@fra/ann/present]")
		ann.Leave(Left)
		settle(61 * time.Second)
		if _, ok := n.plane("fra").Locate("acme", "demo"); ok {
			t.Error("room not forgotten")
		}
		check(t, "owners", len(n.plane("fra").owners()), 0)
	})
}

func TestThreeNodes(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := newNetwork(t, wan, "fra", "iad", "syd")
		ann, a := n.enter("fra", "ann")
		began := time.Now()
		bob, b := n.enter("iad", "bob")
		if took := time.Since(began); took > 8*wan {
			t.Errorf("second join took %v", took)
		}
		_, c := n.enter("syd", "cid", func(j *Join) { j.Media = Media{Camera: true} })
		ann.SetMedia(Media{Mic: true}, map[string]string{"mic": "a.mic"})
		bob.SetMedia(Media{Camera: true}, map[string]string{"camera": "b.camera"})
		n.say(ann, "one")
		n.say(bob, "two")
		settle(3 * time.Second)
		want := "[ann@fra/ann/present bob@iad/bob/present cid@syd/cid/present]"
		for _, p := range []*page{a, b, c} {
			check(t, "roster", p.roster(), want)
			check(t, "chat", p.talk(), "[1:one 2:two]")
			check(t, "resets", p.resetCount(), 0)
		}
		n.equal(3)
		check(t, "home", n.home(), n.rank()[0])
		check(t, "home of seat", bob.Home(), n.home())
	})
}

func TestRoomIsForgottenEverywhere(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := newNetwork(t, wan, "fra", "iad", "syd")
		ann, _ := n.enter("fra", "ann")
		bob, _ := n.enter("iad", "bob")
		n.say(ann, "secret of this session")
		ann.Leave(Left)
		bob.Leave(Left)
		settle(30 * time.Second)
		n.equal(2) // home and standby linger
		settle(35 * time.Second)
		for _, id := range n.ids() {
			check(t, "rooms at "+string(id), len(n.plane(id).owners()), 0)
		}
		_, fresh := n.enter("syd", "cid")
		check(t, "chat of the next session", fresh.talk(), "[]")
	})
}

// Covers F-046.
func TestSamePeerFromTwoNodesAtOnce(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := newNetwork(t, wan, "fra", "iad", "syd")
		pages := []*page{newPage(t), newPage(t), newPage(t)}
		errs := make([]error, 3)
		var wg sync.WaitGroup
		for i, id := range []geo.NodeID{"fra", "iad", "syd"} {
			wg.Go(func() {
				_, snap, err := n.plane(id).Join(t.Context(), Join{Company: "acme", Room: "demo", Peer: "ann", Name: "Ann"}, pages[i])
				if errs[i] = err; err == nil {
					pages[i].seat(snap)
				}
			})
		}
		wg.Wait()
		settle(5 * time.Second)
		alive := 0
		for i, p := range pages {
			switch {
			case errs[i] != nil:
				if !errors.Is(errs[i], ErrSuperseded) {
					t.Errorf("join %d: %v", i, errs[i])
				}
			case len(p.end()) == 0:
				alive++
			default:
				if !slices.Equal(p.end(), []Reason{Superseded}) {
					t.Errorf("ended with %v", p.end())
				}
			}
		}
		check(t, "remaining", alive, 1)
		n.equal(2)
	})
}

func TestCapacityRaced(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := newNetwork(t, wan, "fra", "iad", "syd")
		var mu sync.Mutex
		in, full := 0, 0
		var wg sync.WaitGroup
		for i := range 12 {
			wg.Go(func() {
				p := newPage(t)
				_, snap, err := n.plane(n.ids()[i%3]).Join(t.Context(), Join{Company: "acme", Room: "demo", Peer: fmt.Sprint("p", i), Capacity: 5}, p)
				mu.Lock()
				defer mu.Unlock()
				switch {
				case err == nil:
					in++
					p.seat(snap)
				case errors.Is(err, ErrFull):
					full++
				default:
					t.Error(err)
				}
			})
		}
		wg.Wait()
		check(t, "in", in, 5)
		check(t, "full", full, 7)
		settle(5 * time.Second)
		n.equal(2)
	})
}

func TestLeafCutForFiveSeconds(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := newNetwork(t, wan, "fra", "iad", "syd", "gru")
		order := n.rank()
		home, leaf, other := order[0], order[3], order[2]
		ann, a := n.enter(home, "ann")
		bob, b := n.enter(leaf, "bob")
		_, c := n.enter(other, "cid")
		n.say(bob, "before")
		for _, id := range order {
			if id != leaf {
				n.cut(leaf, id)
			}
		}
		settle(100 * time.Millisecond)
		for i := range 5 {
			n.say(ann, fmt.Sprint("during ", i))
		}
		bob.SetMedia(Media{Mic: true}, nil)
		said := make(chan error, 1)
		go func() {
			_, err := bob.Chat(t.Context(), "", "from the island")
			said <- err
		}()
		settle(5 * time.Second)
		for _, id := range order {
			if id != leaf {
				n.heal(leaf, id)
			}
		}
		if err := <-said; err != nil {
			t.Error(err)
		}
		settle(6 * time.Second)
		n.equal(4)
		check(t, "home", n.home(), home)
		for _, p := range []*page{b, c} {
			check(t, "roster", p.roster(), a.roster())
			check(t, "chat", p.talk(), a.talk())
		}
		check(t, "people", a.count(), 3)
		check(t, "messages", len(a.messages()), 7)
		check(t, "bob's microphone", a.person("bob").Media.Mic, true)
	})
}

func TestHomeDies(t *testing.T) {
	for _, seen := range []time.Duration{time.Second, 8 * time.Second} {
		t.Run(seen.String(), func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				n := newNetwork(t, wan, "fra", "iad", "syd", "gru")
				order := n.rank()
				_, _ = n.enter(order[0], "ann")
				bob, b := n.enter(order[2], "bob")
				cid, c := n.enter(order[3], "cid")
				n.say(bob, "kept")
				n.kill(order[0], seen)
				said := make(chan error, 1)
				go func() {
					_, err := cid.Chat(t.Context(), "", "while nobody leads")
					said <- err
				}()
				bob.SetMedia(Media{Camera: true}, nil)
				if err := <-said; err != nil {
					t.Error(err)
				}
				settle(5 * time.Second)
				n.equal(3)
				check(t, "home", n.home(), order[1])
				check(t, "chat", c.talk(), "[1:kept 2:while nobody leads]")
				check(t, "chat", b.talk(), c.talk())
				check(t, "camera", c.person("bob").Media.Camera, true)
				check(t, "ann", c.person("ann").State, Reconnecting)
				settle(31 * time.Second)
				check(t, "roster", b.roster(), fmt.Sprintf("[bob@%s/bob/present cid@%s/cid/present]", order[2], order[3]))
				check(t, "ends", len(b.end())+len(c.end()), 0)
			})
		})
	}
}

// The home dies with the only participant's edge; the participant comes back
// on a node that never had the room.
func TestStandbyResumesByTicket(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := newNetwork(t, wan, "fra", "iad", "syd", "gru")
		order := n.rank()
		ann, _ := n.enter(order[0], "ann", func(j *Join) { j.Role = Moderator })
		n.say(ann, "remember me")
		before, _ := n.plane(order[0]).Locate("acme", "demo")
		n.kill(order[0], 2*time.Second)
		seat, p := n.enter(order[3], "", func(j *Join) { j.Ticket = ann.Ticket(); j.Name = "somebody else" })
		check(t, "peer", seat.Peer(), "ann")
		got, was := p.person("ann"), before.People[0]
		check(t, "role", got.Role, Moderator)
		check(t, "name", got.Name, "ann")
		check(t, "ordinal", got.Ordinal, was.Ordinal)
		check(t, "joined", got.JoinedAt.Equal(was.JoinedAt), true)
		check(t, "chat", p.talk(), "[1:remember me]")
		settle(40 * time.Second)
		check(t, "roster", p.roster(), fmt.Sprintf("[ann@%s/ann/present]", order[3]))
		_, _, err := n.plane(order[2]).Join(t.Context(), Join{Company: "acme", Room: "demo", Ticket: ann.Ticket() + "x"}, newPage(t))
		check(t, "bad ticket", errors.Is(err, ErrResumeInvalid), true)
		n.equal(2)
	})
}

// A room's home is where its configuration wants it while that node lives, and
// in rendezvous order after that.
func TestPreferredHome(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := newNetwork(t, wan, "fra", "iad", "syd")
		order := n.rank()
		n.mu.Lock()
		n.preferred = order[2]
		n.mu.Unlock()
		ann, a := n.enter(order[0], "ann")
		_, b := n.enter(order[1], "bob")
		check(t, "home", n.home(), order[2])
		n.say(ann, "over there")
		n.kill(order[2], 2*time.Second)
		settle(10 * time.Second)
		check(t, "home after its death", n.home(), order[0])
		check(t, "roster", a.roster(), b.roster())
		check(t, "chat", b.talk(), "[1:over there]")
		n.equal(2)
	})
}

func TestRepeatedChatIsOneMessage(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := newNetwork(t, wan, "fra", "iad")
		ann, _ := n.enter("fra", "ann")
		_, bobs := n.enter("iad", "bob")
		first, err := ann.Chat(t.Context(), "m1", "hello")
		check(t, "error", err, nil)
		back, _ := n.enter("iad", "", func(j *Join) { j.Ticket = ann.Ticket() })
		again, err := back.Chat(t.Context(), "m1", "hello")
		check(t, "error", err, nil)
		check(t, "seq of the same message", again, first)
		_, err = back.Chat(t.Context(), "m2", "and more")
		check(t, "error", err, nil)
		settle(time.Second)
		check(t, "chat", bobs.talk(), "[1:hello 2:and more]")
	})
}

func TestResumeAtFullIsNotFull(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := newNetwork(t, wan, "fra", "iad")
		one := func(j *Join) { j.Capacity = 1 }
		ann, old := n.enter("fra", "ann", one)
		_, p := n.enter("iad", "", one, func(j *Join) { j.Ticket = ann.Ticket() })
		settle(time.Second)
		check(t, "roster", p.roster(), "[ann@iad/ann/present]")
		check(t, "old", fmt.Sprint(old.end()), "[superseded]")
		_, _, err := n.plane("fra").Join(t.Context(), Join{Company: "acme", Room: "demo", Peer: "bob", Capacity: 1}, newPage(t))
		check(t, "second", errors.Is(err, ErrFull), true)
	})
}

func TestTwoHomesMerge(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := newNetwork(t, wan, "fra", "iad", "syd", "gru")
		order := n.rank()
		west, east := []geo.NodeID{order[0], order[2]}, []geo.NodeID{order[1], order[3]}
		ann, a := n.enter(order[0], "ann")
		bob, b := n.enter(order[1], "bob")
		_, c := n.enter(order[2], "cid")
		_, d := n.enter(order[3], "dan")
		n.say(ann, "together")
		for _, w := range west {
			for _, e := range east {
				n.cut(w, e)
			}
		}
		settle(3 * time.Second)
		n.believe(west, west)
		n.believe(east, east)
		settle(3 * time.Second)
		n.say(bob, "east 1")
		settle(50 * time.Millisecond)
		n.say(ann, "west 1")
		settle(50 * time.Millisecond)
		n.say(bob, "east 2")
		_, e := n.enter(order[3], "eve")  // new in the east
		_, b2 := n.enter(order[2], "bob") // bob moved to the west with his token
		settle(5 * time.Second)
		for _, w := range west {
			for _, e := range east {
				n.heal(w, e)
			}
		}
		n.believe(n.ids(), n.ids())
		settle(10 * time.Second)
		n.equal(4)
		n.home()
		want := fmt.Sprintf("[ann@%s/ann/present bob@%s/bob/present cid@%s/cid/present dan@%s/dan/present eve@%s/eve/present]",
			order[0], order[2], order[2], order[3], order[3])
		for _, p := range []*page{a, c, d, e, b2} {
			check(t, "roster", p.roster(), want)
			check(t, "chat", p.talk(), a.talk())
			check(t, "ends", len(p.end()), 0)
		}
		check(t, "bob's old seat", fmt.Sprint(b.end()), "[superseded]")
		var texts []string
		for _, m := range a.messages() {
			texts = append(texts, m.Text)
		}
		check(t, "texts", fmt.Sprint(texts), "[together east 1 west 1 east 2]")
	})
}

func TestLongPartitionBringsEverybodyBack(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := newNetwork(t, wan, "fra", "iad", "syd")
		order := n.rank()
		_, a := n.enter(order[0], "ann")
		_, b := n.enter(order[1], "bob")
		for _, other := range []geo.NodeID{order[0], order[2]} {
			n.cut(order[1], other)
		}
		settle(5 * time.Second)
		n.believe(order[1:2], order[1:2])
		n.believe([]geo.NodeID{order[0], order[2]}, []geo.NodeID{order[0], order[2]})
		settle(115 * time.Second) // each side loses the other
		check(t, "alone", b.count(), 1)
		for _, other := range []geo.NodeID{order[0], order[2]} {
			n.heal(order[1], other)
		}
		n.believe(order, order)
		settle(10 * time.Second)
		check(t, "people", a.count(), 2)
		check(t, "roster", a.roster(), b.roster())
		n.home()
		n.equal(2)
	})
}

func TestRedirectAfterNewDirectory(t *testing.T) {
	bubble(t, func(t *testing.T) {
		all := geo.Rendezvous(Key{"acme", "demo"}.rank(), []geo.NodeID{"fra", "iad", "syd", "gru"})
		n := newNetwork(t, wan, all[1], all[2], all[3])
		_, a := n.enter(all[2], "ann")
		n.start(all[0]) // becomes the directory at once
		_, b := n.enter(all[3], "bob")
		settle(5 * time.Second)
		check(t, "home stays", n.home(), all[1])
		_, c := n.enter(all[0], "cid")
		settle(time.Second)
		check(t, "people", c.count(), 3)
		check(t, "roster", a.roster(), c.roster())
		check(t, "roster", b.roster(), c.roster())
		n.equal(3)
	})
}

func TestFindAndWatch(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := newNetwork(t, wan, "fra", "iad", "syd", "gru")
		order := n.rank()
		if _, err := n.plane("gru").Find(t.Context(), "acme", "demo"); !errors.Is(err, ErrNotFound) {
			t.Error("found a room that is not:", err)
		}
		if _, err := n.plane("gru").Watch(t.Context(), "acme", "demo", newPage(t)); !errors.Is(err, ErrNotFound) {
			t.Error("watches a room that is not:", err)
		}
		ann, _ := n.enter(order[2], "ann")
		s, err := n.plane(order[3]).Find(t.Context(), "acme", "demo")
		if err != nil || len(s.People) != 1 {
			t.Errorf("found %+v, %v", s, err)
		}
		seen := newPage(t)
		w, err := n.plane(order[3]).Watch(t.Context(), "acme", "demo", seen)
		if err != nil {
			t.Fatal(err)
		}
		seen.seat(w.Snapshot)
		bob, _ := n.enter(order[2], "bob")
		settle(10 * time.Second)
		check(t, "watched", seen.count(), 2)
		bob.Leave(Left)
		ann.Leave(Left)
		settle(62 * time.Second)
		check(t, "end", fmt.Sprint(seen.end()), "[room_closed]")
		w.Close()
		synctest.Wait()
		for _, id := range n.ids() {
			check(t, "rooms at "+string(id), len(n.plane(id).owners()), 0)
		}
	})
}

func TestJoinGivesUp(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := newNetwork(t, wan, "fra", "iad")
		order := n.rank()
		_, a := n.enter(order[0], "ann")
		ctx, cancel := context.WithTimeout(t.Context(), wan/2)
		defer cancel()
		_, _, err := n.plane(order[1]).Join(ctx, Join{Company: "acme", Room: "demo", Peer: "bob"}, newPage(t))
		check(t, "error", errors.Is(err, context.DeadlineExceeded), true)
		settle(5 * time.Second)
		check(t, "roster", a.roster(), fmt.Sprintf("[ann@%s/ann/present]", order[0]))
		n.equal(2)
	})
}

func TestNodeRestarts(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := newNetwork(t, wan, "fra", "iad", "syd")
		order := n.rank()
		_, a := n.enter(order[1], "ann")
		_, b := n.enter(order[2], "bob")
		n.say2(t, order[0])
		n.kill(order[0], time.Hour) // the home, back before anybody gave it up
		settle(700 * time.Millisecond)
		n.mu.Lock()
		for _, id := range order[1:] {
			delete(n.cuts, pair(order[0], id))
		}
		n.mu.Unlock()
		n.start(order[0])
		for _, id := range order[1:] {
			n.tell(order[0], id, true)
		}
		settle(10 * time.Second)
		check(t, "people", a.count(), 2)
		check(t, "roster", a.roster(), b.roster())
		n.home()
		n.equal(2)
	})
}

func (n *network) say2(t *testing.T, id geo.NodeID) {
	t.Helper()
	check(t, "home", n.home(), id)
}
