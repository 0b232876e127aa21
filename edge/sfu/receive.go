package sfu

// arrivalClass says what a receiveLog makes of a sequence number.
type arrivalClass uint8

const (
	arrivedNew       arrivalClass = iota // ahead of all so far
	arrivedLate                          // fills a hole
	arrivedDuplicate                     // seen before
	arrivedOld                           // too far behind to tell
	arrivedStray                         // far from the rest: wait for its successor
	arrivedRestart                       // the source began anew; earlier numbers mean nothing
)

const (
	// lateWindow is how far behind the highest number a packet may be.
	lateWindow = 512
	// earlyWindow is how far before the first packet of all one may be: those
	// that began the stream may come in disorder.
	earlyWindow = 16
	// maxDropout is the largest forward gap believed at once (RFC 3550
	// appendix A.1).
	maxDropout = 3000
	// strayRun packets in sequence far away, or oldRun of them a little
	// behind, are a restart of the source.
	strayRun = 2
	oldRun   = 16
)

// A receiveLog extends the 16-bit sequence numbers of one encoding and knows
// which of the latest have arrived. Extended numbers only grow, over
// restarts of the source too.
type receiveLog struct {
	begun   bool
	run     int    // packets in sequence far from the rest
	next    uint16 // what would continue the run
	base    uint64 // first number since the (re)start
	least   uint64 // numbers below are of before it
	highest uint64
	seen    [2 * lateWindow / 64]uint64
}

// arrive classifies number sn. ext is its extended number, and gap the count
// of numbers skipped when it is new; both are meaningless for old and stray.
func (l *receiveLog) arrive(sn uint16) (ext uint64, gap int, class arrivalClass) {
	if !l.begun {
		l.begun = true
		l.base = 1<<32 | uint64(sn)
		l.least, l.highest = l.base-earlyWindow, l.base
		l.set(l.highest)
		return l.highest, 0, arrivedNew
	}
	d := int(int16(sn - uint16(l.highest)))
	switch {
	case d > 0 && d <= maxDropout:
		l.run = 0
		ext = l.highest + uint64(d)
		l.advance(ext)
		return ext, d - 1, arrivedNew
	case d <= 0 && d > -lateWindow:
		ext = l.highest - uint64(-d)
		if l.has(ext) {
			return ext, 0, arrivedDuplicate
		}
		if ext < l.least {
			return ext, 0, arrivedOld
		}
		l.base = min(l.base, ext)
		l.set(ext)
		return ext, 0, arrivedLate
	}
	// One packet far off may be a leftover of the network; two in sequence
	// are a source that restarted (RFC 3550 appendix A.1), but a little
	// behind they may still be late repairs.
	if sn != l.next {
		l.run = 0
	}
	l.run++
	l.next = sn + 1
	if d <= 0 && d > -maxDropout {
		if l.run < oldRun {
			return 0, 0, arrivedOld
		}
	} else if l.run < strayRun {
		return 0, 0, arrivedStray
	}
	l.run = 0
	ext = l.highest + 1
	ext += uint64(sn - uint16(ext))
	clear(l.seen[:])
	l.base, l.least, l.highest = ext, ext, ext
	l.set(ext)
	return ext, 0, arrivedRestart
}

func (l *receiveLog) advance(ext uint64) {
	if ext-l.highest >= 2*lateWindow {
		clear(l.seen[:])
	} else {
		for e := l.highest + 1; e < ext; e++ {
			l.seen[e/64%uint64(len(l.seen))] &^= 1 << (e % 64)
		}
	}
	l.highest = ext
	l.set(ext)
}

func (l *receiveLog) set(ext uint64) {
	l.seen[ext/64%uint64(len(l.seen))] |= 1 << (ext % 64)
}

// has reports whether ext arrived; ext lies within the late window.
func (l *receiveLog) has(ext uint64) bool {
	return ext <= l.highest && l.seen[ext/64%uint64(len(l.seen))]&(1<<(ext%64)) != 0
}
