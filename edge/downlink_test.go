package edge

import (
	"math"
	"testing"
	"time"

	"github.com/meridian-video/meridian/edge/rtc"
	"github.com/meridian-video/meridian/edge/sfu"
	"github.com/meridian-video/meridian/edge/sfu/quality"
	"github.com/meridian-video/meridian/edge/signal"
)

// playing is a live slot that shows one of three encodings.
func playing(spatial int, reason signal.PauseReason, height int) scene {
	return scene{
		mid: "9", track: "a.vp8.camera", layers: simulcast(3, 3, 30),
		view:  signal.View{Height: height, Priority: signal.ForSpeaker, Visible: true},
		state: &signal.SlotLayer{State: signal.SlotLive, Reason: reason, Spatial: spatial, Temporal: 2, Layers: 3},
	}
}

// second reads a scene twice, a second apart, in which the slot is sent packets
// and the client reports some lost.
func second(c scene, packets, resent uint64, lost int64) (got, bool) {
	x := &receiving{}
	x.read(time.Second, c, rtc.DownStats{})
	c.stats.Packets, c.stats.Resent, c.stats.Octets = packets+resent, resent, 1000*(packets+resent)
	return x.read(2*time.Second, c, rtc.DownStats{
		Expected: int64(packets), Lost: lost, RTT: 40 * time.Millisecond, Jitter: 5 * time.Millisecond,
	})
}

func TestReceivingIsMeasured(t *testing.T) {
	c := playing(1, signal.PausedBandwidth, 700)
	g, ok := second(c, 100, 8, 10)
	if !ok || g.Packets != 100 || g.Resent != 8 || g.Bitrate != 108*8000 || g.RTT != 40 || g.Jitter != 5 {
		t.Errorf("%+v", g)
	}
	if want := 0.02 + 0.08*0.1; g.Lost != 0.1 || math.Abs(g.Missing-want) > 1e-9 {
		t.Errorf("lost %v, missing %v, want %v", g.Lost, g.Missing, want)
	}
	if g.Lines != 360 || g.Wanted != 720 || g.FPS != 30 || g.Frozen != 0 {
		t.Errorf("%+v", g)
	}
	x := &receiving{at: time.Second, scene: scene{track: "another"}}
	if _, ok := x.read(2*time.Second, c, rtc.DownStats{}); ok {
		t.Error("a slot is judged by two tracks")
	}
}

// What the source never had is missing at the client, too, whose reports may come
// a little before or after it is counted.
func TestGapsOfTheSourceAreNoLoss(t *testing.T) {
	for _, tc := range []struct {
		name    string
		reports []int64  // lost in each second
		gaps    []uint64 // of the source in each second
		want    float64
	}{
		{"the way's own loss", []int64{5, 5, 5, 5}, []uint64{0, 0, 0, 0}, 0.1},
		{"the source's", []int64{5, 5, 5, 5}, []uint64{5, 5, 5, 5}, 0},
		{"counted before", []int64{0, 0, 7, 0}, []uint64{7, 0, 0, 0}, 0},
		{"counted after", []int64{0, 0, 7, 0}, []uint64{0, 0, 0, 7}, 0},
		{"both", []int64{9, 9, 9, 9}, []uint64{4, 4, 4, 4}, 0.1},
		{"long ago", []int64{0, 0, 0, 0, 0, 0, 5, 5, 5, 5}, []uint64{9, 9, 9, 9, 0, 0, 0, 0, 0, 0}, 0.1},
		{"late packets come", []int64{5, -5, 5, -5}, []uint64{0, 0, 0, 0}, 0},
	} {
		c, r, x := scene{track: "a.opus.mic"}, rtc.DownStats{}, &receiving{}
		x.read(time.Second, c, r)
		var g got
		for n := range tc.reports {
			c.stats.Packets += 50
			c.gaps += tc.gaps[n]
			r.Expected, r.Lost = r.Expected+50, r.Lost+tc.reports[n]
			g, _ = x.read(time.Duration(n+2)*time.Second, c, r)
		}
		if math.Abs(g.Lost-tc.want) > 1e-9 {
			t.Errorf("%s: lost %v, want %v", tc.name, g.Lost, tc.want)
		}
	}
}

func TestWantedLinesFillTheView(t *testing.T) {
	for height, want := range map[int]int{0: 720, 100: 180, 180: 180, 181: 360, 500: 720, 2000: 720} {
		if g, _ := second(playing(0, signal.NoPause, height), 100, 0, 0); g.Wanted != want {
			t.Errorf("for a view of %d lines %d are wanted, not %d", height, g.Wanted, want)
		}
	}
}

