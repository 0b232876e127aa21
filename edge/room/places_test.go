package room

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/meridian-video/meridian/geo"
	"pgregory.net/rapid"
)

// webinarOf makes a webinar of a moderator and so many viewers on three nodes.
func webinarOf(t interface{ Fatal(...any) }, viewers int) *Core {
	c := open(t, "fra")
	enter(t, c, JoinCommand{PeerID: "mod", Attachment: "m1", Role: Moderator, Capacity: 20})
	for i := range viewers {
		enter(t, c, viewer(i))
	}
	return c
}

func viewer(i int) JoinCommand {
	id := fmt.Sprintf("viewer-%04d", i)
	return JoinCommand{
		PeerID: id, Name: fmt.Sprintf("Viewer %04d", i), Attachment: "AT" + id, Role: Regular, Mode: ViewerMode,
		Node: []geo.NodeID{"fra", "iad", "syd"}[i%3], POP: "pop", Capacity: 2000, Claim: Stamp{Wall: int64(i), Node: "fra"},
		Identities: identify(id, []string{"token:" + id, "address:" + id, "device:" + id}),
	}
}

func enter(t interface{ Fatal(...any) }, c *Core, j JoinCommand) {
	j.Kind = Webinar
	if _, err := c.Join(epoch0, j); err != nil {
		t.Fatal(j.PeerID, err)
	}
}

func TestTwoThousandViewersAndNoMore(t *testing.T) {
	c := webinarOf(t, 2000)
	_, err := c.Join(epoch0, viewer(2000))
	if !errors.Is(err, ErrFull) {
		t.Error("the 2001st viewer:", err)
	}
	for i := range 19 {
		j := viewer(3000 + i)
		j.Mode, j.Capacity = SpeakerMode, 0
		enter(t, c, j)
	}
	j := viewer(4000)
	j.Mode, j.Capacity = SpeakerMode, 0
	if _, err := c.Join(epoch0, j); !errors.Is(err, ErrFull) {
		t.Error("the 21st speaker:", err)
	}
	if s := c.Snapshot(); len(s.People) != 20 || s.Viewers != 2000 {
		t.Errorf("%d are listed, %d viewers", len(s.People), s.Viewers)
	}
}

// A state of every place of a webinar fits one message, with every text at its
// bound and every byte of the chat escaped.
func TestFullWebinarFitsAMessage(t *testing.T) {
	c := webinarOf(t, 2000)
	usual := len(encode(Key{"acme", "demo"}, &stateMsg{State: c.State()}))
	s := c.State()
	long := func(n int, unique string) string { return strings.Repeat("x", n-len(unique)) + unique }
	for id, p := range s.People {
		p.Name, p.Subject = strings.Repeat("я", MaxName), long(maxSubject, "")
		p.PeerID, p.Attachment = long(maxID, id), long(maxID, p.Attachment)
		p.Identities = nil
		for i := range maxIdentities {
			p.Identities = append(p.Identities, digest(fmt.Sprint(id, i)))
		}
		p.Proof = Proof{Token: tokenOf(id), Key: long(64, ""), IDs: []string{long(64, "a"), long(64, "b")}, Until: epoch0, Visit: true}
		delete(s.People, id)
		s.People[p.PeerID] = p
	}
	full := Restore(s, time.Second, time.Second)
	for i := range ChatKept {
		if _, err := full.Chat(epoch0, long(maxID, "m1"), fmt.Sprint("m", i), strings.Repeat("<", MaxChatText)); err != nil {
			t.Fatal(err)
		}
	}
	s = full.State()
	if err := s.validate(); err != nil {
		t.Fatal(err)
	}
	most := len(encode(Key{"acme", "demo"}, &registerMsg{Have: s.position(), State: &s, Mine: s.everybody()}))
	t.Logf("state of 2,001 people: %d bytes; registration with all at their bounds: %d of %d", usual, most, maxBody)
	if most > maxBody {
		t.Errorf("a registration of %d bytes does not fit a message", most)
	}
}

func tokenOf(id string) string { return digest(id) + digest(id+"2") }

// The census is what counting anew gives, whatever happened, and no part of the
// room has more people than places, unless they come back after a cut.
func TestCensusFollowsTheState(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := open(t, "fra")
		now, serial, back := epoch0, 0, false
		peers := rapid.SampledFrom([]string{"ann", "bob", "cid", "dan", "eve", "fay"})
		nodes := rapid.SampledFrom([]geo.NodeID{"fra", "iad", "syd"})
		enter(t, c, JoinCommand{PeerID: "mod", Attachment: "m1", Role: Moderator, Node: "fra", Capacity: 3})
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			now, serial = now.Add(time.Second), serial+1
			peer, set := peers.Draw(t, "peer"), Stamp{Wall: now.UnixMilli(), Node: "fra"}
			attachment := fmt.Sprint("a", serial)
			switch rapid.IntRange(0, 7).Draw(t, "step") {
			case 0, 1, 2:
				mode := rapid.SampledFrom(modes).Draw(t, "mode")
				_, _ = c.Join(now, JoinCommand{PeerID: peer, Name: peer, Role: Regular, Mode: mode, Kind: Webinar, Capacity: 3, Node: nodes.Draw(t, "node"), Attachment: attachment, Claim: set})
			case 3:
				_, _ = c.Leave(now, c.s.People[peer].Attachment, Left)
			case 4:
				_, _ = c.Act(now, "m1", set, anyAct(t, peers))
			case 5:
				c.NodeLost(now, nodes.Draw(t, "node"))
			case 6:
				node := nodes.Draw(t, "node")
				c.NodeBack(now, node, []Person{c.s.People[peer]}, []string{"m1"})
				back = true // nobody is turned away then
			case 7:
				now = now.Add(30 * time.Second)
				c.Tick(now)
			}
			if _, there := c.s.People["mod"]; !there {
				return
			}
			is, anew := c.s.count(), c.s.counted()
			is.list.Store(nil)
			if !reflect.DeepEqual(is, anew) {
				t.Fatalf("census %+v, counted %+v", is, anew)
			}
			if free := c.s.free(); !back && (free.Speakers < 0 || free.Viewers < 0) {
				t.Fatalf("more people than places: %+v", free)
			}
		}
	})
}

