package bandwidth

import "time"

const (
	// drainAbove is the queue worth sending less for, drainBelow an empty one.
	drainAbove = 50 * time.Millisecond
	drainBelow = 20 * time.Millisecond
	// drainTime is in which a queue of our own would be gone.
	drainTime = 2 * time.Second
	// drainLeast is what of the target is sent at least meanwhile.
	drainLeast = 0.25
)

// A drain is a while of sending less than the link bears, to empty the queue
// that congestion left. The estimate stays what it is.
type drain struct {
	on    bool
	until time.Duration
}

// begin starts one if there is a queue to drain.
func (d *drain) begin(now, queued time.Duration) {
	if queued > drainAbove && !d.on {
		d.on, d.until = true, now+drainTime
	}
}

// settle ends it. futile says that the queue is none of ours.
func (d *drain) settle(now, queued time.Duration) (futile bool) {
	if !d.on || queued > drainBelow && now < d.until {
		return false
	}
	d.on = false
	return queued > drainAbove
}

// factor is what part of the target to send: a queue of half a second is
// drained in one at half the rate.
func (d *drain) factor(queued time.Duration) float64 {
	if !d.on {
		return 1
	}
	return max(drainLeast, 1-queued.Seconds())
}
