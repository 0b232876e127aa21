package browser

import (
	"fmt"
	"testing"
	"time"

	"github.com/meridian-video/meridian/testbed/cluster"
)

// longestFreeze is what a picture may stand still under loss: less than the 3 s
// after which Chromium asks for a keyframe, since what is lost is repaired.
const longestFreeze = 2 * time.Second

// leastTaken of the camera's eight pictures a second leave time for the rest.
const leastTaken = 7

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
	viewer := New(t, "viewer", Options{Scripts: []string{bare, wire, stills}, Width: 640, Height: 360})
	sound := map[string]Received{}
	for _, r := range []struct {
		codec, query string
		while        time.Duration
	}{
		{"av1", "&red=1", 20 * time.Second},
		{"vp9", "", 20 * time.Second},
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

			before, taken := viewer.Received("video"), source.Taken()
			pictures, longest := viewer.watches(r.while)
			got := viewer.Received("video").Since(before)
			taken = source.Taken() - taken
			t.Logf("%.0f pictures of %.0f taken in %v, longest standstill %v, frozen for %.1f s, %.0f packets asked for again, %.0f keyframes, %.0f asked for",
				pictures, taken, r.while, longest, got.Frozen, got.NACKs, got.Keyframes, got.Asked)
			// A machine too busy for its camera says nothing of the way.
			if longest > longestFreeze && taken > leastTaken*r.while.Seconds() || pictures == 0 {
				t.Errorf("%.0f pictures; they stood still for %v", pictures, longest)
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

// watches counts the pictures of a while and says how long one stood still at
// most. The page has the script stills, which sees each as it is shown: the
// page's state is a second old.
func (p *Page) watches(while time.Duration) (pictures float64, longest time.Duration) {
	p.t.Helper()
	began := time.Now()
	if _, err := Eval[any](p, "stills.begin()"); err != nil {
		p.t.Fatalf("browser %s: %v", p.Name, err)
	}
	p.Until(while+startTimeout, "watches", func(State) error {
		if time.Since(began) < while {
			return fmt.Errorf("watching")
		}
		return nil
	})
	seen, err := Eval[struct{ Pictures, Longest float64 }](p, "stills.read()")
	if err != nil {
		p.t.Fatalf("browser %s: %v", p.Name, err)
	}
	return seen.Pictures, time.Duration(seen.Longest * float64(time.Millisecond)).Round(time.Millisecond)
}