// Of joins from several nodes at once as many come in as there are places, part
// by part.
func TestPlacesRaced(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := newNetwork(t, wan, "fra", "iad", "syd")
		var mu sync.Mutex
		in := map[Mode]int{}
		var wg sync.WaitGroup
		for i := range 60 {
			wg.Go(func() {
				mode, capacity := ViewerMode, 30
				if i%3 == 0 {
					mode, capacity = SpeakerMode, 5
				}
				p := newPage(t)
				_, snap, err := n.plane(n.ids()[i%3]).Join(t.Context(), Join{Company: "acme", Room: "demo", Peer: fmt.Sprint("p", i), Kind: Webinar, Mode: mode, Capacity: capacity}, p)
				mu.Lock()
				defer mu.Unlock()
				switch {
				case err == nil:
					in[mode]++
					p.seat(snap)
				case !errors.Is(err, ErrFull):
					t.Error(err)
				}
			})
		}
		wg.Wait()
		check(t, "in", fmt.Sprint(in), fmt.Sprint(map[Mode]int{SpeakerMode: 5, ViewerMode: 30}))
		settle(5 * time.Second)
		n.equal(2)
	})
}

// To a webinar of three nodes come twenty speakers and two thousand viewers, and are
// all in it at once. Nobody else gets in until one of their kind has left. How many
// they may be by a partner's address is entry's (TestCapacities).
// Covers GC-A04.
func TestAFullWebinarOverThreeNodes(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := newNetwork(t, wan, "fra", "iad", "syd")
		come := func(i int, mode Mode) (*Seat, error) {
			p := newPage(t)
			capacity := map[Mode]int{SpeakerMode: 20, ViewerMode: 2000}[mode]
			seat, snap, err := n.plane(n.ids()[i%3]).Join(t.Context(), Join{Company: "acme", Room: "demo", Peer: fmt.Sprint(mode, i), Kind: Webinar, Mode: mode, Capacity: capacity}, p)
			if err == nil {
				p.seat(snap)
			}
			return seat, err
		}
		seats := map[Mode][]*Seat{SpeakerMode: make([]*Seat, 20), ViewerMode: make([]*Seat, 2000)}
		var wg sync.WaitGroup
		for i := range 2000 {
			for mode, all := range seats {
				if i >= len(all) {
					continue
				}
				wg.Go(func() {
					var err error
					if all[i], err = come(i, mode); err != nil {
						t.Error(mode, i, err)
					}
				})
			}
			settle(10 * time.Millisecond) // of all at the same moment some would be told to try again
		}
		wg.Wait()
		settle(5 * time.Second)
		for _, id := range n.ids() {
			if s, ok := n.plane(id).Locate("acme", "demo"); !ok || len(s.People) != 20 || s.Viewers != 2000 {
				t.Errorf("%s lists %d and counts %d viewers", id, len(s.People), s.Viewers)
			}
		}
		for mode, all := range seats {
			late := len(all)
			for i := range n.ids() {
				if _, err := come(late+i, mode); !errors.Is(err, ErrFull) {
					t.Errorf("one %s too many: %v", mode, err)
				}
			}
			all[7].Leave(Left)
			settle(time.Second)
			if _, err := come(late, mode); err != nil {
				t.Errorf("a %s in the place of one who left: %v", mode, err)
			}
		}
	})
}

// What a home says of a state is what a copy makes of it: the kind and the places
// survive the wire.
func TestPlacesSurviveTheWire(t *testing.T) {
	c := webinarOf(t, 3)
	var s State
	body, err := json.Marshal(c.State())
	if err == nil {
		err = json.Unmarshal(body, &s)
	}
	copy := Restore(s, time.Second, time.Second)
	if err != nil || copy.s.Kind != Webinar || copy.s.Places != c.s.Places || copy.s.taken(viewerPool) != 3 || !maps.Equal(copy.s.count().listed, map[string]bool{"mod": true}) {
		t.Errorf("%v: %+v", err, copy.Snapshot())
	}
}

// Joining a webinar costs the same whoever is there already: of people, and not of
// people by people.
func BenchmarkJoins(b *testing.B) {
	for _, n := range []int{250, 500, 1000, 2000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				webinarOf(b, n)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/join")
		})
	}
}
