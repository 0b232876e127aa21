package scenario

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/meridian-video/meridian/edge/signal"
	"github.com/meridian-video/meridian/testbed/client"
)

// The levels of the microphones here, -dBov.
const (
	silent = 70
	speaks = 22
)

// talk is five people on two POPs and one who listens on each, all with three
// slots for sound that their nodes fill.
type talk struct {
	*Network
	t         *testing.T
	speakers  []*client.Client
	listeners []*client.Client
}

func newTalk(t *testing.T) *talk {
	k := &talk{Network: Start(t, 11), t: t}
	enter := func(pop, name string, m signal.Media) *client.Client {
		c := k.Join(pop, pop, client.Options{Room: "hall", Name: name, Peer: name, Media: m, Video: 1, Audio: 3, Hear: "loudest"})
		c.SetLevel(silent)
		if m.Mic {
			k.Send(c, client.Video{FPS: 1, PacketsPerFrame: 1, PayloadSize: 200})
		}
		return c
	}
	for i, name := range []string{"ann", "bob", "cyd", "dan", "eve"} {
		k.speakers = append(k.speakers, enter([]string{"fra", "iad"}[i%2], name, both))
	}
	for _, pop := range []string{"fra", "iad"} {
		k.listeners = append(k.listeners, enter(pop, "listener at "+pop, signal.Media{}))
	}
	return k
}

// mic is the track of a speaker.
func (k *talk) mic(i int) string {
	c := k.speakers[i]
	return c.State().People[c.Joined.Peer].Tracks["mic"]
}

// playing is what a client's slots for sound play.
func playing(c *client.Client) []string {
	if heard := c.State().Heard; len(heard) > 0 {
		return heard[len(heard)-1]
	}
	var out []string
	for _, track := range c.Joined.Assigned.Audio {
		if track != nil {
			out = append(out, *track)
		} else {
			out = append(out, "")
		}
	}
	return out
}

// takes lets a speaker begin, and says how long it took until all others here and
// there were sent the sound.
func (k *talk) takes(i int) time.Duration {
	k.t.Helper()
	others := slices.Concat(k.speakers[:i], k.speakers[i+1:], k.listeners)
	before := map[*client.Client]int64{}
	k.speakers[i].SetLevel(speaks)
	return k.Wait(fmt.Sprintf("speaker %d is heard", i), func() (err error) {
		for _, c := range others {
			slot := slices.Index(playing(c), k.mic(i))
			if slot < 0 {
				err = fmt.Errorf("%s hears %v", c.Joined.Peer, playing(c))
				continue
			}
			got := c.AudioSlot(slot).Packets.Load()
			if first, ok := before[c]; !ok {
				before[c], err = got, fmt.Errorf("%s was told just now", c.Joined.Peer)
			} else if got == first {
				err = fmt.Errorf("%s gets nothing", c.Joined.Peer)
			}
		}
		return err
	})
}

// TestWhoSpeaksIsHeard: five people talk in turns, and there are three slots.
// Everybody hears each of them within 300 ms, sees the same dominant speaker, and
// no slot is switched but for a speaker who was not heard yet.
func TestWhoSpeaksIsHeard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newTalk(t)
		time.Sleep(5 * time.Second)
		all := slices.Concat(k.speakers, k.listeners)
		told := func(c *client.Client) int { return len(c.State().Heard) }
		before := map[*client.Client]int{}
		for _, c := range all {
			before[c] = told(c)
		}
		turns := []int{0, 1, 2, 3, 4, 0, 2, 4, 1, 3}
		for n, i := range turns {
			took := k.takes(i)
			t.Logf("turn %d: %s is heard by all after %v", n, k.speakers[i].Joined.Peer, took)
			if took > 300*time.Millisecond {
				t.Errorf("turn %d: heard after %v", n, took)
			}
			time.Sleep(2 * time.Second)
			for _, c := range all {
				if got := c.State().Dominant; got != k.speakers[i].Joined.Peer {
					t.Errorf("turn %d: %s looks at %q", n, c.Joined.Peer, got)
				}
			}
			k.speakers[i].SetLevel(silent)
		}
		time.Sleep(3 * time.Second)
		for _, c := range all {
			if n := told(c) - before[c]; n > len(turns) {
				t.Errorf("%s: slots were switched %d times in %d turns", c.Joined.Peer, n, len(turns))
			}
			if mic := c.State().People[c.Joined.Peer].Tracks["mic"]; mic != "" && slices.Contains(playing(c), mic) {
				t.Errorf("%s hears himself", c.Joined.Peer)
			}
		}
	})
}

// TestDoubleTalkDoesNotFlap: all five talk at once for a while. Whoever got a
// place keeps it, everywhere, and all look at the same speaker.
func TestDoubleTalkDoesNotFlap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newTalk(t)
		time.Sleep(5 * time.Second)
		for i := range 3 {
			k.takes(i)
		}
		time.Sleep(time.Second)
		before := map[*client.Client]int{}
		for _, c := range slices.Concat(k.speakers, k.listeners) {
			before[c] = len(c.State().Heard)
		}
		for i, c := range k.speakers {
			c.SetLevel(speaks + uint8(i%3)) // less than 6 dB apart
		}
		time.Sleep(10 * time.Second)
		for _, c := range slices.Concat(k.speakers, k.listeners) {
			s := c.State()
			if n := len(s.Heard) - before[c]; n > 2 { // the first three have two others to hear, and one more place
				t.Errorf("%s: slots were switched %d times", c.Joined.Peer, n)
			}
			if s.Dominant != k.speakers[0].State().Dominant || len(s.Speaking) != 5 {
				t.Errorf("%s looks at %q, of %v who speak", c.Joined.Peer, s.Dominant, s.Speaking)
			}
		}
	})
}
