package congestion

import "time"

// The base delay is the least of the last ten seconds: long enough to see the queue
// empty now and then, short enough for a new route and for clocks that drift (100 ppm
// make 1 ms in it).
const (
	baseSlots = 10
	baseSlot  = time.Second
	// clockStep is by how much more than the time that passed a delay must grow to be a
	// stepped clock: a queue cannot grow faster than time passes.
	clockStep = 100 * time.Millisecond
)

// base turns one-way delays of unknown offset into the queue's part.
type base struct {
	least [baseSlots]time.Duration
	begun bool
	slot  time.Duration // begin of the current slot
	at    int           // its index
	last  time.Duration // delay of the last sample
	queue time.Duration
}

// add takes a delay and returns what of it is the queue. passed is the time since the
// delay before.
func (b *base) add(now, delay, passed time.Duration) time.Duration {
	if b.begun && delay-b.last > passed+clockStep {
		b.restart(now, delay-b.queue)
	}
	b.turn(now, delay)
	b.least[b.at] = min(b.least[b.at], delay)
	least := b.least[0]
	for _, d := range b.least[1:] {
		least = min(least, d)
	}
	b.last, b.queue = delay, delay-least
	return b.queue
}

// turn forgets the slots that are over.
func (b *base) turn(now, delay time.Duration) {
	age := now - b.slot
	if !b.begun || age < 0 || age >= baseSlots*baseSlot {
		b.restart(now, delay)
		return
	}
	for ; age >= baseSlot; age -= baseSlot {
		b.at = (b.at + 1) % baseSlots
		b.slot += baseSlot
		b.least[b.at] = delay
	}
}

func (b *base) restart(now, delay time.Duration) {
	for i := range b.least {
		b.least[i] = delay
	}
	b.begun, b.slot = true, now
}
