package browser

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/meridian-video/meridian/testbed/cluster"
)

// TestChangesCostOthersNoNegotiation has somebody mute, stop the camera, lose
// the devices and share a tab; the others see and hear each change and take no
// description but their first.
func TestChangesCostOthersNoNegotiation(t *testing.T) {
	c := cluster.Start(t, "fra")
	url := c.Edges["fra"].URL + "/m/changes"
	source := New(t, "source", Options{Tone: 440, Shares: "Slides", Scripts: []string{wire}, Width: 480, Height: 270})
	if err := source.drive.(*chromium).tab(slides); err != nil {
		t.Fatal(err)
	}
	other := New(t, "other", Options{Scripts: []string{bare, wire}, Width: 640, Height: 360})
	join(source, url, "Source")
	attend(other, url, "Other")
	other.Until(startTimeout, "sees the source", decodes(1))
	other.Hears(startTimeout, 440)

	t.Run("muted and unmuted", func(t *testing.T) {
		source.within(t).Click(micButton)
		other.within(t).Misses(startTimeout, 440)
		source.within(t).Click(micButton)
		other.within(t).Hears(startTimeout, 440)
	})
	t.Run("camera off and on", func(t *testing.T) {
		source.within(t).Click(cameraButton)
		other.within(t).Until(startTimeout, "sees no camera", func(s State) error {
			if p, ok := s.Picture(); ok {
				return fmt.Errorf("has %s", p.Track)
			}
			return nil
		})
		source.within(t).Click(cameraButton)
		other.within(t).moves("camera")
	})
	t.Run("devices replaced", func(t *testing.T) {
		before := source.within(t).Sent()
		if _, err := Eval[bool](source, "wire.unplug() ?? true"); err != nil {
			t.Fatal(err)
		}
		cluster.Wait(t, startTimeout, "others are sent instead", func() error {
			now := source.within(t).Sent()
			if len(now) != 2 || now[0].ID == before[0].ID || now[1].ID == before[1].ID {
				return fmt.Errorf("sends %v, before %v", now, before)
			}
			return nil
		})
		other.within(t).moves("camera")
		other.within(t).Hears(startTimeout, 440)
	})
	late := New(t, "late", Options{Scripts: []string{bare, wire}, Width: 640, Height: 360})
	// Covers F-068.
	t.Run("a shared tab for a late joiner", func(t *testing.T) {
		source.within(t).Click(shareButton)
		other.within(t).moves("share")
		attend(late.within(t), url, "Late")
		screen := source.within(t).Sent()[2]
		late.within(t).Until(climbTimeout, "sees all of the screen", func(s State) error {
			v, err := s.showing("share")
			if err == nil && (v.Width != screen.Width || v.Height != screen.Height) {
				err = fmt.Errorf("%.0f × %.0f, the screen has %.0f × %.0f", v.Width, v.Height, screen.Width, screen.Height)
			}
			return err
		})
		for _, p := range []*Page{other, late} {
			p.within(t).Hears(startTimeout, 1500)
		}
		rate := late.within(t).rate("share", 4*time.Second)
		t.Logf("%.0f × %.0f, %.0f pictures/s", screen.Width, screen.Height, rate)
		// A machine without time to spare captures and sends fewer than 30.
		if rate < 2 || rate > 33 {
			t.Errorf("%.1f pictures/s of what moves all the time", rate)
		}
		late.Shot("share")
	})
	for _, p := range []*Page{source, other, late} {
		if n := p.Negotiated(); n != 1 {
			t.Errorf("%s took %d descriptions", p.Name, n)
		}
	}
}

// showing is the first video slot with somebody's camera or share.
func (s State) showing(source string) (SlotState, error) {
	for _, v := range s.Slots.Video {
		if strings.HasSuffix(v.Track, "."+source) {
			return v, nil
		}
	}
	return SlotState{}, fmt.Errorf("no %s in %d slots", source, len(s.Slots.Video))
}

// moves waits until five more pictures of a source have come.
func (p *Page) moves(source string) {
	p.t.Helper()
	before := -1.0
	p.Until(startTimeout, "sees the "+source+" move", func(s State) error {
		v, err := s.showing(source)
		if err != nil {
			return err
		}
		if before < 0 {
			before = v.Frames
		}
		if v.Frames < before+5 {
			return fmt.Errorf("%.0f pictures, there were %.0f", v.Frames, before)
		}
		return nil
	})
}

// rate is how many pictures a second of a source come over a while.
func (p *Page) rate(source string, while time.Duration) float64 {
	p.t.Helper()
	var first, last SlotState
	var from time.Time
	p.Until(while+startTimeout, "counts pictures", func(s State) error {
		v, err := s.showing(source)
		if err != nil {
			return err
		}
		// The page's figures change once a second.
		if first.Track == "" || v.Frames != last.Frames && from.IsZero() {
			if first.Track != "" {
				from = time.Now()
			}
			first = v
		}
		last = v
		if from.IsZero() || time.Since(from) < while {
			return fmt.Errorf("counting")
		}
		return nil
	})
	return (last.Frames - first.Frames) / time.Since(from).Seconds()
}
