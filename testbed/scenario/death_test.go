package scenario

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/meridian-video/meridian/testbed/client"
)

// detection is what is promised for a POP that falls silent: nobody is sent
// there any more.
const detection = 10 * time.Second

// TestSilentDeathOfTheHome: the machine of the home dies without a word. The
// others talk on, and its participant comes back elsewhere.
func TestSilentDeathOfTheHome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := fullRoom(t, 4)
		r.say("fra", "before")
		dead := r.oneHome()
		left := others(dead)
		r.Silence(r.edgeIP(dead))
		died := time.Now()
		r.flows(left[0], 1, 5)
		r.flows(left[1], 1, 5)
		for _, pop := range left {
			r.Wait(pop+" sends nobody there", func() error {
				list, err := r.Attach(pop)
				if err == nil && slices.Contains(list, dead) {
					err = fmt.Errorf("it lists %v", list)
				}
				return err
			})
		}
		if took := time.Since(died); took > detection {
			t.Errorf("the dead POP was listed for %v", took)
		} else {
			t.Logf("the dead POP was listed for %v", took)
		}
		r.say(left[0], "after 1")
		r.say(left[1], "after 2")
		t.Logf("the chat goes on after %v", time.Since(died))

		lost := r.people[dead]
		lost.Close()
		back := r.enter(dead, left[0], client.Options{Resume: lost.Joined.Resume})
		if back.Joined.Peer != lost.Joined.Peer {
			t.Errorf("came back as %s, was %s", back.Joined.Peer, lost.Joined.Peer)
		}
		r.agree(POPs, 3, 3)
		for _, pop := range POPs {
			r.flows(pop, 2, 5)
		}
	})
}
