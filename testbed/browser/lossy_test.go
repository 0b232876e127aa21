package browser

import (
	"fmt"
	"testing"
	"time"

	"github.com/meridian-video/meridian/testbed/cluster"
)

// longestFreeze is what a picture may stand still under loss: Chromium asks
// for a keyframe 3 s after the last picture, and both that and the keyframe
// may be lost, too. The aim is 2 s; the log says what it was.
const longestFreeze = 7 * time.Second

// TestLossyWay has every codec go over a way that loses 3 % each way, twice
// that from camera to viewer: pictures go on. Then 10 % are lost, and the
// sound of who sends it with redundancy has fewer holes.
func TestLossyWay(t *testing.T) {
	server := freeUDP(t)
	way := newNarrow(t, server)
	c := cluster.StartAt(t, map[string]cluster.Media{
		"fra": {Listen: server.String(), Announce: []string{way.near.LocalAddr().String()}},
	}, "fra")
	source := New(t, "source", Options{Tone: 440, Scripts: []string{wire}, Width: 480, Height: 270})
	viewer := New(t, "viewer", Options{Scripts: []string{bare, wire}, Width: 640, Height: 360})
	sound := map[string]Received{}
	for _, r := range []struct {
		codec, query string
		while        time.Duration
	}{
		{"av1", "&red=1", 20 * time.Second},
		{"vp9", "", 8 * time.Second},
		{"h264", "", 8 * time.Second},
	} {
		t.Run(r.codec, func(t *testing.T) {
			source, viewer := source.within(t), viewer.within(t)
			way.loses(0.03, 0)
			url := c.Edges["fra"].URL + "/m/lossy-" + r.codec
			join(source, url+"?codec="+r.codec+r.query, "Source")
			attend(viewer, url, "Viewer")
			viewer.moves("camera")
			source.Until(startTimeout, "sends "+r.codec, sendsIn(r.codec))

			before := viewer.Received("video")
			longest := viewer.watches(r.while)
			got := viewer.Received("video").Since(before)
			t.Logf("%.0f pictures in %v, longest standstill %.1f s, %.0f keyframes, %.0f asked for", got.Frames, r.while, longest.Seconds(), got.Keyframes, got.Asked)
			if longest > longestFreeze || got.Frames == 0 {
				t.Errorf("%.0f pictures; they stood still for %v", got.Frames, longest)
			}
			if r.codec == "h264" {
				return // its sound is as that of VP9
			}
			way.loses(0.10, 0)
			heard := viewer.Received("audio")
			viewer.watches(6 * time.Second)
			sound[r.codec] = viewer.Received("audio").Since(heard)
		})
	}
	red, opus := sound["av1"], sound["vp9"]
	t.Logf("10 %% lost each way: with redundancy %.1f %% of the sound is made up (%.0f bytes a packet), without %.1f %% (%.0f)",
		100*red.hollow(), red.perPacket(), 100*opus.hollow(), opus.perPacket())
	if red.perPacket() < 1.5*opus.perPacket() {
		t.Errorf("packets of %.0f bytes carry nothing twice, if without they have %.0f", red.perPacket(), opus.perPacket())
	}
	if red.hollow() >= opus.hollow() {
		t.Error("redundancy has mended nothing")
	}
}

// watches returns how long the camera stood still at most during a while.
func (p *Page) watches(while time.Duration) time.Duration {
	p.t.Helper()
	began := time.Now()
	w := stood{at: began}
	p.Until(while+startTimeout, "watches", func(s State) error {
		if v, err := s.showing("camera"); err == nil {
			w.see(v)
		}
		if time.Since(began) < while {
			return fmt.Errorf("watching")
		}
		return nil
	})
	return w.longest
}
