package room

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/meridian-video/meridian/geo"
)

func TestUnknownVersionIsRefused(t *testing.T) {
	body := strings.Replace(string(encode(Key{"acme", "demo"}, &whoMsg{})), `"v":4`, `"v":5`, 1)
	if err := decode([]byte(body), &whoMsg{}); !errors.Is(err, ErrVersion) {
		t.Error(err)
	}
	n := newNetwork(t, 0, "fra")
	if _, err := n.plane("fra").Answer(t.Context(), "iad", topicWho, []byte(body)); err == nil {
		t.Error("answered")
	}
	if err := decode(make([]byte, maxBody+1), &whoMsg{}); !errors.Is(err, ErrInvalid) {
		t.Error(err)
	}
}

var topics = []string{topicRegister, topicWho, topicState, topicBatch, topicAck, topicCommand, topicResult, topicAnnounce, topicDrop, topicOrder, topicHand}

// Whatever other nodes send, in whatever order, to a node with a live room: it
// neither panics nor loses its own participant to anything but a valid event,
// and its state stays valid.
func FuzzMessages(f *testing.F) {
	k := Key{"acme", "demo"}
	c := open(f, "iad")
	join(f, c, "ann", "a1", 1)
	batch, err := c.Chat(epoch0, "a1", "m1", "hello")
	if err != nil {
		f.Fatal(err)
	}
	if _, err := c.Join(epoch0, JoinCommand{PeerID: "mod", Role: Moderator, Node: "iad", Attachment: "m1", Claim: Stamp{Wall: 1}}); err != nil {
		f.Fatal(err)
	}
	act := func(at int64, a Act) Batch {
		b, err := c.Act(epoch0, "m1", Stamp{Wall: at, Node: "iad"}, a)
		if err != nil {
			f.Fatal(err)
		}
		return b
	}
	ruled := act(4, Act{Verb: "bitrate", Value: []byte("300000")})
	lobby := act(5, Act{Verb: "lobby", Value: []byte("true")})
	waits, err := c.Join(epoch0, JoinCommand{PeerID: "eve", Role: Regular, Node: "iad", Attachment: "e1", Claim: Stamp{Wall: 3}})
	if err != nil {
		f.Fatal(err)
	}
	blocked := act(6, Act{Verb: "block", Peer: "ann"})
	hall := webinarOf(f, 2)
	another := viewer(2)
	another.Kind = Webinar
	came, err := hall.Join(epoch0, another)
	if err != nil {
		f.Fatal(err)
	}
	raised, err := hall.Act(epoch0, "m1", Stamp{Wall: 8, Node: "fra"}, Act{Verb: "mode", Peer: another.PeerID, Value: []byte(`"speaker"`)})
	if err != nil {
		f.Fatal(err)
	}
	state, rules := c.State(), DefaultRules()
	seeds := []message{
		&registerMsg{Stamp: Stamp{Wall: 5}, Have: state.position(), State: &state, Yield: true, Mine: c.Snapshot().People, Leaves: []Ended{{Attachment: "a9", PeerID: "x", Reason: Left, By: "mod", JoinedAt: epoch0, At: epoch0, Name: "X", Farewell: "{}"}},
			Commands: []command{{ID: 1, Join: &JoinCommand{PeerID: "bob", Name: "Bob", Role: Regular, Attachment: "b1", Rules: &rules, Meeting: &Meeting{Ends: epoch0, Mute: Quiet}}}}, Suspects: []geo.NodeID{"syd"}},
		&whoMsg{Copy: true}, &stateMsg{State: state}, &batchMsg{Batches: []Batch{batch}}, &ackMsg{Have: state.position(), Resync: true},
		&commandMsg{Stamp: Stamp{Wall: 5}, Commands: []command{{ID: 2, Chat: &chatCommand{"a1", "m2", "hi"}}, {ID: 3, Set: &setCommand{Attachment: "a1"}},
			{ID: 4, Act: &actCommand{"m1", Stamp{Wall: 7}, Act{Verb: "admit", Peer: "eve"}}}}},
		&batchMsg{Batches: []Batch{ruled}}, &batchMsg{Batches: []Batch{lobby}}, &batchMsg{Batches: []Batch{waits}}, &batchMsg{Batches: []Batch{blocked}},
		&stateMsg{State: hall.State()}, &batchMsg{Batches: []Batch{came, raised}},
		&registerMsg{Stamp: Stamp{Wall: 6}, Have: hall.Position(), Mine: hall.s.everybody(), Commands: []command{{ID: 5, Join: &another}}},
		&resultMsg{Failed: []failure{{1, "full"}}}, &announceMsg{Home: "iad", Have: state.position()}, &dropMsg{Over: true},
	}
	for i, m := range seeds {
		f.Add(uint8(i), encode(k, m))
	}
	f.Add(uint8(1), encode(k, &whoMsg{Brief: true, Peer: "zoe"}))
	for _, a := range []Act{{Verb: "kick", Peer: "zoe"}, {Verb: "end"}} {
		f.Add(uint8(9), encode(k, &orderMsg{Act: a}))
	}
	f.Add(uint8(10), encode(k, &handMsg{State: state}))
	f.Add(uint8(10), encode(k, &handMsg{State: hall.State()}))
	f.Fuzz(func(t *testing.T, topic uint8, body []byte) {
		p := New(Config{Self: "fra", Peers: deaf{}, Nodes: func() []geo.NodeID { return []geo.NodeID{"fra"} }, Window: time.Microsecond, Register: time.Millisecond, AskTimeout: time.Millisecond})
		defer p.Close()
		_, _, err := p.Join(t.Context(), Join{Company: k.Company, Room: k.Room, Peer: "zoe", Name: "Zoe"}, quiet{})
		if err != nil {
			t.Fatal(err)
		}
		name := topics[int(topic)%len(topics)]
		p.Handle("iad", name, body)
		if _, err := p.Answer(t.Context(), "iad", name, body); err == nil {
			p.Handle("iad", name, body)
		}
		done := make(chan State, 1)
		p.post(k, true, 0, func(o *owner) {
			var s State
			if o.core != nil {
				s = o.core.State()
			}
			done <- s
		})
		if s := <-done; s.Company != "" {
			if err := s.validate(); err != nil {
				t.Errorf("state is not valid any more: %v", err)
			}
		}
	})
}

func FuzzTicket(f *testing.F) {
	c := open(f, "fra")
	join(f, c, "ann", "a1", 1)
	good := c.Ticket("a1", epoch0)
	f.Add(good)
	f.Add(".")
	f.Add(good[1:])
	f.Fuzz(func(t *testing.T, text string) {
		if _, err := c.s.openTicket(text); err == nil && text != good {
			// Base64 has more than one spelling of some ends; the content is signed.
			if !strings.HasPrefix(text, good[:strings.Index(good, ".")-1]) {
				t.Errorf("accepted %q", text)
			}
		}
	})
}
