package relay

import (
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/meridian-video/meridian/relay/congestion"
	"github.com/meridian-video/meridian/relay/wire"
)

// helm is a Feed that keeps what it is told.
type helm struct {
	studio
	shared bool
}

func (h *helm) Screen() bool { return h.shared }

// TestFeedIsToldTheLesserOfWishAndRoom, once each, and asked for keyframes of what passes
// again.
func TestFeedIsToldTheLesserOfWishAndRoom(t *testing.T) {
	var s steering
	feed := &helm{shared: true}
	s.begin(feed, wire.Layers{Spatial: 2, Temporal: 2}, false)
	if !s.screen {
		t.Error("a screen is not known as one")
	}
	s.measure(time.Second, congestion.Counts{100, 100, 100})
	s.pass(wire.AllLayers)
	s.pass(wire.Layers{Spatial: 1, Temporal: 127})
	s.want(wire.Layers{Spatial: 0, Temporal: 2})
	s.pass(wire.Layers{Spatial: 1, Temporal: 127})
	s.want(wire.Layers{Spatial: 2, Temporal: 1}) // the subscriber asks for its keyframe itself
	s.pass(wire.NoLayers)
	s.pass(wire.AllLayers)
	s.end()
	s.pass(wire.NoLayers)
	s.want(wire.NoLayers)
	want := []wire.Layers{
		{Spatial: 1, Temporal: 2}, {Spatial: 0, Temporal: 2}, {Spatial: 1, Temporal: 1}, wire.NoLayers, {Spatial: 2, Temporal: 1},
	}
	if diff := cmp.Diff(want, feed.wanted()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]uint8{0, 1, 2}, feed.wished()); diff != "" {
		t.Errorf("keyframes: %s", diff)
	}
}

// TestArrivalsBecomeReports over clocks and delays that wrap.
func TestArrivalsBecomeReports(t *testing.T) {
	var in arrivals
	var out arrival
	clock := uint32(math.MaxUint32 - 10_000)
	frame := func(bytes int, delays ...uint32) (congestion.Report, bool) {
		in.count(bytes)
		for _, d := range delays {
			in.sample(d)
		}
		clock += 20_000
		return out.report(in.take(clock))
	}
	if _, ok := frame(500, math.MaxUint32-2_000); ok {
		t.Error("the first frame has an interval")
	}
	base := out.delay
	for i, c := range []struct {
		delays  []uint32
		samples int
		delay   time.Duration
	}{
		{[]uint32{2_999, 9_000}, 2, 5 * time.Millisecond},
		{nil, 0, 5 * time.Millisecond},
		{[]uint32{9_000, math.MaxUint32, 3_000}, 3, 2 * time.Millisecond},
	} {
		r, ok := frame(1000, c.delays...)
		if !ok || r.Interval != 20*time.Millisecond || r.Received != 1000 || r.Samples != c.samples {
			t.Errorf("report %d: %+v, %v", i, r, ok)
		}
		if d := (r.Delay - base).Round(time.Millisecond); d != c.delay {
			t.Errorf("report %d: delay grew by %v, want %v", i, d, c.delay)
		}
	}
}

func TestPortion(t *testing.T) {
	var p portion
	if got := p.of(100, 0); got != 100 {
		t.Errorf("%v of 100 before anything was sent", got)
	}
	for range 50 {
		p.sent += 100
		p.of(0, 80)
	}
	if got, whole := p.of(100, 0), p.whole(80); got < 75 || got > 81 || whole < 99 || whole > 120 {
		t.Errorf("%v of 100, 80 of %v, want 80 and 100", got, whole)
	}
	p = portion{sent: 100}
	if got := p.of(100, 1); got != 50 {
		t.Errorf("%v of 100 when next to nothing is the tracks'", got)
	}
	p = portion{sent: 100}
	if got := p.of(100, 1000); got != 100 {
		t.Errorf("%v of 100 when more was given than left", got)
	}
}
