package congestion

import "time"

const (
	// haste is how much faster than the rate a burst leaves: a keyframe is several frames'
	// worth, and layers are shed to the rate on average only.
	haste = 1.25
	// burstTime and burstLeast are what may leave at once.
	burstTime  = 5 * time.Millisecond
	burstLeast = 16 << 10 // bytes
)

// Pacer spreads what is sent: a bucket that fills somewhat faster than the rate. The zero
// value is full.
type Pacer struct {
	begun bool
	at    time.Duration
	bytes float64
}

// Budget is how many bytes may leave now, at a rate in bit/s; it may be below 0.
func (p *Pacer) Budget(now time.Duration, rate float64) int {
	fill := haste * max(finite(rate), 0) / 8
	most := max(fill*burstTime.Seconds(), burstLeast)
	if !p.begun {
		p.begun, p.bytes = true, most
	}
	p.bytes = min(p.bytes+fill*within(now-p.at, 0, time.Second).Seconds(), most)
	p.at = now
	return int(p.bytes)
}

// Sent notes bytes that left, even if they were more than the budget.
func (p *Pacer) Sent(bytes int) { p.bytes = max(p.bytes-float64(max(bytes, 0)), -maxCount) }
