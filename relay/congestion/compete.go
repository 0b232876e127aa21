package congestion

import "time"

const (
	// floorShare is what of the capacity is held against a flow that fills the queue. The
	// other keeps the rest, and what it wins of ours between losses.
	floorShare = 0.45
	// lossBackoff is what is kept at a loss in a full queue, as CUBIC does (RFC 9438
	// section 4.6).
	lossBackoff = 0.7
	// A TCP flow grows by a segment each round trip. Ours is worth three of them where it
	// keeps less than CUBIC would win; with a queue that never empties the base delay is
	// taken for too long, so that round trips below leastRoundTrip are not believed.
	flows          = 3
	segment        = 1448
	leastRoundTrip = 80 * time.Millisecond
	leastGrowth    = 2e6 // bit/s per second
	// full is the part of the longest queue above which a loss is the queue's.
	full = 0.7
	// remembered is for how long a rival is thought to be still there.
	remembered = 20 * time.Second
	// emptied is for how long the queue must be gone to yield again.
	emptied = 500 * time.Millisecond
)

// compete holds a share against a flow that only loss stops.
func (c *Controller) compete(now time.Duration, r Report, passed time.Duration) {
	queue := c.base.queue
	c.peak = max(c.peak-time.Duration(float64(c.peak)*passed.Seconds()/20), queue)
	c.notice(now)
	if queue > shortQueue {
		c.calm = now
	} else if now-c.calm > emptied {
		c.enter(now, Yielding)
		return
	}
	lostToQueue := r.Lost > 0 && queue > longQueue && float64(queue) > full*float64(c.peak)
	switch {
	case lostToQueue && now-c.reduced > c.roundTrip+100*time.Millisecond:
		c.reduce(now, max(lossBackoff*c.rate, floorShare*c.capacity))
	default:
		c.raise(now, c.rate+c.winning()*passed.Seconds())
	}
}

// winning is the growth in bit/s per second: that of a few TCP flows with our round trip,
// but not less than what wins a share at long ones, where a flow that fills the queue
// seldom loses.
func (c *Controller) winning() float64 {
	roundTrip := max(c.roundTrip+c.base.queue, leastRoundTrip).Seconds()
	return max(flows*segment*8/(roundTrip*roundTrip), leastGrowth)
}

// notice finds out that the share held is more than the link has.
func (c *Controller) notice(now time.Duration) {
	if received := c.received(); received < overdriven*c.sentBefore(now) {
		c.overfull++
	} else {
		c.overfull = 0
	}
	if c.overfull > arrivalParts {
		c.capacity, c.overfull = c.received(), 0
		c.reduce(now, 0.95*c.capacity)
	}
}
