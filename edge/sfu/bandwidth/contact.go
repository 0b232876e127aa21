package bandwidth

import "time"

const (
	// silence is how long an answer may be missing, beyond two round trips,
	// before the target is halved, and then halved again.
	silence = 500 * time.Millisecond
	// reportSilence is that while no transport-wide feedback has come: receiver
	// reports come each 5 s and half as much (RFC 3550 section 6.2).
	reportSilence = 8 * time.Second
	// fallback is how long transport-wide feedback must be missing for
	// receiver reports to count.
	fallback = 2 * time.Second
	// defaultRTT holds until the transport knows better, and maxRTT bounds
	// what a subscriber can make us wait.
	defaultRTT = 100 * time.Millisecond
	maxRTT     = time.Second
)

// contact is whether the subscriber answers.
type contact struct {
	rtt     time.Duration
	waiting bool          // something was sent since the last answer
	since   time.Duration // the first of it
	halved  time.Duration
	silent  bool // until an answer comes
	fed     bool // transport-wide feedback has come
	last    time.Duration
	heard   bool // anything has come
}

func (c *contact) sent(at time.Duration) {
	if !c.waiting {
		c.waiting, c.since, c.halved = true, at, at
	}
}

// answered reports whether this ends a silence.
func (c *contact) answered() (again bool) {
	again = c.silent
	c.waiting, c.silent, c.heard = false, false, true
	return again
}

// missed says that it is time to halve the target.
func (c *contact) missed(now time.Duration) bool {
	if !c.waiting || now-c.since < c.patience() || now-c.halved < silence {
		return false
	}
	c.silent, c.halved = true, now
	return true
}

func (c *contact) patience() time.Duration {
	if !c.fed {
		return reportSilence
	}
	return silence + 2*c.rtt
}

// unfed says that receiver reports are all there is.
func (c *contact) unfed(now time.Duration) bool { return !c.fed || now-c.last > fallback }
