package congestion

import "time"

const (
	// silence is how long reports may be missing, beside the round trip.
	silence = 250 * time.Millisecond
	// halving is the time in which the rate then halves.
	halving = 100 * time.Millisecond
)

// contact knows whether the other end answers what is sent.
type contact struct {
	waiting bool
	since   time.Duration // of what was sent first after the last answer
	halved  time.Duration
}

func (c *contact) sent(now time.Duration) {
	if !c.waiting || now < c.since {
		c.waiting, c.since = true, now
	}
}

// answer notes a report; what is in flight waits for the next.
func (c *contact) answer() {
	c.waiting = false
}

// Tick lowers the rate while the other end is silent. Call it about every 50 ms.
func (c *Controller) Tick(now time.Duration) {
	if !c.contact.waiting || now-c.contact.since < silence+c.roundTrip {
		return
	}
	if c.state != Silent {
		c.enter(now, Silent)
		c.contact.halved = now - halving
	}
	if now-c.contact.halved >= halving {
		c.contact.halved = now
		c.reduce(now, c.rate/2)
	}
}
