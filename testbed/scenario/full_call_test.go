package scenario

import (
	"cmp"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/meridian-video/meridian/testbed/client"
)

// TestWhoSpeaksReachesAll: in calls of two, ten and fifty over three POPs everybody
// gets the sound of who speaks, and their picture where it is asked for, while all
// send. That browsers decode them is for testbed/browser.
// Covers F-065.
func TestWhoSpeaksReachesAll(t *testing.T) {
	for _, people := range []int{2, 10, 50} {
		t.Run(fmt.Sprint(people), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				k := newFullCall(t, people)
				for i := range min(3, people) {
					k.speaks(i)
				}
			})
		})
	}
}

// fullCall is a call in which all send and one is heard at a time.
type fullCall struct {
	*Network
	t   *testing.T
	all []*client.Client
}

func newFullCall(t *testing.T, people int) *fullCall {
	k := &fullCall{Network: Start(t, 43), t: t, all: make([]*client.Client, people)}
	var wg sync.WaitGroup
	for i := range k.all {
		wg.Go(func() {
			pop := POPs[i%len(POPs)]
			c, err := k.TryJoin(pop, pop, client.Options{Room: "hall", Name: fmt.Sprint("P", i), Peer: fmt.Sprint("p", i), Media: both, Video: 1, Audio: 2, Hear: "loudest"})
			if err != nil {
				t.Error(err)
				return
			}
			c.SetLevel(silent)
			k.all[i] = c
		})
	}
	wg.Wait()
	if t.Failed() {
		t.FailNow()
	}
	for _, c := range k.all {
		k.Send(c, client.Video{FPS: 2, PacketsPerFrame: 1, PayloadSize: 200, Frame: 60 * time.Millisecond})
	}
	k.look("")
	time.Sleep(3 * time.Second)
	return k
}

// speaks lets one person speak and waits until all others get new sound of theirs,
// and their picture from a keyframe on.
func (k *fullCall) speaks(i int) {
	k.t.Helper()
	speaker := k.all[i]
	tracks := speaker.State().People[speaker.Joined.Peer].Tracks
	others := slices.Concat(k.all[:i], k.all[i+1:])
	keyframes, packets := make([]int64, len(others)), make([]int64, len(others))
	for n, c := range others {
		keyframes[n] = c.VideoSlot(0).Keyframes.Load()
		k.must(c.Subscribe([]string{tracks["camera"]}, nil))
	}
	speaker.SetLevel(speaks)
	heard := k.Wait(fmt.Sprintf("all hear speaker %d", i), func() (err error) {
		for n, c := range others {
			slot := slices.Index(playing(c), tracks["mic"])
			if slot < 0 {
				err = fmt.Errorf("%s hears %v", c.Joined.Peer, playing(c))
				continue
			}
			got := c.AudioSlot(slot).Packets.Load()
			packets[n] = cmp.Or(packets[n], got)
			if got < packets[n]+3 {
				err = fmt.Errorf("%s has %d packets of sound after %d", c.Joined.Peer, got, packets[n])
			}
		}
		return err
	})
	seen := heard + k.Wait(fmt.Sprintf("all see speaker %d", i), func() error {
		for n, c := range others {
			if c.VideoSlot(0).Keyframes.Load() == keyframes[n] {
				return fmt.Errorf("%s has no keyframe but the %d of before", c.Joined.Peer, keyframes[n])
			}
		}
		return nil
	})
	k.t.Logf("all %d others hear %s after %v and see them after %v", len(others), speaker.Joined.Peer, heard, seen)
	speaker.SetLevel(silent)
	k.look("")
	time.Sleep(3 * time.Second) // until the place among those who are heard is free
}

// look has everybody show one track, or none.
func (k *fullCall) look(track string) {
	for _, c := range k.all {
		k.must(c.Subscribe([]string{track}, nil))
	}
}
