package scenario

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/meridian-video/meridian/edge/signal"
	"github.com/meridian-video/meridian/testbed/client"
)

// nearTrip is the round trip of a client to its POP.
const nearTrip = 20 * time.Millisecond

// TestSlotsSwitchQuickly: a slot that is switched shows a keyframe of the other
// track at once when somebody has just asked for one, else as soon as the
// publisher has made one; without SDP, and on the other POP a round trip later.
func TestSlotsSwitchQuickly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := Start(t, 23)
		camera := signal.Media{Camera: true}
		var publishers []*client.Client
		for _, name := range []string{"ann", "bob"} {
			c := n.Join("fra", "fra", client.Options{Room: "hall", Name: name, Peer: name, Media: camera, Video: 1, Audio: 1})
			n.Send(c, client.Video{FPS: 30, PacketsPerFrame: 4})
			publishers = append(publishers, c)
		}
		watch := func(pop, name string) *client.Client {
			return n.Join(pop, pop, client.Options{Room: "hall", Name: name, Peer: name, Video: 1, Audio: 1})
		}
		for _, tc := range []struct {
			pop    string
			cached bool
			within time.Duration
		}{
			{"fra", true, 150*time.Millisecond + nearTrip},
			{"fra", false, 500*time.Millisecond + nearTrip},
			{"iad", false, 500*time.Millisecond + nearTrip + 2*45*time.Millisecond},
		} {
			viewer, other := watch(tc.pop, fmt.Sprint("viewer at ", tc.pop, tc.cached)), watch("fra", fmt.Sprint("other for ", tc.pop, tc.cached))
			draw := rand.New(rand.NewPCG(1, 2))
			track := func(i int) string { return viewer.State().People[publishers[i%2].Joined.Peer].Tracks["camera"] }
			var took []time.Duration
			for i := 1; i <= 20; i++ { // the first publisher is in the slot already
				time.Sleep(time.Second + time.Duration(draw.IntN(1000))*time.Millisecond)
				if tc.cached {
					n.must(other.Subscribe([]string{track(i)}, nil))
					time.Sleep(250 * time.Millisecond)
				}
				slot := viewer.VideoSlot(0)
				before := slot.Keyframes.Load()
				n.must(viewer.Subscribe([]string{track(i)}, nil))
				took = append(took, n.Wait("a keyframe in the slot", func() error {
					if slot.Keyframes.Load() == before {
						return fmt.Errorf("none yet")
					}
					return nil
				}))
				if tc.cached {
					n.must(other.Subscribe([]string{""}, nil))
				}
			}
			slices.Sort(took)
			p50, p95 := took[len(took)/2], took[len(took)*95/100]
			t.Logf("at %s, cached %v: keyframe p50 %v, p95 %v", tc.pop, tc.cached, p50, p95)
			if p95 > tc.within {
				t.Errorf("at %s, cached %v: p95 %v, want %v at most", tc.pop, tc.cached, p95, tc.within)
			}
			if n := viewer.Negotiations(); n != 1 {
				t.Errorf("%d SDP exchanges", n)
			}
			viewer.Leave()
			other.Leave()
		}
	})
}
