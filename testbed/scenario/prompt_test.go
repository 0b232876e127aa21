package scenario

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/meridian-video/meridian/testbed/client"
)

const (
	// chatWithin is how long a message takes to everybody, all ways included.
	chatWithin = 500 * time.Millisecond
	// beyondTheWay is how much of that may be anything but the way: over the home.
	beyondTheWay = 200 * time.Millisecond
)

// arrives measures from a change of a client at a POP until those at all POPs
// know, and holds it against the way over the room's home.
func (r *room) arrives(what, from, home string, began time.Time, known func(client.State) bool) {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), 10*time.Second)
	defer cancel()
	for _, pop := range POPs {
		if err := r.people[pop].Until(ctx, what, known); err != nil {
			r.t.Fatalf("%s at %s: %v", what, pop, err)
		}
	}
	took, way := time.Since(began), time.Duration(0)
	for _, pop := range POPs {
		way = max(way, access+between(from, home)+between(home, pop)+access)
	}
	r.t.Logf("%s: everywhere after %v, %v of it the longest way", what, took, way)
	if took > min(chatWithin, way+beyondTheWay) {
		r.t.Errorf("%s: everywhere only after %v, %v of it the way", what, took, way)
	}
}

// TestWordsAndChangesArriveAtOnce: messages, cameras and hands of people at three
// POPs are known to all soon, and the messages in one order.
// Covers F-069, F-070.
func TestWordsAndChangesArriveAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := fullRoom(t, 51)
		home, said, acts := r.oneHome(), 0, 0
		for range 3 {
			for _, pop := range POPs {
				said++
				c, text, before := r.people[pop], fmt.Sprint("message ", said), said
				began := time.Now()
				sent := make(chan error, 1)
				go func() { _, err := c.Chat(t.Context(), text, text); sent <- err }()
				r.arrives(text, pop, home, began, func(s client.State) bool { return len(s.Chat) >= before })
				r.must(<-sent)
			}
		}
		r.agree(POPs, len(POPs), said)
		for _, pop := range POPs {
			c, began := r.people[pop], time.Now()
			off := both
			off.Camera = false
			r.must(c.SetMedia(off))
			r.arrives("camera off", pop, home, began, func(s client.State) bool { return !s.People[c.Joined.Peer].Media.Camera })
			for _, up := range []bool{true, false} {
				acts++
				began, done, id := time.Now(), make(chan error, 1), fmt.Sprint("h", acts)
				go func() { done <- c.Act(t.Context(), id, "hand", "", up) }()
				r.arrives(fmt.Sprint("hand up ", up), pop, home, began, func(s client.State) bool { return (s.People[c.Joined.Peer].Hand != nil) == up })
				r.must(<-done)
			}
		}
	})
}

// TestAnObserverIsOnlyHeard, whatever they send.
// Covers F-083.
func TestAnObserverIsOnlyHeard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, 52)
		s.stops("mode", "ann", "observer", 0)
		_ = s.ann.SetMedia(both)
		time.Sleep(2 * time.Second)
		s.reaches("as an observer", 0, 1)
		if m := s.viewers["syd"].State().People["ann"]; m.Mode != "observer" || m.Media.Camera {
			t.Errorf("listed as %+v", m)
		}
		before, _ := s.heard("iad")
		s.done("mode", "ann", "speaker")
		s.must(s.ann.SetMedia(both))
		time.Sleep(2 * time.Second)
		s.reaches("as a speaker", 1, 1)
		if now, _ := s.heard("iad"); now[1] <= before[1] {
			t.Error("the sound stood still")
		}
	})
}
