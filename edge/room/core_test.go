package room

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/meridian-video/meridian/geo"
	"pgregory.net/rapid"
)

var epoch0 = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

func zeros() *bytes.Reader { return bytes.NewReader(make([]byte, 64)) }

func open(t interface{ Fatal(...any) }, home geo.NodeID) *Core {
	c, err := Open(Key{"acme", "demo"}, home, epoch0, zeros(), 30*time.Second, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestChatRing(t *testing.T) {
	c := open(t, "fra")
	join(t, c, "ann", "a1", 1)
	for i := range 250 {
		if _, err := c.Chat(epoch0, "a1", fmt.Sprint("m", i), fmt.Sprint(i)); err != nil {
			t.Fatal(err)
		}
	}
	s := c.Snapshot()
	if len(s.Chat) != ChatKept || s.Chat[0].Seq != 51 || s.Chat[ChatKept-1].Seq != 250 {
		t.Errorf("%d kept, first %d", len(s.Chat), s.Chat[0].Seq)
	}
	for i := range ChatKept {
		if _, err := c.Chat(epoch0, "a1", fmt.Sprint("big", i), strings.Repeat("<", MaxChatText)); err != nil {
			t.Fatal(err)
		}
	}
	body := encode(Key{"acme", "demo"}, &stateMsg{State: c.State()})
	if len(body) > maxBody {
		t.Errorf("state of %d bytes does not fit a message", len(body))
	}
	if _, err := c.Chat(epoch0, "a1", "over", strings.Repeat("x", MaxChatText+1)); !errors.Is(err, ErrChatTooLong) {
		t.Error(err)
	}
}

func join(t interface{ Fatal(...any) }, c *Core, peer, attachment string, claim int64) {
	_, err := c.Join(epoch0, JoinCommand{PeerID: peer, Name: peer, Role: Regular, Node: "fra", Attachment: attachment, Claim: Stamp{Wall: claim}})
	if err != nil {
		t.Fatal(err)
	}
}

func TestBounds(t *testing.T) {
	c := open(t, "fra")
	long := strings.Repeat("ж", MaxName)
	join(t, c, "ann", "a1", 1)
	if _, err := c.Rename("a1", long); err != nil {
		t.Error(err)
	}
	tracks := map[string]string{}
	for i := range MaxTracks + 1 {
		tracks[fmt.Sprint(i)] = "t"
	}
	for name, f := range map[string]func() error{
		"name":   func() error { _, err := c.Rename("a1", long+"x"); return err },
		"utf-8":  func() error { _, err := c.Rename("a1", "\xff"); return err },
		"tracks": func() error { _, err := c.SetMedia("a1", Media{}, tracks); return err },
		"empty":  func() error { _, err := c.Chat(epoch0, "a1", "m", ""); return err },
		"reason": func() error { _, err := c.Leave(epoch0, "a1", "bored"); return err },
		"role": func() error {
			_, err := c.Join(epoch0, JoinCommand{PeerID: "x", Attachment: "y", Role: "king"})
			return err
		},
		"no peer": func() error { _, err := c.Join(epoch0, JoinCommand{Attachment: "y", Role: Regular}); return err },
		"same conn": func() error {
			_, err := c.Join(epoch0, JoinCommand{PeerID: "z", Attachment: "a1", Role: Regular})
			return err
		},
	} {
		if err := f(); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTicketsAreBound(t *testing.T) {
	c := open(t, "fra")
	join(t, c, "ann", "a1", 1)
	ticket := c.Ticket("a1", epoch0)
	other, err := Open(Key{"acme", "other"}, "fra", epoch0, zeros(), time.Second, time.Second) // same secret
	if err != nil {
		t.Fatal(err)
	}
	for name, bad := range map[string]string{
		"other room": ticket, "empty": ".", "cut": ticket[:len(ticket)-2], "no dot": strings.ReplaceAll(ticket, ".", ""),
		"swapped": ticket[strings.Index(ticket, ".")+1:] + "." + ticket[:strings.Index(ticket, ".")], "long": strings.Repeat("a", maxTicket+1),
	} {
		if _, err := other.Join(epoch0, JoinCommand{Attachment: "b", Role: Regular, Ticket: bad}); !errors.Is(err, ErrResumeInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for range secretsKept {
		if _, err := c.s.openTicket(ticket); err != nil {
			t.Error("rotated too early")
		}
		c.Rotate([32]byte{byte(c.s.Version)})
	}
	if _, err := c.s.openTicket(ticket); !errors.Is(err, ErrResumeInvalid) {
		t.Error("still valid after every secret has gone", err)
	}
}

// Whatever is asked in whatever order: the copy equals the home, a peer id is
// there once, every presence has one end, capacity holds, nobody has on what they
// may not, nobody blocked is there, and a later rule does not give way to an
// earlier.
func TestProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		home := open(t, "fra")
		copy := Restore(home.State(), home.personGrace, home.roomGrace)
		now, present, serial := epoch0, map[string]string{}, 0
		var attachments, tickets []string
		pick := func(list []string) string {
			if len(list) == 0 {
				return "none"
			}
			return rapid.SampledFrom(list).Draw(t, "one")
		}
		nodes := rapid.SampledFrom([]geo.NodeID{"fra", "iad", "syd"})
		peers := rapid.SampledFrom([]string{"ann", "bob", "cid", "dan", "eve"})
		const capacity = 3
		var latest Stamp
		steps := rapid.IntRange(1, 60).Draw(t, "steps")
		for range steps {
			var b Batch
			reassert := false
			now = now.Add(time.Duration(rapid.IntRange(0, 20_000).Draw(t, "ms")) * time.Millisecond)
			switch rapid.IntRange(0, 11).Draw(t, "verb") {
			case 0, 1:
				serial++
				j := JoinCommand{PeerID: peers.Draw(t, "peer"), Name: "n", Role: rapid.SampledFrom([]Role{Regular, Moderator}).Draw(t, "role"), Node: nodes.Draw(t, "node"), Attachment: fmt.Sprint("a", serial), Capacity: capacity,
					Claim: Stamp{Wall: rapid.Int64Range(1, 50).Draw(t, "claim")}}
				if rapid.Bool().Draw(t, "resume") && len(tickets) > 0 {
					j.Ticket = pick(tickets)
				}
				b, _ = home.Join(now, j)
				if ticket := home.Ticket(j.Attachment, now); ticket != "" {
					attachments, tickets = append(attachments, j.Attachment), append(tickets, ticket)
				}
			case 2:
				b, _ = home.Leave(now, pick(attachments), rapid.SampledFrom([]Reason{Left, Kicked, Lost}).Draw(t, "reason"))
			case 3:
				on := Media{Mic: rapid.Bool().Draw(t, "mic"), Share: rapid.Bool().Draw(t, "share")}
				b, _ = home.Set(pick(attachments), "n", on, nil, Hushed{Mic: Hush{Stamp: Stamp{Wall: rapid.Int64Range(0, 50).Draw(t, "known")}}})
			case 4:
				b, _ = home.Chat(now, pick(attachments), fmt.Sprint("m", rapid.IntRange(0, 99).Draw(t, "id")), "x")
			case 5:
				b = home.NodeLost(now, nodes.Draw(t, "node"))
			case 6:
				var mine []Person
				node := nodes.Draw(t, "node")
				for _, p := range home.s.People {
					if p.Node == node && rapid.Bool().Draw(t, "there") {
						mine = append(mine, p)
					}
				}
				reassert = true
				b = home.NodeBack(now, node, mine, nil)
			case 7:
				b = home.Tick(now)
			case 8:
				other := Restore(home.State(), home.personGrace, home.roomGrace)
				other.Takeover("gru", Epoch{})
				serial++
				_, _ = other.Join(now, JoinCommand{PeerID: peers.Draw(t, "peer"), Name: "n", Role: Regular, Node: "gru", Attachment: fmt.Sprint("a", serial), Claim: Stamp{Wall: rapid.Int64Range(1, 50).Draw(t, "claim")}})
				_, _ = other.Leave(now, pick(attachments), Left)
				_, _ = other.Act(now, pick(attachments), Stamp{Wall: rapid.Int64Range(1, 50).Draw(t, "set")}, anyAct(t, peers))
				attachments = append(attachments, fmt.Sprint("a", serial))
				reassert = true
				b = home.Merge(now, other.State(), true, nil)
			default:
				b, _ = home.Act(now, pick(attachments), Stamp{Wall: rapid.Int64Range(1, 50).Draw(t, "set")}, anyAct(t, peers))
			}
			if set := home.s.Rules.latest(); set.Compare(latest) < 0 {
				t.Fatalf("a rule of %v gave way to one of %v", latest, set)
			}
			latest = home.s.Rules.latest()
			for _, p := range home.s.People {
				if p.Media.and(home.s.Rules.may(p).not()) != (Media{}) {
					t.Fatalf("%s has on %+v, by %+v", show(p), p.Media, home.s.Rules)
				}
				if home.s.verdict(p.Identities).Blocked && !p.Owner {
					t.Fatalf("%s is blocked", show(p))
				}
				if g, ok := home.s.guest(p.Attachment); ok {
					t.Fatalf("%s waits and is there", show(g))
				}
			}
			if err := b.validate(); err != nil {
				t.Fatal(err)
			}
			if len(b.Events) > 0 {
				if err := copy.Apply(b); err != nil {
					t.Fatal(err)
				}
			}
			for _, e := range b.Events {
				switch e.Kind {
				case EventJoin:
					if _, ok := present[e.Person.PeerID]; ok {
						t.Fatalf("%s joined while present", e.Person.PeerID)
					}
					present[e.Person.PeerID] = e.Person.Attachment
				case EventPerson:
					if _, ok := present[e.Person.PeerID]; !ok {
						t.Fatalf("%s changed while absent", e.Person.PeerID)
					}
					present[e.Person.PeerID] = e.Person.Attachment
				case EventLeave:
					if present[e.PeerID] != e.Attachment {
						t.Fatalf("%s left with %s, present with %s", e.PeerID, e.Attachment, present[e.PeerID])
					}
					delete(present, e.PeerID)
				}
			}
			if len(present) != len(home.s.People) {
				t.Fatalf("events say %v, state %v", present, home.s.People)
			}
			if !reassert && b.Version > 0 && len(b.Events) > 0 && b.Events[len(b.Events)-1].Kind == EventJoin && len(present) > max(capacity, len(present)-1) {
				t.Fatalf("%d present", len(present))
			}
			if home.State().Hash() != copy.State().Hash() {
				t.Fatal("copy differs")
			}
			if err := home.State().validate(); err != nil {
				t.Fatal(err)
			}
			ordinals := map[uint64]bool{}
			for _, p := range home.Snapshot().People {
				if ordinals[p.Ordinal] {
					t.Fatal("ordinal given twice")
				}
				ordinals[p.Ordinal] = true
			}
			if !slices.IsSortedFunc(home.s.Chat, func(a, b Message) int { return int(a.Seq) - int(b.Seq) }) {
				t.Fatal("chat out of order")
			}
		}
	})
}

func anyAct(t *rapid.T, peers *rapid.Generator[string]) Act {
	values := map[Verb][]string{
		"mute": {`"mic"`, `"share"`}, "ask": {`"mic"`}, "role": {`"regular"`, `"moderator"`}, "mode": {`"viewer"`, `"observer"`, `"speaker"`},
		"mute_mode": {`"free"`, `"quiet"`, `"lecture"`}, "bitrate": {"0", "-1", "29999", "300000", "100000001"}, "stage": {`{"on":true}`, "3"},
		"react": {`"+"`}, "kick": {""}, "block": {""}, "admit": {""}, "reject": {""}, "lower": {""}, "end": {""},
	}
	verb := rapid.SampledFrom(slices.Sorted(maps.Keys(verbs))).Draw(t, "act")
	list := values[verb]
	switch {
	case list == nil && verbs[verb].value(json.RawMessage("true")) == nil:
		list = []string{"true", "false"}
	case list == nil:
		list = []string{`"all"`, `"moderators"`, `"nobody"`}
	}
	a := Act{Verb: verb, Value: json.RawMessage(rapid.SampledFrom(list).Draw(t, "value"))}
	if verbs[verb].about != room && (verbs[verb].about == one || rapid.Bool().Draw(t, "one")) {
		a.Peer = peers.Draw(t, "about")
	}
	return a
}

func TestLeftoverOfAnotherSessionIsNotMerged(t *testing.T) {
	a, err := Open(Key{"acme", "demo"}, "fra", epoch0, bytes.NewReader(bytes.Repeat([]byte{7}, 64)), time.Second, time.Second)
	if err != nil {
		t.Fatal(err)
	}
	b := open(t, "iad")
	join(t, a, "ann", "a1", 1)
	join(t, b, "bob", "b1", 1)
	if _, err := b.Chat(epoch0, "b1", "m1", "of yesterday"); err != nil {
		t.Fatal(err)
	}
	if batch := a.Merge(epoch0, b.State(), false, nil); len(batch.Events) > 0 {
		t.Error("took", batch.Events)
	}
	ticket := b.Ticket("b1", epoch0)
	a.Merge(epoch0, b.State(), true, nil)
	if s := a.Snapshot(); len(s.People) != 2 || len(s.Chat) != 1 {
		t.Errorf("two live halves did not merge: %+v", s)
	}
	if _, err := a.Join(epoch0, JoinCommand{Attachment: "b2", Node: "fra", Ticket: ticket}); err != nil {
		t.Error("ticket of the other half:", err)
	}
}

func TestClock(t *testing.T) {
	now := epoch0
	h := &hlc{self: "fra", now: func() time.Time { return now }}
	a := h.read()
	b := h.read()
	h.observe(Stamp{Wall: now.Add(400 * time.Millisecond).UnixMilli(), Count: 3, Node: "iad"})
	c := h.read()
	h.observe(Stamp{Wall: now.Add(time.Hour).UnixMilli(), Node: "mad"})
	d := h.read()
	if !b.After(a) || !c.After(b) || c.Wall != now.Add(400*time.Millisecond).UnixMilli() || d.Wall != c.Wall || !d.After(c) {
		t.Error(a, b, c, d)
	}
}
