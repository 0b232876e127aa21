package simnet

import (
	"hash/fnv"
	"math/rand/v2"
	"time"
)

// Link describes one direction between two hosts. The zero value is perfect.
type Link struct {
	// Delay is added to every packet, one way.
	Delay time.Duration

	// Jitter is added on top of Delay, evenly spread over [0, Jitter].
	Jitter time.Duration

	// Loss is the probability that a packet is lost, 0 to 1. A stream's loss
	// costs a retransmission timeout instead.
	Loss float64

	// Rate is the speed in bits a second; 0 has no limit.
	Rate int64

	// Queue is the longest wait for Rate before a datagram is dropped at the
	// tail. Default 200 ms.
	Queue time.Duration

	// Reorder lets Jitter change the order of datagrams. Without it they keep
	// their order, as on most real paths.
	Reorder bool
}

// defaultQueue is the buffer of a typical router.
const defaultQueue = 200 * time.Millisecond

// path is one direction at work. The owner's lock guards it.
type path struct {
	link Link
	rand *rand.Rand
	busy time.Time // when the sender's queue is empty
	last time.Time // arrival of the latest datagram, to keep the order

	stats Stats
}

// fate of a packet put on a path.
type fate int

const (
	passes fate = iota
	lost
	overflows
)

// datagram decides when a packet of size bytes sent now arrives, if at all.
func (p *path) datagram(now time.Time, size int) (time.Time, fate) {
	out, ok := p.leave(now, size, true)
	if !ok {
		return time.Time{}, overflows
	}
	if p.unlucky() {
		return time.Time{}, lost
	}
	at := out.Add(p.delay())
	if !p.link.Reorder && at.Before(p.last) {
		at = p.last
	}
	if at.After(p.last) {
		p.last = at
	}
	return at, passes
}

// segment decides when a piece of a stream arrives: always, but late when a
// copy of it was lost.
func (p *path) segment(now time.Time, size int) time.Time {
	out, _ := p.leave(now, size, false)
	at := out.Add(p.delay())
	// RFC 6298's minimum in practice is 200 ms; it doubles with each loss.
	for rto := max(200*time.Millisecond, 3*p.link.Delay); p.unlucky() && rto < time.Minute; rto *= 2 {
		at = at.Add(rto)
	}
	return at
}

// leave queues size bytes for the rate and says when the last has left, or
// false when the queue is full and may drop.
func (p *path) leave(now time.Time, size int, mayDrop bool) (time.Time, bool) {
	if p.link.Rate <= 0 {
		return now, true
	}
	limit := p.link.Queue
	if limit == 0 {
		limit = defaultQueue
	}
	start := now
	if p.busy.After(now) {
		start = p.busy
	}
	if mayDrop && start.Sub(now) > limit {
		return time.Time{}, false
	}
	p.busy = start.Add(time.Duration(int64(size) * 8 * int64(time.Second) / p.link.Rate))
	return p.busy, true
}

func (p *path) delay() time.Duration {
	d := p.link.Delay
	if p.link.Jitter > 0 {
		d += time.Duration(p.rand.Int64N(int64(p.link.Jitter) + 1))
	}
	return d
}

func (p *path) unlucky() bool {
	return p.link.Loss > 0 && p.rand.Float64() < p.link.Loss
}

// hash gives each direction a random stream of its own.
func (r route) hash() uint64 {
	h := fnv.New64a()
	from, to := r.from.As16(), r.to.As16()
	h.Write(from[:])
	h.Write(to[:])
	return h.Sum64()
}
