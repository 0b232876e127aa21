package browser

import (
	"fmt"
	"testing"
	"time"

	"github.com/meridian-video/meridian/testbed/cluster"
)

// climbTimeout bounds the way to the highest layer: the publisher's own probes,
// and the allocator's.
const climbTimeout = 30 * time.Second

// TestLayersFollowTheTile has a picture shown large, small and large again, in
// every codec: what the viewer receives follows the size of its tile, and the
// publisher sends nothing that nobody watches.
func TestLayersFollowTheTile(t *testing.T) {
	c := cluster.Start(t, "fra")
	publisher := New(t, "publisher", Options{Width: 480, Height: 270})
	viewer := New(t, "viewer", Options{Width: 480, Height: 270})
	for _, codec := range []string{"vp8", "av1", "vp9", "h264"} {
		t.Run(codec, func(t *testing.T) {
			url := c.Edges["fra"].URL + "/m/layers-" + codec
			viewer.Resize(1280, 720)
			publisher.join(t, url+"?codec="+codec, "Publisher")
			viewer.join(t, url, "Viewer")
			viewer.receives(t, codec+" in the high layer", 720)
			publisher.sends(t, codec, 720)

			viewer.Resize(256, 160)
			low := viewer.receives(t, codec+" in the low layer", 180)
			publisher.sends(t, codec, 180)
			viewer.Shot(codec + "-small")

			viewer.Resize(1280, 720)
			high := viewer.receives(t, codec+" in the high layer again", 720)
			if high.Frames <= low.Frames {
				t.Errorf("%.0f frames decoded, there were %.0f", high.Frames, low.Frames)
			}
			viewer.Shot(codec)
		})
	}
}

// receives waits until the only picture flows with so many lines, and the node
// says that this is its choice.
func (p *Page) receives(t *testing.T, what string, height float64) SlotState {
	t.Helper()
	began, frames := time.Now(), -1.0
	s := p.within(t).Until(climbTimeout, "receives "+what, func(s State) error {
		v, ok := s.Picture()
		switch {
		case !ok || v.Layer == nil:
			return fmt.Errorf("no picture")
		case v.Layer.State != "live" || v.Height != height:
			return fmt.Errorf("%s, %.0f lines", v.Layer.State, v.Height)
		case frames < 0:
			frames = v.Frames
		}
		if v.Frames < frames+5 {
			return fmt.Errorf("%.0f frames, want five more than %.0f", v.Frames, frames)
		}
		return nil
	})
	v, _ := s.Picture()
	t.Logf("%s: %s after %.1f s: spatial %d of %d, temporal %d", p.Name, what, time.Since(began).Seconds(), v.Layer.Spatial, v.Layer.Layers, v.Layer.Temporal)
	return v
}

// sends waits until the camera is sent in a codec with so many lines at the
// most, and nothing flows in encodings above.
func (p *Page) sends(t *testing.T, codec string, height float64) {
	t.Helper()
	p.within(t).Until(startTimeout, fmt.Sprintf("sends %.0f lines of %s and no more", height, codec), func(s State) error {
		flowing, _ := s.Camera()
		top := 0.0
		for _, e := range flowing {
			if e.Codec != codec {
				return fmt.Errorf("sends %s", e.Codec)
			}
			top = max(top, e.Height)
		}
		if top != height {
			return fmt.Errorf("sends %.0f lines", top)
		}
		for _, e := range s.Sending {
			if e.Source == "camera" && !e.Active && e.Bitrate > 0 {
				return fmt.Errorf("%s is off and sends %.0f bit/s", e.RID, e.Bitrate)
			}
		}
		return nil
	})
}
