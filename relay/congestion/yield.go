package congestion

import "time"

const (
	// longQueue is a queue to give way to, shortQueue one to grow with. Between them
	// nothing changes.
	longQueue  = 10 * time.Millisecond
	shortQueue = 4 * time.Millisecond
	// patience is for how many reports in a row a queue must be long: one alone is chance.
	patience = 3
	// pause is the time between two reductions, in which the first shows.
	pause = 150 * time.Millisecond
	// backoff is what of the received rate is kept.
	backoff = 0.92

	// slowGrowth and fastGrowth are per second: the first near where the limit was, the
	// second after settled without a sign of it.
	slowGrowth = 0.06
	fastGrowth = 0.30
	settled    = 3 * time.Second
	// evenGrowth is the same for all flows whatever their rate, so that two of ours come
	// to equal shares.
	evenGrowth = 2e6 // bit/s per second
)

// yield keeps the queue short.
func (c *Controller) yield(now, passed time.Duration) {
	c.episode.see(now, c.base.queue)
	switch {
	case c.over >= patience && now-c.reduced >= pause:
		c.giveWay(now)
	case c.over == 0 && c.base.queue < shortQueue:
		growth := slowGrowth
		if now-c.calm > settled {
			growth = fastGrowth
		}
		c.raise(now, c.rate+(growth*c.rate+evenGrowth)*passed.Seconds())
	}
}

// giveWay reduces the rate, unless that does not help.
func (c *Controller) giveWay(now time.Duration) {
	received := c.received()
	if received < overdriven*c.sentBefore(now) {
		c.capacity = received // the link itself has become slower
		c.episode = episode{}
	}
	to := backoff * received
	if c.sentBefore(now) > obeyed*c.rate {
		c.episode = episode{} // what was asked for has not happened yet
		c.reduce(now, to)
		return
	}
	c.episode.reduced(now)
	switch {
	case c.episode.hopeless(now, c.roundTrip), to < floorShare*c.capacity:
		c.rival = now + remembered
		c.enter(now, Competing)
		c.reduce(now, max(to, floorShare*c.capacity))
	case c.rival > now:
		c.enter(now, Competing)
		c.reduce(now, received)
	default:
		c.reduce(now, to)
	}
}

// overdriven is the part of what was sent below which what arrives shows the limit of the
// link, and not a competitor: the queue's output follows the input beside one.
const overdriven = 0.85

// obeyed is how much over the rate may be sent for the queue to tell of others: layers
// are coarse, and a sender's own queue empties late.
const obeyed = 1.15

// sentBefore is the rate sent when what is now reported was.
func (c *Controller) sentBefore(now time.Duration) float64 {
	return c.sent.rate(now, c.roundTrip, arrivalParts*meterStep)
}

// episode is a time in which the queue was never gone.
type episode struct {
	begun      bool
	since      time.Duration
	reductions int
}

// see ends the episode when the queue is gone.
func (e *episode) see(now, queue time.Duration) {
	if queue <= longQueue {
		*e = episode{}
	}
}

func (e *episode) reduced(now time.Duration) {
	if !e.begun {
		e.begun, e.since = true, now
	}
	e.reductions++
}

// hopeless says that several reductions changed nothing: alone, four of them empty 60 ms
// of queue.
func (e *episode) hopeless(now, roundTrip time.Duration) bool {
	const enough = 6
	return e.begun && e.reductions > enough && now-e.since > enough*pause+2*roundTrip
}
