package bandwidth

import "time"

// borne is what part of the asked bitrate must arrive for the link not to be
// full.
const borne = 0.9

// A train is the packets of one cluster, as they left and as they arrived.
type train struct{ out, in tally }

// tally is one side of it.
type tally struct {
	bytes, packets int
	first, last    time.Duration
	head, tail     int // sizes of the first and the last packet
}

func (t *tally) add(size int, at time.Duration) {
	if t.packets == 0 || at < t.first {
		t.first, t.head = at, size
	}
	if t.packets == 0 || at >= t.last {
		t.last, t.tail = at, size
	}
	t.bytes += size
	t.packets++
}

// rate is without one packet of the given size, whose time is not in the span.
func (t *tally) rate(without int) float64 {
	span := t.last - t.first
	if span <= 0 {
		return 0
	}
	return float64(t.bytes-without) * 8 / span.Seconds()
}

// proved is the bitrate that the train proves when asked was to be sent, 0 for
// none, and whether the link was full. A packet arrives after the time its
// bytes take, so the first does not count. Frames leave in bursts, so what was
// sent may be faster than what was asked, which proves no more.
func (t *train) proved(asked float64) (bitrate float64, full bool) {
	sent, arrived := t.out.rate(t.out.head), t.in.rate(t.in.head)
	if t.in.packets < probePackets || 2*t.in.packets < t.out.packets || sent <= 0 || arrived <= 0 {
		return 0, true
	}
	// More than twice as fast at the far end: something held them together.
	if arrived > 2*sent {
		return 0, true
	}
	if arrived < borne*min(sent, asked) {
		return kept * arrived, true
	}
	return min(arrived, asked, t.out.rate(min(t.out.head, t.out.tail))), false
}
