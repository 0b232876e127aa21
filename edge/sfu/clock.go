package sfu

import (
	"math/bits"
	"sync"
	"time"
)

// ntpEpoch is where the node's clock starts in NTP seconds: an arbitrary
// instant (2026-01-01). Only differences matter to receivers, and a wall
// clock that steps never reaches the media.
const ntpEpoch = uint64(3976214400) << 32

// NTP returns instant d of the node's clock as the 64-bit NTP timestamp that
// sender reports carry. Transports use it to compute round trips from LSR
// and DLSR (RFC 3550 section 6.4.1).
func NTP(d time.Duration) uint64 {
	d = max(d, 0)
	frac := bits32(uint64(d%time.Second), uint64(time.Second))
	return ntpEpoch + uint64(d/time.Second)<<32 + frac
}

// bits32 is n/div in units of 1/2^32.
func bits32(n, div uint64) uint64 {
	hi, lo := bits.Mul64(n, 1<<32)
	q, _ := bits.Div64(hi, lo, div)
	return q
}

// ntpSpan is b-a for two NTP timestamps less than 68 years apart.
func ntpSpan(a, b uint64) time.Duration {
	d := int64(b - a)
	sec := d >> 32
	frac := (d & 0xffffffff) * int64(time.Second) >> 32
	return time.Duration(sec)*time.Second + time.Duration(frac)
}

const (
	// clockWindow is how long the least delay is trusted: long enough to
	// hold an uncongested report, short enough to follow drift.
	clockWindow = 20 * time.Second
	// clockJump is a step of the sender's clock that cannot be delay.
	clockJump = 5 * time.Second
)

// SourceClock maps one publisher's sender clock (the NTP timestamps of its
// sender reports) to the node's clock by the least delay seen. All tracks of
// a publisher share one, so that an error in it moves voice and picture
// alike. It is safe for concurrent use.
type SourceClock struct {
	mu    sync.Mutex
	begun bool
	ref   uint64        // sender's time that offsets count from
	best  time.Duration // least offset of the last full window
	cur   time.Duration // least offset of the running window
	since time.Duration // start of the running window
}

// NewSourceClock returns a clock that has seen nothing.
func NewSourceClock() *SourceClock { return &SourceClock{} }

// observe takes note of a report sent at ntp that arrived at instant arrival.
func (c *SourceClock) observe(ntp uint64, arrival time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	offset := arrival - ntpSpan(c.ref, ntp)
	if d := offset - c.best; !c.begun || d > clockJump || d < -clockJump {
		c.begun, c.ref = true, ntp
		c.best, c.cur, c.since = arrival, arrival, arrival
		return
	}
	if arrival-c.since > clockWindow {
		c.best, c.cur, c.since = min(c.cur, offset), offset, arrival
		return
	}
	c.cur = min(c.cur, offset)
	c.best = min(c.best, offset)
}

// toNode returns the instant of the node's clock at the sender's time ntp.
func (c *SourceClock) toNode(ntp uint64) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.best + ntpSpan(c.ref, ntp)
}
