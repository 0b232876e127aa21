package room

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"
)

// Who may do what: every verb by every role and mode, in a room as it is by default.
// Covers F-087.
func TestVerbsByRoleAndMode(t *testing.T) {
	values := map[Verb]string{
		"mute": `"mic"`, "ask": `"mic"`, "role": `"moderator"`, "mode": `"observer"`, "mute_mode": `"quiet"`, "share": `"moderators"`,
		"chat": `"nobody"`, "hands": `"all"`, "bitrate": "300000", "stage": `{"on":true}`, "react": `"+1"`, "hand": "true", "lock": "true", "lobby": "true",
	}
	waits := map[Verb]bool{"admit": true, "reject": true}
	for name, v := range verbs {
		for _, role := range []Role{Regular, Moderator} {
			for _, mode := range modes {
				t.Run(fmt.Sprint(name, " by a ", role, " ", mode), func(t *testing.T) {
					c := open(t, "fra")
					join(t, c, "ann", "a1", 1)
					_, err := c.Join(epoch0, JoinCommand{PeerID: "actor", Role: role, Mode: mode, Node: "fra", Attachment: "x1", Claim: Stamp{Wall: 2}})
					if err != nil {
						t.Fatal(err)
					}
					if _, err := c.Join(epoch0, JoinCommand{PeerID: "guest", Role: Regular, Node: "fra", Attachment: "g1", Claim: Stamp{Wall: 3}, Lobby: true}); err != nil {
						t.Fatal(err)
					}
					a := Act{Verb: name, Value: json.RawMessage(values[name])}
					switch {
					case waits[name]:
						a.Peer = "guest"
					case v.about != room:
						a.Peer = "ann"
					}
					before := c.State().Hash()
					_, err = c.Act(epoch0, "x1", Stamp{Wall: 9}, a)
					may := role == Moderator || !v.moderates && mode != ViewerMode
					if may != (err == nil) || !may && !errors.Is(err, ErrNotAllowed) {
						t.Errorf("allowed=%v: %v", may, err)
					}
					if changed := c.State().Hash() != before; changed != may {
						t.Errorf("changed=%v", changed)
					}
				})
			}
		}
	}
}

// Every fact that a copy of the room must carry reaches it as events.
func TestActReachesEverybodyOnce(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := newNetwork(t, wan, "fra", "iad", "syd")
		order := n.rank()
		mod, _ := n.enter(order[2], "mod", moderator)
		ann, a := n.enter(order[1], "ann", func(j *Join) { j.Media = Media{Mic: true, Camera: true} })
		_, b := n.enter(order[0], "bob")
		settle(time.Second)
		for _, act := range []Act{about("ann", "mute", `"mic"`), about("ann", "ask", `"mic"`), about("", "lobby", "true")} {
			if err := mod.Act(t.Context(), act); err != nil {
				t.Fatal(act.Verb, err)
			}
		}
		for _, act := range []Act{about("", "react", `"+1"`), about("", "hand", "true")} {
			if err := ann.Act(t.Context(), act); err != nil {
				t.Fatal(act.Verb, err)
			}
		}
		settle(time.Second)
		check(t, "own", a.own.Media, Media{Camera: true})
		for _, p := range []*page{a, b} {
			check(t, "asked", fmt.Sprint(p.asked), "[ann mic]")
			check(t, "reacted", fmt.Sprint(p.reacted), "[ann +1]")
			check(t, "media", p.person("ann").Media, Media{Camera: true})
			check(t, "hand", p.person("ann").Hand.IsZero(), false)
			check(t, "lobby", p.rules.Lobby.Value, true)
		}
		ann.SetMedia(Media{Mic: true, Camera: true}, nil)
		settle(time.Second)
		check(t, "after unmuting", b.person("ann").Media, Media{Mic: true, Camera: true})
		n.equal(3)
	})
}

