package scenario

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/meridian-video/meridian/testbed/client"
)

// TestJoinAndPublish: three people on three POPs see and hear each other, soon.
// Covers F-058.
func TestJoinAndPublish(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRoom(t, 1)
		for _, pop := range POPs {
			asked := time.Now()
			c := r.enter(pop, pop, client.Options{Name: pop})
			t.Logf("%s joined within %v, home %s", pop, time.Since(asked), c.Joined.Room.Home)
		}
		joined := time.Now()
		for _, pop := range POPs {
			r.flows(pop, 2, 1)
			c := r.people[pop]
			for i := range 2 {
				v, a := c.VideoSlot(i), c.AudioSlot(i)
				t.Logf("%s: first video %v, first audio %v after the last join", pop, time.Unix(0, v.FirstAt.Load()).Sub(joined), time.Unix(0, a.FirstAt.Load()).Sub(joined))
				if v.Keyframes.Load() == 0 {
					t.Errorf("%s: a video slot did not begin with a keyframe", pop)
				}
			}
		}
		if took := time.Since(joined); took > 3*time.Second {
			t.Errorf("everybody saw everybody after %v", took)
		}
		for _, pop := range POPs {
			r.flows(pop, 2, 30)
		}
		r.agree(POPs, 3, 0)
		for _, pop := range POPs {
			if gaps, packets := r.gaps(pop); gaps != 0 {
				t.Errorf("%s: %d gaps in %d packets without loss", pop, gaps, packets)
			}
			if made := r.people[pop].Negotiations(); made != 1 {
				t.Errorf("%s: %d SDP exchanges, want 1", pop, made)
			}
		}
	})
}
