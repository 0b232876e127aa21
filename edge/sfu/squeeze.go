package sfu

const (
	// maxSqueezed bounds the pictures of one catch-up that get a timestamp of
	// their own: there are no more than it has packets.
	maxSqueezed = cachedKeyframePackets
	// squeezedStep is the time between two of them, in ticks of 90 kHz: 1 ms.
	squeezedStep = 90
)

// A squeeze places the pictures of a catch-up that were taken before the slot's
// last one was shown, so that they cannot keep their place in time: each
// follows the one before at once. It is part of the munger.
type squeeze struct {
	on      bool   // the next picture may need it
	base    uint32 // the slot's timestamp before the first
	n       int    // pictures so far
	sources [maxSqueezed]uint32
}

// begin starts anew behind what the slot sent last.
func (q *squeeze) begin(on bool, last uint32) { q.on, q.base, q.n = on, last, 0 }

// end is the slot's timestamp of the last picture.
func (q *squeeze) end() uint32 { return q.slot(q.n - 1) }

func (q *squeeze) slot(i int) uint32   { return q.base + squeezedStep*uint32(i+1) }
func (q *squeeze) source(i int) uint32 { return q.sources[i%maxSqueezed] }

// add places the next picture.
func (q *squeeze) add(ts uint32) uint32 {
	q.sources[q.n%maxSqueezed] = ts
	q.n++
	return q.end()
}

// passed reports whether a picture lies behind all, and is so far off, with the
// slot's timestamp out, that they do not matter.
func (q *squeeze) passed(ts, out uint32) bool {
	return q.n == 0 || q.newest(ts) && int32(out-q.end()) >= squeezedStep
}

func (q *squeeze) newest(ts uint32) bool { return q.n == 0 || int32(ts-q.source(q.n-1)) > 0 }

// place returns the slot's timestamp of a picture that was placed, the least
// one for a picture between or behind them, and out for one before all.
func (q *squeeze) place(ts, out uint32) uint32 {
	for i := q.n - 1; i >= max(0, q.n-maxSqueezed); i-- {
		switch d := int32(ts - q.source(i)); {
		case d == 0:
			return q.slot(i)
		case d > 0:
			least := q.slot(i) + min(1+uint32(d)/(clockRateVideo/60), squeezedStep-1)
			return out + uint32(max(0, int32(least-out)))
		}
	}
	return out
}
