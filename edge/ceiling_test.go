package edge

import (
	"slices"
	"testing"
	"time"

	"github.com/meridian-video/meridian/edge/room"
	"github.com/meridian-video/meridian/edge/sfu"
	"github.com/meridian-video/meridian/edge/signal"
)

func capEvents(bitrate int) []room.Event {
	return []room.Event{{Kind: room.EventChat}, {Kind: room.EventRules, Rules: &room.Rules{Bitrate: room.Rule[int]{Value: bitrate}}}}
}

func TestCeilingTellsWhatIsNew(t *testing.T) {
	for _, tc := range []struct {
		name string
		do   func(c *ceiling, tell func(int))
		want []int
	}{
		{"no cap", func(c *ceiling, tell func(int)) {
			c.begin(0, tell)
			c.follow([]room.Event{{Kind: room.EventChat}}, tell)
		}, nil},
		{"the snapshot's", func(c *ceiling, tell func(int)) { c.begin(300_000, tell) }, []int{300_000}},
		{"changed and removed", func(c *ceiling, tell func(int)) {
			c.begin(300_000, tell)
			c.follow(capEvents(500_000), tell)
			c.follow(capEvents(500_000), tell)
			c.follow(capEvents(0), tell)
		}, []int{300_000, 500_000, 0}},
		{"changed before the snapshot came", func(c *ceiling, tell func(int)) { c.follow(capEvents(500_000), tell); c.begin(300_000, tell) }, []int{500_000}},
		{"removed before the snapshot came", func(c *ceiling, tell func(int)) { c.follow(capEvents(0), tell); c.begin(300_000, tell) }, nil},
		{"another copy of the room", func(c *ceiling, tell func(int)) { c.begin(300_000, tell); c.set(0, tell) }, []int{300_000, 0}},
	} {
		var c ceiling
		var told []int
		tc.do(&c, func(bitrate int) { told = append(told, bitrate) })
		if !slices.Equal(told, tc.want) {
			t.Errorf("%s: told %v, want %v", tc.name, told, tc.want)
		}
		if c.capped() != (len(told) > 0 && told[len(told)-1] > 0) {
			t.Errorf("%s: capped %v after %v", tc.name, c.capped(), told)
		}
	}
}

// Of a publisher that ignores the cap no layer above it is forwarded for long,
// and all come back when it is removed.
func TestLayersAboveTheCapAreNotForwarded(t *testing.T) {
	s := newGallery(t)
	tracks := []string{"a.vp8.camera", "b.vp8.camera"}
	s.film(3*time.Second, 3, tracks...)
	s.bound(400_000)
	s.film(excessSpan+2*time.Second, 3, tracks...)
	for i, target := range s.targets()[:2] {
		if target.Spatial != 1 {
			t.Errorf("under 400 kbit/s the target of slot %d is %v", i, target)
		}
		if told := s.newest()[i]; told.State != signal.SlotLive || told.Reason != signal.PausedByCap || told.Spatial != 1 {
			t.Errorf("of slot %d told %+v", i, *told)
		}
	}
	s.bound(50_000)
	s.film(excessSpan+2*time.Second, 3, tracks...)
	if got := s.targets(); got[0] != sfu.NoLayer || got[1] != sfu.NoLayer {
		t.Errorf("under 50 kbit/s the targets are %v", got)
	}
	if told := s.newest()[0]; told.State != signal.SlotPaused || told.Reason != signal.PausedByCap {
		t.Errorf("told %+v", *told)
	}
	s.bound(0)
	s.film(3*time.Second, 3, tracks...)
	if got := s.targets(); got[0].Spatial != 2 || got[1].Spatial != 2 {
		t.Errorf("without a cap the targets are %v", got)
	}
	if told := s.newest()[0]; told.State != signal.SlotLive || told.Reason != signal.NoPause {
		t.Errorf("told %+v", *told)
	}
}

// A source within the cap loses nothing to it, and is taken to cost no more.
func TestCapBoundsWhatLayersCost(t *testing.T) {
	s := newGallery(t)
	s.bound(400_000)
	s.film(10*time.Second, 2, "a.vp8.camera", "b.vp8.camera")
	for i, target := range s.targets()[:2] {
		if target.Spatial < 1 {
			t.Errorf("the target of slot %d is %v", i, target)
		}
	}
	if most := int(2*400_000*overhead*headroom) + voiceCost; s.path.wanted > most {
		t.Errorf("wanted %d bit/s, want %d at the most", s.path.wanted, most)
	}
}

// The cap is one for all videos of a participant: the screen comes first.
func TestScreenAndCameraShareTheCap(t *testing.T) {
	s := newStage(t, 3, 0)
	s.at = time.Second
	s.publish("fra-1", "a.vp8.camera", "a.vp8.share", "b.vp8.camera")
	s.assign(signal.Assignment{Video: list("a.vp8.camera", "a.vp8.share", "b.vp8.camera")}, s.look)
	s.start()
	s.bound(400_000)
	s.film(12*time.Second, 3, "a.vp8.camera", "a.vp8.share", "b.vp8.camera")
	got := s.targets()
	if got[1].Spatial != 1 || got[2].Spatial != 1 {
		t.Errorf("targets %v: the screen, and the camera of who has none, have 300 of 400 kbit/s", got)
	}
	if got[0].Spatial != 0 {
		t.Errorf("targets %v: the camera beside the screen has 100 kbit/s", got)
	}
}

func TestCapIsNoFaultOfTheSender(t *testing.T) {
	s := sent{Kind: trackCamera, Packets: 100, Bitrate: 250_000, Layers: 1, Asked: 3, Lines: 720, FPS: 10, wantedFPS: 30}
	f := figures{sent: []sent{s}}
	free := sampleUp(f.sent, 0).Video[0]
	f.capped()
	capped := sampleUp(f.sent, 0).Video[0]
	if free.WantedLayers != 3 || free.Need == 0 || capped.WantedLayers != 0 || capped.Need != 0 || capped.WantedFPS != 0 {
		t.Errorf("without a cap %+v, with one %+v", free, capped)
	}
}
