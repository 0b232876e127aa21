package bandwidth

import "time"

// borne is what part of the asked bitrate must arrive for the link not to be
// full.
const borne = 0.9

// A train is the packets of one cluster, as they left and as they arrived.
type train struct {
	out            tally
	packets, bytes int // that arrived
	// line is through those that feedback told of in the order sent; latest is
	// the number of the last of them, since the arrival of the first.
	line   line
	latest uint32
	since  time.Duration
}

// take takes a packet that arrived.
func (t *train) take(p *packet, at time.Duration) {
	if t.packets == 0 {
		t.since, t.latest = at, p.number-1
	}
	t.packets++
	t.bytes += int(p.size)
	if int32(p.number-t.latest) > 0 {
		t.latest = p.number
		t.line.add(float64(p.size)*8, (at - t.since).Seconds())
	}
}

// tally is what left.
type tally struct {
	bytes, packets int
	first, last    time.Duration
	head, tail     int // sizes of the first and the last packet
}

func (t *tally) add(size int, at time.Duration) {
	if t.packets == 0 {
		t.first, t.head = at, size
	}
	t.last, t.tail = at, size
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
// none, and whether the link was full. Frames leave in bursts, so what was sent
// may be faster than what was asked, which proves no more.
func (t *train) proved(asked float64) (bitrate float64, full bool) {
	sent, arrived := t.out.rate(t.out.head), t.line.rate()
	if t.packets < probePackets || 2*t.packets < t.out.packets || sent <= 0 || arrived <= 0 {
		return 0, true
	}
	arrived *= float64(t.bytes) * 8 / t.line.bits // with the late ones
	// More than twice as fast at the far end: something held them together.
	if arrived > 2*sent {
		return 0, true
	}
	if arrived < borne*min(sent, asked) {
		return kept * arrived, true
	}
	return min(arrived, asked, t.out.rate(min(t.out.head, t.out.tail))), false
}

// A line fits arrivals to the bits that had arrived, by least squares: the
// first and the last packet alone would tell of their own jitter.
type line struct{ bits, n, x, y, xx, xy float64 }

// add takes a packet, which arrives after the time that its own bits take.
func (l *line) add(bits, at float64) {
	l.bits += bits
	x := l.bits
	l.n++
	l.x += x
	l.y += at
	l.xx += x * x
	l.xy += x * at
}

// rate is bits per second, 0 if no time passes.
func (l *line) rate() float64 {
	rise := l.n*l.xy - l.x*l.y
	if rise <= 0 {
		return 0
	}
	return (l.n*l.xx - l.x*l.x) / rise
}
