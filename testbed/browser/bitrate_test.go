package browser

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/meridian-video/meridian/testbed/client"
	"github.com/meridian-video/meridian/testbed/cluster"
)

const (
	roomCap = 300_000
	// capWithin is how soon what is sent keeps to a cap, and capSlack how closely.
	capWithin = 5 * time.Second
	capSlack  = 1.1
	// soundRate is what one voice takes at the most, with headers.
	soundRate = 64_000
)

// moderator joins a new room that is open to all, and is its moderator.
func moderator(t *testing.T, c *cluster.Cluster, pop, id string) *client.Client {
	t.Helper()
	room := NewRoom(c, id, nil)
	o := room.Client(pop, "")
	o.Token = room.Moderator("Moderator")
	var mod *client.Client
	cluster.Wait(t, startTimeout, "a moderator is in the room", func() (err error) {
		ctx, cancel := context.WithTimeout(t.Context(), startTimeout)
		defer cancel()
		mod, err = client.Join(ctx, o)
		return err
	})
	t.Cleanup(mod.Close)
	return mod
}

// TestRoomsBitrateIsCapped has a moderator bound what everybody sends: what a
// browser sends, and another receives, keeps to it within 5 s, is a smaller
// picture that goes on, and comes back when the bound is removed.
// Covers F-098.
func TestRoomsBitrateIsCapped(t *testing.T) {
	c := cluster.Start(t, "fra", "iad")
	mod := moderator(t, c, "iad", "capped")
	publisher := New(t, "publisher", Options{Tone: 440, Width: 480, Height: 270})
	viewer := New(t, "viewer", Options{Width: 1920, Height: 1080}) // two large tiles: the moderator has one
	join(publisher, c.Edges["fra"].URL+"/m/capped?pop=fra", "Publisher")
	join(viewer, c.Edges["iad"].URL+"/m/capped?pop=iad", "Viewer")
	viewer.receives(t, "the high layer", 720)
	before := measure(publisher, viewer, 4*time.Second)
	t.Logf("unbounded: %v", before)

	began := time.Now()
	if err := mod.SetBitrate(t.Context(), "cap", roomCap); err != nil {
		t.Fatal(err)
	}
	t.Logf("acknowledged after %v", time.Since(began).Round(time.Millisecond))
	publisher.Until(capWithin, "keeps to the cap", func(s State) error {
		if up := s.sentVideo(); up == 0 || up > capSlack*roomCap {
			return fmt.Errorf("sends %.0f bit/s", up)
		}
		return nil
	})
	fell := time.Since(began)
	capped := measure(publisher, viewer, 10*time.Second)
	t.Logf("bounded, under it after %v: %v", fell.Round(100*time.Millisecond), capped)
	if capped.up > capSlack*roomCap {
		t.Errorf("the camera sends %.0f bit/s under a cap of %d", capped.up, roomCap)
	}
	if capped.down > capSlack*roomCap+soundRate {
		t.Errorf("%.0f bit/s arrive under a cap of %d", capped.down, roomCap)
	}
	if capped.frames < 3 || before.up < 2*roomCap || before.down < capped.down {
		t.Errorf("%.1f frames/s under the cap; before it %v", capped.frames, before)
	}
	viewer.Hears(startTimeout, 440)
	viewer.Shot("capped")

	if err := mod.SetBitrate(t.Context(), "free", 0); err != nil {
		t.Fatal(err)
	}
	began = time.Now()
	viewer.receives(t, "the high layer again", 720)
	publisher.Until(climbTimeout, "sends what it likes", func(s State) error {
		if up := s.sentVideo(); up < 2*roomCap {
			return fmt.Errorf("sends %.0f bit/s", up)
		}
		return nil
	})
	t.Logf("back after %v: %v", time.Since(began).Round(100*time.Millisecond), measure(publisher, viewer, 4*time.Second))
	viewer.Shot("free")
}

// sentVideo is the sum of all encodings, in bit/s.
func (s State) sentVideo() (sum float64) {
	for _, e := range s.Sending {
		sum += e.Bitrate
	}
	return sum
}

// rates are means over a while.
type rates struct {
	up     float64 // bit/s of the camera, all encodings
	down   float64 // bit/s that the viewer gets of all media
	frames float64 // a second, decoded
	lines  float64 // at the end
}

func (r rates) String() string {
	return fmt.Sprintf("camera sends %.0f, viewer receives %.0f kbit/s, %.0f lines at %.1f frames/s", r.up/1000, r.down/1000, r.lines, r.frames)
}

// measure reads both pages for a while; their figures change once a second.
func measure(publisher, viewer *Page, d time.Duration) (r rates) {
	n, first, began := 0.0, 0.0, time.Now()
	last := viewer.Until(d+startTimeout, "was measured", func(s State) error {
		v, ok := s.Picture()
		sender, err := publisher.State()
		if err != nil || !ok {
			return fmt.Errorf("no picture: %v", err)
		}
		if n++; n == 1 {
			first = v.Frames
		}
		r.up += sender.sentVideo()
		r.down += s.Connection.Down
		if time.Since(began) < d {
			return fmt.Errorf("not yet")
		}
		return nil
	})
	v, _ := last.Picture()
	r.up, r.down, r.lines = r.up/n, r.down/n, v.Height
	r.frames = (v.Frames - first) / time.Since(began).Seconds()
	return r
}
