package congestion

import (
	"math"
	"time"
)

// Config bounds a Controller; zero values are replaced by the defaults. Rates are in bit/s.
type Config struct {
	Min   float64 // default 3 Mbit/s: no link between POPs is slower, and tests are noisy below
	Max   float64 // default 2 Gbit/s
	Start float64 // default 10 Mbit/s
}

func (c Config) filled() Config {
	or := func(v, d float64) float64 {
		if v > 0 && !math.IsInf(v, 0) {
			return v
		}
		return d
	}
	c.Min = or(c.Min, 3e6)
	c.Max = max(or(c.Max, 2e9), c.Min)
	c.Start = within(or(c.Start, 10e6), c.Min, c.Max)
	return c
}

// Controller decides the rate of one direction of a link. One goroutine at a time may
// call it.
type Controller struct {
	cfg   Config
	state State
	rate  float64

	base      base
	sent      meter
	arrived   arrivals
	loss      loss
	contact   contact
	roundTrip time.Duration
	gradient  float64
	capacity  float64 // the most that arrived; fades

	wanted, next float64 // see Offer

	heard    time.Duration // the last report
	over     int           // reports in a row with a queue
	episode  episode
	calm     time.Duration // since when nothing was reduced
	reduced  time.Duration // when the rate was last reduced
	peak     time.Duration // longest queue while competing
	rival    time.Duration // until when one is remembered
	overfull int           // reports in a row while competing that received too little
}

// New makes a controller that has heard nothing yet.
func New(cfg Config) *Controller {
	c := &Controller{cfg: cfg.filled()}
	c.rate = c.cfg.Start
	return c
}

// Rate is what may be sent, in bit/s.
func (c *Controller) Rate() float64 { return c.rate }

// State says what decides the rate.
func (c *Controller) State() State { return c.state }

// Offer says what would be sent if everything were let through, and the least rate at
// which more is let through than now; 0 leaves either open. The rate does not rise far
// above the first, nor above what was sent unless it takes that to reach the second.
func (c *Controller) Offer(wanted, next float64) {
	c.wanted, c.next = within(finite(wanted), 0, c.cfg.Max), within(finite(next), 0, c.cfg.Max)
}

func finite(v float64) float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return 0
	}
	return v
}

// Sent notes bytes that left.
func (c *Controller) Sent(now time.Duration, bytes int) {
	if bytes <= 0 {
		return
	}
	c.sent.add(now, bytes)
	c.contact.sent(now)
}

// Moved says that what follows takes another way, with delays of its own.
func (c *Controller) Moved() {
	c.base, c.over, c.episode = base{}, 0, episode{}
}

// Report takes what the other end says.
func (c *Controller) Report(now time.Duration, r Report) {
	r = r.bounded()
	passed := within(now-c.heard, 0, time.Second)
	c.heard = now
	c.contact.answer()
	if c.state == Silent {
		c.resume(now)
	}
	if r.RoundTrip > 0 {
		c.roundTrip = r.RoundTrip
	}
	c.arrived.add(r)
	c.loss.add(now, r)
	if r.Samples > 0 {
		c.look(now, r, passed)
	}
	c.learn(passed)
	c.decide(now, r, passed)
	c.rate = within(c.rate, c.cfg.Min, c.cfg.Max)
}

// look reads the queue.
func (c *Controller) look(now time.Duration, r Report, passed time.Duration) {
	before := c.base.queue
	queue := c.base.add(now, r.Delay, max(passed, r.Interval))
	if span := max(passed, r.Interval); span > 0 {
		const gain = 0.2
		c.gradient += gain * ((queue-before).Seconds()/span.Seconds() - c.gradient)
	}
	if queue > longQueue {
		c.over++
	} else {
		c.over = 0
	}
}

// fading is what the capacity loses a second, as a part: half in six minutes. A meeting
// that grows must not be held to what a link carried yesterday.
const fading = 0.002

// learn keeps the most that ever arrived. It does not fade while another flow takes what
// is missing.
func (c *Controller) learn(passed time.Duration) {
	if c.state != Competing {
		c.capacity *= 1 - fading*passed.Seconds()
	}
	c.capacity = within(c.received(), c.capacity, c.cfg.Max)
}

func (c *Controller) decide(now time.Duration, r Report, passed time.Duration) {
	switch {
	case c.loss.heavy():
		c.brake(now)
	case c.state == Starting:
		c.start(now, passed)
	case c.state == Yielding:
		c.yield(now, passed)
	case c.state == Competing:
		c.compete(now, r, passed)
	}
}

func (c *Controller) enter(now time.Duration, s State) {
	c.state, c.over, c.episode, c.calm = s, 0, episode{}, now
	c.peak, c.overfull = 0, 0
}

// reduce lowers the rate and starts the waiting for its effect.
func (c *Controller) reduce(now time.Duration, to float64) {
	c.rate = min(c.rate, max(to, c.cfg.Min))
	c.reduced, c.calm, c.over = now, now, 0
}

// brake answers a loss that no queue announced.
func (c *Controller) brake(now time.Duration) {
	c.capacity = c.received()
	c.reduce(now, 0.95*c.capacity)
	c.loss.forget()
	if c.state == Starting {
		c.enter(now, Yielding)
	}
}

// raise grows the rate as far as what is sent can prove it.
func (c *Controller) raise(now time.Duration, to float64) {
	proven := max(1.5*c.sent.rate(now, 0, time.Second), 1.05*c.next)
	c.rate = max(c.rate, min(to, c.ceiling(), proven))
}

// ceiling is somewhat above what there is to send.
func (c *Controller) ceiling() float64 {
	if c.wanted > 0 {
		return min(max(1.25*c.wanted, c.cfg.Start), c.cfg.Max)
	}
	return c.cfg.Max
}

// received is what arrives of late.
func (c *Controller) received() float64 { return min(c.arrived.rate(), c.cfg.Max) }
