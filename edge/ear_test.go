package edge

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/meridian-video/meridian/control/entry"
	"github.com/meridian-video/meridian/edge/room"
	"github.com/meridian-video/meridian/edge/signal"
	"github.com/meridian-video/meridian/geo"
)

// hall is an ear over a stage: who is in the room, and who is loudest there.
type hall struct {
	*stage
	ear     *ear
	people  []room.Person
	loudest []string
	told    []string
}

func newHall(t *testing.T, audio int) *hall {
	h := &hall{stage: newStage(t, 1, audio)}
	h.start()
	h.ear = &ear{
		key: h.key, slots: h.slots, people: func() []room.Person { return h.people },
		loudest: func(_ roomKey, n int, pinned []string, may func(string) bool) (out []string) {
			for _, track := range pinned {
				if may(track) {
					out = append(out, track)
				}
			}
			for _, track := range h.loudest {
				if n > 0 && may(track) && !slices.Contains(out, track) {
					out, n = append(out, track), n-1
				}
			}
			return out
		},
		tell: func(audio []*string) { h.told = append(h.told, strings.Join(names(audio), " ")) },
	}
	h.ear.update() // nothing yet
	h.ear.begin()
	return h
}

func names(slots []*string) []string {
	out := make([]string, len(slots))
	for i, s := range slots {
		out[i] = "-"
		if s != nil {
			out[i] = strings.TrimPrefix(*s, "a-")
		}
	}
	return out
}

// enter brings somebody into the room with some tracks, on this node or another.
func (h *hall) enter(peer string, node geo.NodeID, kinds ...string) {
	p := person(peer, uint64(len(h.people)+1), node, kinds...)
	p.Media.Mic = true
	h.people = append(h.people, p)
	for _, id := range p.Tracks {
		h.publish(node, id)
	}
}

func (h *hall) leave(peer string) {
	h.people = slices.DeleteFunc(h.people, func(p room.Person) bool { return p.PeerID == peer })
}

// plays updates the ear and checks what its slots play; a dash is nothing.
func (h *hall) plays(what, want string) {
	h.t.Helper()
	h.ear.update()
	if got := strings.Join(names(h.assigned().Audio), " "); got != want {
		h.t.Errorf("%s: plays %q, want %q", what, got, want)
	}
}

func (h *hall) speak(peers ...string) {
	h.loudest = nil
	for _, p := range peers {
		h.loudest = append(h.loudest, "a-"+p+".mic")
	}
}

// TestEarKeepsAllWhileThereArePlaces: nobody has to be loud first, and slots do
// not move when people speak.
func TestEarKeepsAllWhileThereArePlaces(t *testing.T) {
	h := newHall(t, 3)
	h.plays("nobody is here", "- - -")
	h.enter("ann", "fra-1", trackMic, trackCamera)
	h.enter("bob", "iad-1", trackMic)
	h.plays("two are here", "ann.mic bob.mic -")
	h.speak("bob")
	h.plays("one speaks", "ann.mic bob.mic -")
	h.enter("cyd", "iad-1", trackMic)
	h.speak("cyd", "bob", "ann")
	h.plays("a third comes", "ann.mic bob.mic cyd.mic")
	h.leave("bob")
	h.plays("one leaves", "ann.mic - cyd.mic")
	want := []string{"ann.mic bob.mic -", "ann.mic bob.mic cyd.mic", "ann.mic - cyd.mic"}
	if !slices.Equal(h.told, want) {
		t.Errorf("told %q, want %q", h.told, want)
	}
}

// TestEarFollowsTheLoudest when there are more than slots: only the slot of who
// is not wanted any more is switched, and the tracks of others are let go.
func TestEarFollowsTheLoudest(t *testing.T) {
	h := newHall(t, 3)
	for i, p := range []string{"ann", "bob", "cyd", "dan", "eve"} {
		h.enter(p, []geo.NodeID{"fra-1", "iad-1"}[i%2], trackMic)
	}
	h.plays("nobody speaks", "ann.mic bob.mic cyd.mic")
	h.speak("dan")
	h.plays("one without a place speaks", "ann.mic bob.mic dan.mic")
	h.speak("dan", "eve", "bob")
	h.plays("three do", "eve.mic bob.mic dan.mic")
	h.speak("bob", "dan", "eve", "ann")
	h.plays("in another order", "eve.mic bob.mic dan.mic")
	h.speak("ann", "cyd", "eve")
	h.plays("two others", "eve.mic ann.mic cyd.mic")
	if _, remote := h.table.Counts(); remote != 0 {
		t.Errorf("%d remote tracks are leased, want none of bob's and dan's", remote)
	}
	h.speak("gone", "ann")
	h.plays("somebody who is not in the room", "eve.mic ann.mic cyd.mic")
	h.leave("ann")
	h.plays("a speaker leaves", "eve.mic bob.mic cyd.mic")
}