// A node that is cut off while its participant is muted, demoted and the room
// becomes a lecture: nothing of before switches on again when it is back.
func TestDecisionsHoldForWhoWasCutOff(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := newNetwork(t, wan, "fra", "iad", "syd")
		order := n.rank()
		mod, m := n.enter(order[0], "mod", moderator)
		ann, a := n.enter(order[2], "ann", moderator, func(j *Join) { j.Media = Media{Mic: true, Camera: true} })
		settle(time.Second)
		for _, id := range order[:2] {
			n.cut(order[2], id)
		}
		settle(4 * time.Second)
		for _, act := range []Act{about("ann", "role", `"regular"`), about("ann", "mute", `"camera"`), about("", "mute_mode", `"lecture"`), about("", "mute_mode", `"free"`)} {
			if err := mod.Act(t.Context(), act); err != nil {
				t.Fatal(act.Verb, err)
			}
		}
		ann.SetMedia(Media{Mic: true, Camera: true}, nil)
		for _, id := range order[:2] {
			n.heal(order[2], id)
		}
		settle(10 * time.Second)
		check(t, "media", m.person("ann").Media, Media{})
		check(t, "own", a.own.Media, Media{})
		check(t, "role", a.own.Role, Regular)
		if err := ann.Act(t.Context(), about("", "lock", "true")); !errors.Is(err, ErrNotAllowed) {
			t.Errorf("a demoted moderator: %v", err)
		}
		n.equal(2)
	})
}

// Covers F-096.
func TestEndForAllEndsTheSession(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := newNetwork(t, wan, "fra", "iad", "syd")
		pages := map[string]*page{}
		mod, m := n.enter("iad", "mod", moderator)
		pages["mod"] = m
		var ann *Seat
		ann, pages["ann"] = n.enter("fra", "ann")
		_, pages["bob"] = n.enter("syd", "bob")
		settle(time.Second)
		began := time.Now()
		if err := mod.Act(t.Context(), Act{Verb: "end"}); err != nil {
			t.Error(err)
		}
		settle(2*time.Second - time.Since(began))
		for _, who := range slices.Sorted(maps.Keys(pages)) {
			check(t, who, fmt.Sprint(pages[who].end(), pages[who].endedBy), "[room_closed]mod")
		}
		again := newPage(t)
		if _, _, err := n.plane("syd").Join(t.Context(), Join{Company: "acme", Room: "demo", Ticket: ann.Ticket()}, again); !errors.Is(err, ErrResumeInvalid) {
			t.Errorf("back by ticket: %v", err)
		}
		_, snap, err := n.plane("syd").Join(t.Context(), Join{Company: "acme", Room: "demo", Peer: "ann", Name: "ann"}, again)
		if err != nil || len(snap.People) != 1 || len(snap.Chat) != 0 {
			t.Errorf("a new session: %v, %+v", err, snap)
		}
		again.seat(snap)
	})
}

// A copy that its home needs no more is searched a home for again once somebody
// joins here before it is forgotten.
func TestDroppedCopyIsOfUseToWhoJoins(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := newNetwork(t, wan, "fra")
		o := newOwner(n.plane("fra"), Key{"acme", "demo"})
		o.dropped = true
		now := time.Now()
		check(t, "nobody is here: looks again in an hour", o.tickSeek(now), now.Add(time.Hour))
		o.pending[1] = &pending{}
		check(t, "somebody is: looks at once", o.tickSeek(now).Before(now.Add(time.Second)), true)
	})
}

// A home forgets a room that is over, and what its followers still ask of it is
// not lost: they are told to register, wherever.
func TestCommandsForAForgottenRoomAreAnswered(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := newNetwork(t, wan, "fra", "iad")
		before := n.count(topicDrop)
		n.plane("iad").Handle("fra", topicCommand, encode(Key{"acme", "over"}, &commandMsg{Stamp: Stamp{Wall: 1}}))
		check(t, "drops", n.count(topicDrop)-before, 1)
	})
}

// Whatever somebody asks for: the state stays valid, and so do the events.
func FuzzAct(f *testing.F) {
	for _, a := range acts {
		f.Add(string(a.Verb), a.Peer, []byte(a.Value))
	}
	f.Add("stage", "", []byte(`{"on":true,"layout":"gallery","pinned":"ann","view":"board"}`))
	f.Add("mute", "ann", []byte(`null`))
	f.Add("react", "", []byte(`"\u0000"`))
	f.Fuzz(func(t *testing.T, verb, peer string, value []byte) {
		c := open(t, "fra")
		join(t, c, "ann", "a1", 1)
		if _, err := c.Join(epoch0, JoinCommand{PeerID: "mod", Role: Moderator, Node: "fra", Attachment: "m1", Claim: Stamp{Wall: 1}}); err != nil {
			t.Fatal(err)
		}
		b, err := c.Act(epoch0, "m1", Stamp{Wall: 5}, Act{Verb: Verb(verb), Peer: peer, Value: value})
		if err == nil {
			err = errors.Join(b.validate(), c.State().validate())
		} else if codeOf(err) == "try_again" {
			t.Errorf("no code for %v", err)
		} else {
			err = nil
		}
		if err != nil {
			t.Error(err)
		}
	})
}
