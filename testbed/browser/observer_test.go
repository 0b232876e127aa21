package browser

import (
	"testing"

	"github.com/meridian-video/meridian/testbed/cluster"
)

// TestAnObserverIsHeardAndNotSeen: a moderator makes somebody an observer, whose
// tile and camera go, and who hears and is heard as before.
// Covers F-083.
func TestAnObserverIsHeardAndNotSeen(t *testing.T) {
	t.Parallel()
	c := cluster.Start(t, "fra")
	url := c.Edges["fra"].URL + "/m/observed"
	mod := moderator(t, c, "fra", "observed")
	observer, other := New(t, "observer", Options{Tone: 440, Width: 640, Height: 360}), New(t, "other", Options{Tone: 700, Width: 640, Height: 360})
	join(observer, url, "Observer")
	join(other, url, "Other")
	other.Until(startTimeout, "sees the observer to be", decodes(1))
	s, err := observer.State()
	if err != nil {
		t.Fatal(err)
	}
	tile := "person:" + s.PeerID
	shown := func(s State) bool { return s.tiled(tile) }
	other.until("has the tile", shown)
	if err := mod.Act(t.Context(), "o1", "mode", s.PeerID, "observer"); err != nil {
		t.Fatal(err)
	}
	other.until("has no tile and no picture of the observer", func(s State) bool { return !shown(s) && s.Decoding(0) == 0 })
	if s, err := other.State(); err != nil || s.named("Observer").Mode != "observer" {
		t.Errorf("listed as %+v, %v", s.named("Observer"), err)
	}
	observer.shows("no camera button", `document.querySelector('`+cameraButton+`') === null && document.querySelector('`+micButton+`') !== null`)
	other.Hears(startTimeout, 440)
	observer.Hears(startTimeout, 700)
	observer.Shot("observer")
}

// tiled reports whether a tile stands on the stage.
func (s State) tiled(key string) bool {
	for _, t := range s.Tiles {
		if t.Key == key {
			return true
		}
	}
	return false
}
