package tracks

import (
	"time"

	"github.com/meridian-video/meridian/edge/sfu"
)

// wishHold is for how long less has to be enough before less is asked for: a
// slot that shows something else for a moment would else cost a keyframe and
// a round trip to come back.
const wishHold = 500 * time.Millisecond

// wish is how much of a remote track is asked for. Pure: the clock is the
// caller's.
type wish struct {
	asked sfu.Layer
	// While less than asked is wanted:
	falling bool
	since   time.Duration
	most    sfu.Layer // that was wanted since
}

// update takes what is wanted now and returns what to ask for: more at once,
// less after it was enough for wishHold.
func (w *wish) update(now time.Duration, wanted sfu.Layer) sfu.Layer {
	w.asked = upper(w.asked, wanted)
	if w.asked == wanted {
		w.falling = false
		return w.asked
	}
	if !w.falling {
		w.falling, w.since, w.most = true, now, wanted
	}
	w.most = upper(w.most, wanted)
	if now-w.since >= wishHold {
		w.asked, w.falling = w.most, false
	}
	return w.asked
}

// upper is what serves both.
func upper(a, b sfu.Layer) sfu.Layer {
	return sfu.Layer{Spatial: max(a.Spatial, b.Spatial), Temporal: max(a.Temporal, b.Temporal)}
}
