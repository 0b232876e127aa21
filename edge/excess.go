package edge

import (
	"time"

	"github.com/meridian-video/meridian/edge/sfu"
)

const (
	// capSlack is how far above a cap a measured layer may be: encoders overshoot
	// by a tenth, and keyframes and moving screens by more for a moment.
	capSlack = 1.25
	// excessSpan is how long a layer may be above it, as one is whose publisher has
	// just been told: encoders follow within two seconds, the measure in one more.
	excessSpan = 4 * time.Second
	// unseenCost is what a layer is taken to cost at the most that was never seen.
	unseenCost = 1_500_000
)

// excess follows which layers of a source are above a cap, for one subscriber. Pure.
type excess struct {
	since [sfu.MaxSpatial + 1][sfu.MaxTemporal + 1]time.Duration // above it; 0: not
	cut   sfu.Layer                                              // this and all above are held back
	until time.Duration                                          // also when they do not come
	again time.Duration                                          // how long next time
	held  bool
}

// within lists the layers that may be forwarded under a limit, each at a cost
// within it; the list is in order. blocked says that none may, though some come.
//
// A layer that stays above is held back with all above it, since a slot takes
// the highest that comes. It is let go when it has come down; or when it has
// stopped, after firstDoubt, and twice as long each time up to longDoubt: what it
// was above may have been the rest of a higher cap.
func (x *excess) within(now time.Duration, limit int, layers []sfu.LayerStats) (out []sfu.LayerStats, blocked bool) {
	if limit <= 0 {
		return layers, false
	}
	x.hold(now, limit, layers)
	out = make([]sfu.LayerStats, 0, len(layers))
	for _, l := range layers {
		if x.held && !below(l.Layer, x.cut) {
			continue
		}
		if l.Bitrate > limit || l.Bitrate == 0 && limit < unseenCost {
			l.Bitrate = limit
		}
		out = append(out, l)
	}
	return out, len(out) == 0 && len(layers) > 0
}

// hold finds the lowest layer that must be held back.
func (x *excess) hold(now time.Duration, limit int, layers []sfu.LayerStats) {
	if x.held && x.released(now, limit, layers) {
		x.held = false
	}
	for _, l := range layers {
		since := &x.since[l.Layer.Spatial][l.Layer.Temporal]
		switch {
		case !l.Live || l.Bitrate <= int(capSlack*float64(limit)):
			*since = 0
		case *since == 0:
			*since = now
		case now-*since > excessSpan && (!x.held || below(l.Layer, x.cut)):
			x.held, x.cut = true, l.Layer
			x.again = min(max(2*x.again, firstDoubt), longDoubt)
			x.until = now + x.again
		}
	}
}

// released says whether what is held back has come down to the limit, or has
// stopped for long enough.
func (x *excess) released(now time.Duration, limit int, layers []sfu.LayerStats) bool {
	for _, l := range layers {
		if l.Layer == x.cut && l.Live {
			return l.Bitrate <= limit
		}
	}
	return now >= x.until
}

// below reports whether a layer is forwarded without another.
func below(l, other sfu.Layer) bool {
	return l.Spatial < other.Spatial || l.Spatial == other.Spatial && l.Temporal < other.Temporal
}
