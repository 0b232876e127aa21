package sealed

import "time"

// doubles are the records that are sent again a little later: audio, which then outlives
// a burst of loss without waiting for a repair.
type doubles struct {
	queue []double // a ring
	head  int
	n     int
}

// double is a record waiting to be sent again.
type double struct {
	record []byte
	first  time.Duration // when it was sent first
	due    time.Duration
	last   bool
}

// When a record is sent again, counted from the first time. The third time is for bursts
// that last longer than longBurst.
const (
	secondTime = 10 * time.Millisecond
	thirdTime  = 25 * time.Millisecond
	longBurst  = 3 * time.Millisecond
	// early is how much sooner a double may go where there is room.
	early = 3 * time.Millisecond
	// maxDoubles bounds what waits: more audio than a link has.
	maxDoubles = 4096
)

// push keeps a copy of the record.
func (d *doubles) push(record []byte, first, due time.Duration, last bool) {
	if d.n == maxDoubles {
		return
	}
	if d.n == len(d.queue) {
		grown := make([]double, max(16, 2*d.n))
		for i := range d.n {
			grown[i] = d.queue[(d.head+i)%len(d.queue)]
		}
		d.queue, d.head = grown, 0
	}
	at := &d.queue[(d.head+d.n)%len(d.queue)]
	*at = double{append(at.record[:0], record...), first, due, last}
	d.n++
}

// next is the oldest, nil when there is none. It is valid until the next push.
func (d *doubles) next() *double {
	if d.n == 0 {
		return nil
	}
	return &d.queue[d.head]
}

func (d *doubles) pop() {
	d.head = (d.head + 1) % len(d.queue)
	d.n--
}
