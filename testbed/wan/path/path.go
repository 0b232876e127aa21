package path

import (
	"math/rand/v2"
	"time"
)

// Fate is what becomes of a packet.
type Fate int

// The fates, which Stats counts.
const (
	Passes    Fate = iota
	Lost           // by chance
	Overflows      // the queue for the rate is full
	TooBig         // for the MTU
	Blocked        // the path is cut or one of its hosts silent, as it left or as it came
	fates
)

// String names the fate.
func (f Fate) String() string {
	return [...]string{"passed", "lost", "overflowed", "too big", "blocked"}[f]
}

// Stats counts the packets of one direction by their fate.
type Stats [fates]uint64

// direction is one link at work.
type direction struct {
	link  Link
	rand  *rand.Rand
	burst bool      // packets are being lost in a row
	busy  time.Time // when the sender's queue is empty
	last  time.Time // when the latest packet arrives, to keep the order
	cut   bool
	stats Stats
}

// put decides when a packet of size bytes sent now arrives, if at all.
func (d *direction) put(now time.Time, size int) (time.Time, Fate) {
	if d.link.MTU > 0 && size > d.link.MTU {
		return time.Time{}, TooBig
	}
	left, ok := d.leave(now, size)
	if !ok {
		return time.Time{}, Overflows
	}
	if d.unlucky() {
		return time.Time{}, Lost
	}
	return d.arrival(left), Passes
}

// leave queues size bytes for the rate and says when the last of them has left,
// or false when the queue is full. What is lost later has used the rate, too.
func (d *direction) leave(now time.Time, size int) (time.Time, bool) {
	if d.link.Rate <= 0 {
		return now, true
	}
	limit := d.link.Queue
	if limit == 0 {
		limit = DefaultQueue
	}
	start := now
	if d.busy.After(now) {
		start = d.busy
	}
	if start.Sub(now) > limit {
		return time.Time{}, false
	}
	d.busy = start.Add(time.Duration(int64(size) * 8 * int64(time.Second) / d.link.Rate))
	return d.busy, true
}

// unlucky draws whether a packet is lost, by two states that Gilbert described:
// in a burst every packet is lost, outside of one none (Bell System Technical
// Journal, 1960). Elliott's general form, where both states lose a share, has
// four numbers that nobody measures.
func (d *direction) unlucky() bool {
	if d.link.Loss <= 0 {
		return false
	}
	if d.link.Burst <= 1 {
		return d.rand.Float64() < d.link.Loss
	}
	if d.burst {
		d.burst = d.rand.Float64() >= 1/d.link.Burst
	} else {
		d.burst = d.rand.Float64() < d.link.toBad()
	}
	return d.burst
}

// arrival is when a packet that left then arrives.
func (d *direction) arrival(left time.Time) time.Time {
	at := left.Add(d.link.Delay)
	if d.link.Jitter > 0 {
		at = at.Add(time.Duration(d.rand.Int64N(int64(d.link.Jitter) + 1)))
	}
	if !d.link.Reorder && at.Before(d.last) {
		at = d.last
	}
	if at.After(d.last) {
		d.last = at
	}
	return at
}

// twice draws whether a packet that arrives does so again.
func (d *direction) twice() bool {
	return d.link.Duplicate > 0 && d.rand.Float64() < d.link.Duplicate
}
