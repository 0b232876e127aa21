package edge

import "time"

// startSpan is how long a slot may take to its first picture.
const startSpan = time.Second

// freeze counts how often, and for how long in all, a slot that should move
// stood still.
type freeze struct {
	stands bool
	at     time.Duration
	times  int
	total  time.Duration
}

// update takes whether the slot stands still now.
func (f *freeze) update(now time.Duration, stands bool) {
	if f.stands {
		f.total += now - f.at
	}
	if stands && !f.stands {
		f.times++
	}
	f.stands, f.at = stands, now
}
