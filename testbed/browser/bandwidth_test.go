package browser

import (
	"fmt"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/meridian-video/meridian/testbed/cluster"
)

// standstill is how long a picture may stand while its layer goes down.
const standstill = 2 * time.Second

// TestNarrowWay has a viewer's way become narrow and wide again: the picture
// becomes smaller rather than stand still, or is paused and says so, the sound
// goes on, and the picture comes back.
func TestNarrowWay(t *testing.T) {
	server := freeUDP(t)
	way := newNarrow(t, server)
	c := cluster.StartAt(t, map[string]cluster.Media{
		"syd": {Listen: server.String(), Announce: []string{way.near.LocalAddr().String()}},
	}, "fra", "syd")
	publisher := New(t, "publisher", Options{Tone: 440, Width: 480, Height: 270})
	viewer := New(t, "viewer", Options{Width: 1280, Height: 720})
	join(publisher, c.Edges["fra"].URL+"/m/narrow?pop=fra", "Publisher")
	way.carries(3_000_000)
	join(viewer, c.Edges["syd"].URL+"/m/narrow?pop=syd", "Viewer")
	wide := viewer.receives(t, "the high layer", 720)

	way.carries(300_000)
	began := time.Now()
	watch := stood{at: began, frames: wide.Frames}
	low := viewer.Until(climbTimeout, "gets less, and the node says why", func(s State) error {
		v, _ := s.Picture()
		watch.see(v)
		if v.Layer == nil || v.Layer.Reason != "bandwidth" || v.Layer.State != "paused" && v.Height >= wide.Height {
			return fmt.Errorf("%v, %.0f lines", v.Layer, v.Height)
		}
		return nil
	})
	v, _ := low.Picture()
	t.Logf("after %.1f s: %v, %.0f lines", time.Since(began).Seconds(), v.Layer, v.Height)
	viewer.Shot("narrow")
	viewer.Sounds(startTimeout)
	viewer.Hears(startTimeout, 440)
	if watch.longest > standstill+pollSlack {
		t.Errorf("the picture stood still for %v", watch.longest)
	}

	way.carries(3_000_000)
	viewer.receives(t, "the high layer again", 720)
	viewer.Shot("wide")
}

// pollSlack is how coarse the page's figures are.
const pollSlack = 1200 * time.Millisecond

// stood measures how long a picture that is not paused stands still.
type stood struct {
	frames  float64
	at      time.Time
	longest time.Duration
}

func (w *stood) see(v SlotState) {
	if now := time.Now(); v.Frames != w.frames || v.Layer != nil && v.Layer.State == "paused" {
		w.frames, w.at = v.Frames, now
	} else {
		w.longest = max(w.longest, now.Sub(w.at))
	}
}

// freeUDP finds a port that is free now.
func freeUDP(t *testing.T) netip.AddrPort {
	t.Helper()
	c, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	return netip.MustParseAddrPort(c.LocalAddr().String())
}
