package bandwidth

import (
	"math"
	"time"
)

const (
	// afterOveruse is what of the delivered bitrate is kept, so that the
	// queue shrinks.
	afterOveruse = 0.88
	// growth per second while the link's capacity is unknown or far.
	growth = 1.08
	// spare and spareBits are how far the target may run ahead of what was
	// delivered without a probe that proved more.
	spare     = 1.5
	spareBits = 10_000
	// nearLink is where steps become additive: one packet of packetBits per
	// response time.
	nearLink   = 0.85
	farLink    = 1.2
	packetBits = 1200 * 8
	reaction   = 100 * time.Millisecond
	// creep bounds that on narrow links, as a part of the target per second.
	creep = 0.05
	// lossWeight is how much of the loss a step down takes.
	lossWeight = 0.5
)

// A rate is the estimate, in bit/s, raised and lowered step by step (AIMD,
// draft-ietf-rmcat-gcc section 5.5).
type rate struct {
	target   float64
	least    float64
	most     float64
	link     float64 // capacity as last felt, 0 while unknown
	raised   time.Duration
	lowered  time.Duration
	previous float64 // the target before congestion, 0 if it is found again
}

// raise is a step up, at most to where what was delivered is evidence.
func (r *rate) raise(now time.Duration, delivered float64, rtt time.Duration) {
	step := min(now-r.raised, time.Second)
	r.raised = now
	if r.link > 0 && delivered > farLink*r.link {
		r.link = 0
	}
	var to float64
	if r.link > 0 && delivered > nearLink*r.link {
		to = r.target + min(packetBits/(reaction+rtt).Seconds(), creep*r.target)*step.Seconds()
	} else {
		to = r.target * math.Pow(growth, step.Seconds())
	}
	r.set(max(r.target, min(to, spare*delivered+spareBits)))
}

// hold lets time pass without a step.
func (r *rate) hold(now time.Duration) { r.raised = now }

// overused is a step down to what the link delivered.
func (r *rate) overused(now time.Duration, delivered float64) {
	r.link = delivered
	r.lower(now, afterOveruse*delivered)
}

// lossy is a step down by loss; what arrives despite it may go on.
func (r *rate) lossy(now time.Duration, fraction, delivered float64) {
	r.lower(now, max(r.target*(1-lossWeight*fraction), min(delivered, r.target)))
}

// near reports that the target is not far from what the link is known to bear.
func (r *rate) near() bool { return r.link > 0 && r.target > nearLink*r.link }

// crowded reports that it is about that, and could be less.
func (r *rate) crowded() bool { return r.link > 0 && r.target > max(0.97*r.link, r.least) }

// uncrowd leaves a full link a little room: loss below lossHigh is chance
// only where nothing else explains it.
func (r *rate) uncrowd(now time.Duration) { r.lower(now, kept*r.link) }

// lower remembers the target to climb back to.
func (r *rate) lower(now time.Duration, to float64) {
	r.previous = max(r.previous, r.target)
	r.raised, r.lowered = now, now
	r.set(min(r.target, to))
}

// proved raises the target to what a probe measured.
func (r *rate) proved(now time.Duration, bitrate float64) {
	if bitrate > r.target {
		r.raised = now
		r.set(bitrate)
	}
}

func (r *rate) set(to float64) {
	r.target = min(max(to, r.least), r.most)
	if r.target >= 0.9*r.previous {
		r.previous = 0
	}
}