// TestEarPrefersSharesAndThePinned: the sound of a share comes first, pinned
// microphones next, and the loudest get what is left.
func TestEarPrefersSharesAndThePinned(t *testing.T) {
	h := newHall(t, 3)
	for _, p := range []string{"ann", "bob", "cyd", "dan"} {
		h.enter(p, "fra-1", trackMic)
	}
	h.speak("ann", "bob", "cyd")
	h.plays("three speak", "ann.mic bob.mic cyd.mic")
	h.enter("eve", "iad-1", trackShareAudio)
	h.plays("somebody shares", "ann.mic bob.mic eve.share_audio")
	h.ear.pin([]string{"a-dan.mic", "a-nobody.mic"})
	h.plays("one is pinned", "ann.mic dan.mic eve.share_audio")
	h.ear.pin(nil)
	h.plays("and is not any more", "ann.mic bob.mic eve.share_audio")
	h.leave("eve")
	h.plays("the share is over", "ann.mic bob.mic cyd.mic")
}

// TestEarPrefersWhoIsOn among those who have not spoken.
func TestEarPrefersWhoIsOn(t *testing.T) {
	h := newHall(t, 1)
	h.enter("ann", "fra-1", trackMic)
	h.people[0].Media.Mic = false
	h.enter("bob", "fra-1", trackMic)
	h.plays("the first is muted", "bob.mic")
	h.people[0].Media.Mic = true
	h.plays("and is not any more", "bob.mic")
	h.close()
	h.told = nil
	h.speak("ann")
	h.plays("the slots are closed", "-")
	if h.told != nil {
		t.Errorf("told %q after the end", h.told)
	}
}

// TestEarsWake: the ears of a room that has changed are due once.
func TestEarsWake(t *testing.T) {
	e := newEars()
	a, b, other := &ear{key: demo}, &ear{key: demo}, &ear{key: roomKey{"acme", "other"}}
	for _, x := range []*ear{a, b, other} {
		e.add(x)
	}
	e.wake(demo)
	e.wake(demo)
	if got := e.take(); len(got) != 2 || slices.Contains(got, other) || len(e.waking) != 1 {
		t.Errorf("%d are due", len(got))
	}
	if got := e.take(); got != nil {
		t.Errorf("%d are due again", len(got))
	}
	e.remove(a)
	e.remove(a)
	if !e.has(demo) {
		t.Error("one is left")
	}
	e.remove(b)
	if e.has(demo) || fmt.Sprint(len(e.rooms)) != "1" {
		t.Error("rooms without ears are kept")
	}
}

// TestNodeSwitchesWhatAClientHears: who asked for the loudest has the room's
// microphones in slots from the join on, and cannot choose them.
func TestNodeSwitchesWhatAClientHears(t *testing.T) {
	n := startLone(t)
	ann := n.seated("ann", "")
	ann.SetMedia(signal.Media{Mic: true})
	n.until("ann's microphone is published", func() bool {
		snap, _ := n.plane.Locate(demo.Company, demo.Room)
		return snap.People[0].Tracks[trackMic] != ""
	})
	bob := n.opened()
	bob.hearLoudest()
	snap, err := n.seat(t.Context(), bob, entry.Admission{Peer: "bob", Capacity: 3}, "", signal.Media{Mic: true})
	if err != nil {
		t.Fatal(err)
	}
	bob.first(snap)
	mic := func() string {
		if first := bob.slots.assigned().Audio[0]; first != nil {
			return *first
		}
		return ""
	}
	if got, want := mic(), ann.trackID(trackMic); got != want {
		t.Errorf("hears %q, want %q", got, want)
	}
	if failed := bob.Subscribe(signal.Assignment{Audio: list("", "no.mic")}); failed != nil || mic() == "" {
		t.Errorf("the client chose: %q, failed %v", mic(), failed)
	}
	ann.Leave()
	n.until("bob hears nobody, and knows", func() bool {
		queue, _ := bob.out.Take()
		return mic() == "" && slices.ContainsFunc(queue, func(m any) bool {
			h, ok := m.(signal.Heard)
			return ok && !slices.ContainsFunc(h.Audio, func(track *string) bool { return track != nil })
		})
	})
	bob.Leave()
	n.holds(0, 0, 0, 0)
	if n.ears.has(demo) {
		t.Error("an ear is left")
	}
}
