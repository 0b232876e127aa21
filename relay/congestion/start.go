package congestion

import (
	"math"
	"time"
)

const (
	// doubling is how fast a start grows: 100 Mbit/s after 0.7 s.
	doubling = 200 * time.Millisecond
	// signs are the reports in a row that end a start.
	signs = 2
	// used is the part of the rate that must be sent for the start to go on.
	used = 0.7
)

// start doubles the rate until the queue grows.
func (c *Controller) start(now, passed time.Duration) {
	sent := c.sent.rate(now, 0, 100*time.Millisecond)
	busy := sent >= used*c.rate
	if c.over >= 3 || busy && c.over >= signs {
		c.enter(now, Yielding)
		c.reduce(now, 0.85*c.received()) // a start overshoots: empty the queue soon
		return
	}
	if c.over > 0 {
		return
	}
	proven := c.next
	if busy {
		proven = max(proven, 2.5*sent)
	}
	c.rate = max(c.rate, min(c.rate*math.Exp2(passed.Seconds()/doubling.Seconds()), c.ceiling(), proven))
}

// resume starts again after a silence, below what the link carried.
func (c *Controller) resume(now time.Duration) {
	c.rate = max(c.rate, min(c.cfg.Start, c.capacity/4))
	c.enter(now, Starting)
}