func TestSlotsAreJudged(t *testing.T) {
	paused := func(why signal.PauseReason) scene {
		c := playing(-1, why, 720)
		c.state.State = signal.SlotPaused
		return c
	}
	waiting := playing(-1, signal.NoPause, 720)
	waiting.state.State = signal.SlotWaiting
	sound := scene{mid: "3", track: "a.opus.mic"}
	share := playing(0, signal.PausedBandwidth, 700)
	share.track, share.layers[2].FPS = "a.vp8.share", 60
	for _, tc := range []struct {
		name    string
		scene   scene
		packets uint64
		lost    int64
		judged  bool
		class   quality.Class
		cause   quality.Cause
	}{
		{"all that the view asks for", playing(2, signal.NoPause, 720), 100, 0, true, quality.Good, quality.None},
		{"climbing", playing(0, signal.NoPause, 720), 100, 0, true, quality.Good, quality.None},
		{"two layers too low", playing(0, signal.PausedBandwidth, 720), 100, 0, true, quality.Fair, quality.Downlink},
		{"no bandwidth", paused(signal.PausedBandwidth), 0, 0, true, quality.Poor, quality.Downlink},
		{"hidden", paused(signal.PausedHidden), 0, 0, false, quality.Good, quality.None},
		{"cannot be decoded", paused(signal.PausedCodec), 0, 0, false, quality.Good, quality.None},
		{"its source has stopped", paused(signal.PausedByItsOwner), 0, 0, true, quality.Fair, quality.Paused},
		{"about to begin", waiting, 0, 0, true, quality.Good, quality.None},
		{"nothing goes out", playing(2, signal.NoPause, 720), 0, 0, true, quality.Poor, quality.Downlink},
		{"loss that is not repaired", playing(2, signal.NoPause, 720), 100, 2, true, quality.Fair, quality.Downlink},
		{"a share in few lines", share, 30, 0, true, quality.Fair, quality.Downlink},
		{"sound", sound, 50, 0, true, quality.Good, quality.None},
		{"sound with loss", sound, 50, 4, true, quality.Fair, quality.Downlink},
		{"sound that is muted", sound, 3, 1, false, quality.Good, quality.None},
	} {
		t.Run(tc.name, func(t *testing.T) {
			g, ok := second(tc.scene, tc.packets, 0, tc.lost)
			if ok != tc.judged {
				t.Fatalf("judged: %v", ok)
			}
			var slots []got
			if ok {
				slots = append(slots, g)
			}
			if v := new(quality.Judge).Judge(0, sampleDown(slots, 0)); v.Class != tc.class || v.Cause != tc.cause {
				t.Errorf("%+v of %+v", v, g)
			}
		})
	}
}

// One of many small videos counts half of what the speaker does.
func TestSmallVideosCountLess(t *testing.T) {
	small := playing(-1, signal.PausedBandwidth, 180)
	small.state.State, small.view.Priority = signal.SlotPaused, signal.ForOther
	large, _ := second(playing(2, signal.NoPause, 720), 100, 0, 0)
	g, _ := second(small, 0, 0, 0)
	of := func(slots ...got) quality.Verdict { return new(quality.Judge).Judge(0, sampleDown(slots, 0)) }
	if v := of(large, g); v.Class != quality.Fair {
		t.Errorf("beside others: %+v", v)
	}
	if v := of(g); v.Class != quality.Poor {
		t.Errorf("alone: %+v", v)
	}
}

func TestFreezesAreCounted(t *testing.T) {
	var f freeze
	for at, stands := range []bool{false, true, true, false, false, true, false} {
		f.update(time.Duration(at)*time.Second, stands)
	}
	if f.times != 2 || f.total != 3*time.Second {
		t.Errorf("%+v", f)
	}
}

// What the slots of a stage show, and only once it was divided.
func TestScenes(t *testing.T) {
	s := newGallery(t)
	s.setViews([]*signal.View{tile(720, signal.ForPinned), tile(720, signal.ForOther), nil})
	s.film(3*time.Second, 3, "a.vp8.camera")
	list := s.scenes()
	if len(list) != 3 || list[0].track != "a.vp8.camera" || list[1].track != "b.vp8.camera" || list[2].track != "a.opus.mic" {
		t.Fatalf("%+v", list)
	}
	if a := list[0]; a.state.State != signal.SlotLive || a.stats.Packets == 0 || len(a.layers) == 0 || a.freeze.times != 0 || a.view.Priority != signal.ForPinned {
		t.Errorf("%+v", a)
	}
	if b := list[1]; b.state.State == signal.SlotLive || b.stats.Packets != 0 {
		t.Errorf("%+v", b)
	}
	if list[2].state != nil {
		t.Errorf("%+v", list[2])
	}
}

// A keyframe that does not come is a freeze after the slot's first second.
func TestWaitingSlotFreezes(t *testing.T) {
	s := newStage(t, 1, 0)
	s.at = time.Second
	s.publish("fra-1", "a.vp8.camera")
	s.assign(signal.Assignment{Video: list("a.vp8.camera")}, s.look)
	s.start()
	deltas := func(d time.Duration) { // no keyframe: the first bit of the payload says so
		for end := s.at + d; s.at < end; s.at += 100 * time.Millisecond {
			n := uint16(s.at / (100 * time.Millisecond))
			s.ups["a.vp8.camera"].Write(&sfu.Packet{SequenceNumber: n, Timestamp: uint32(n) * 9000, Marker: true, AudioLevel: sfu.NoAudioLevel, Arrival: s.at, Payload: []byte{0x10, 1, 0, 0, 0}})
			s.ups["a.vp8.camera"].Tick(s.at)
			s.mu.Lock()
			s.divide()
			s.mu.Unlock()
		}
	}
	deltas(900 * time.Millisecond)
	if f := s.scenes()[0].freeze; f.times != 0 {
		t.Errorf("at first %+v", f)
	}
	deltas(2 * time.Second)
	if f := s.scenes()[0].freeze; f.times != 1 || f.total < 1500*time.Millisecond || f.total > 2*time.Second {
		t.Errorf("then %+v", f)
	}
}
