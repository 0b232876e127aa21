package sfu

import (
	"math/rand/v2"
	"time"
)

// maxRanges bounds how many renumberings of one source a munger remembers;
// packets from before the oldest can no longer be placed. With every second
// picture left out at 30 pictures a second it is two seconds.
const maxRanges = 32

// A munger rewrites the numbers of one slot, so that the sources it is
// switched to and the packets it leaves out look like one stream. Source
// sequence numbers are extended ones. It is pure; its owner is whoever owns
// the slot.
type munger struct {
	// What the slot has sent, kept over sources.
	begun  bool
	tl0    count[uint8]  // TL0PICIDX
	frame  count[uint16] // frame numbers of dependency descriptors
	pid    count[uint32] // picture ids, extended
	ts     uint32        // timestamp of packet sn
	sn     uint64        // highest sequence number sent, extended
	at     time.Duration // arrival of packet sn
	marked numbers       // the marker was set here
	filled numbers       // an empty packet took the place of one that was left out

	// How the present source maps onto the slot.
	tsShift uint32
	squeeze squeeze
	top     uint64 // highest source number seen
	n       int
	ranges  [maxRanges]snRange // ascending
	skipped [4]uint64          // of the latest 256 pictures: left out and counted
}

// snRange says that source numbers from `from` on become number-delta, and
// that `pictures` were left out before it.
type snRange struct {
	from, delta uint64
	pictures    uint32
}

// begin makes the packet with extended number ext the next one of the slot.
// shift is what turns the source's timestamps into the slot's.
func (m *munger) begin(ext uint64, shift uint32) {
	if !m.begun {
		// Starting in the lower half keeps the SRTP rollover counter
		// unambiguous for a receiver that misses the first packets.
		m.sn = 1<<16 | uint64(rand.Uint32()&0x7fff)
	}
	m.tsShift = shift
	m.squeeze.begin(m.begun, m.ts)
	m.begun = true
	m.ranges[0] = snRange{from: ext, delta: ext - (m.sn + 1)}
	m.n = 1
	m.top = ext - 1
	m.pid.set, m.tl0.set, m.frame.set = false, false, false
	clear(m.skipped[:])
}

// shiftTo returns the shift that puts a packet with timestamp ts, of instant
// at, as far behind the slot's last as it came later.
func (m *munger) shiftTo(ts uint32, at time.Duration, kind Kind) uint32 {
	if !m.begun {
		return rand.Uint32() - ts
	}
	elapsed := at - m.at
	if kind == Audio {
		elapsed = max(elapsed, 20*time.Millisecond) // the last packet holds sound of its own
	}
	return m.ts + uint32(ticks(elapsed, clockRate(kind))) - ts
}

// ticks converts d to RTP ticks without overflow for any d.
func ticks(d time.Duration, rate uint32) int64 {
	sec, rest := int64(d/time.Second), int64(d%time.Second)
	return sec*int64(rate) + rest*int64(rate)/int64(time.Second)
}

// place returns the renumbering of source packet ext, or nil if ext lies
// before what the slot can place.
func (m *munger) place(ext uint64) *snRange {
	for i := m.n - 1; i >= 0; i-- {
		if r := &m.ranges[i]; ext >= r.from {
			return r
		}
	}
	return nil
}

// timestamp maps a timestamp of the source to the slot's. Pictures of a
// catch-up that would stand before what was sent last follow it at once.
func (m *munger) timestamp(ts uint32) uint32 {
	q, out := &m.squeeze, ts+m.tsShift
	switch {
	case !q.on && q.passed(ts, out):
		return out
	case !q.on || !q.newest(ts):
		return q.place(ts, out)
	case int32(out-m.ts) >= squeezedStep:
		q.on = false
		return out
	}
	return q.add(ts)
}

// sent records that source packet ext left as number sn with timestamp ts,
// and whether its marker was set here.
func (m *munger) sent(ext, sn uint64, ts uint32, marked bool, at time.Duration) {
	m.top = max(m.top, ext)
	if sn > m.sn {
		m.sn, m.ts, m.at = sn, ts, at
	}
	m.marked.put(sn, marked)
	m.filled.put(sn, false)
}

// numbers tells of the latest 1,024 numbers of a slot which are in the set;
// what is older comes from no cache.
type numbers [16]uint64

func (n *numbers) put(sn uint64, in bool) {
	word, bit := sn/64%uint64(len(n)), uint64(1)<<(sn%64)
	n[word] &^= bit
	if in {
		n[word] |= bit
	}
}

func (n *numbers) has(sn uint64) bool { return n[sn/64%uint64(len(n))]&(1<<(sn%64)) != 0 }

// drop leaves source packet ext out without a hole in the slot's numbers. A
// packet older than one already passed cannot be hidden any more; its number
// stays a hole.
func (m *munger) drop(ext uint64) bool { return m.leaveOut(ext, 0) }

// dropPicture is drop for a packet of a picture that is left out whole: the
// slot's picture ids close the gap as well.
func (m *munger) dropPicture(ext uint64, pid uint32) bool {
	pictures := uint32(1)
	if m.leftOut(pid) {
		pictures = 0
	}
	if !m.leaveOut(ext, pictures) {
		return false
	}
	words := uint32(len(m.skipped))
	m.skipped[(pid/64+words/2)%words] = 0 // forget what the ring will mean next
	m.skipped[pid/64%words] |= 1 << (pid % 64)
	return true
}

// leftOut reports whether picture pid was left out and the slot's ids have
// closed the gap.
func (m *munger) leftOut(pid uint32) bool {
	return m.skipped[pid/64%uint32(len(m.skipped))]&(1<<(pid%64)) != 0
}

func (m *munger) leaveOut(ext uint64, pictures uint32) bool {
	if m.n == 0 || ext <= m.top {
		return false
	}
	m.top = ext
	last := m.ranges[m.n-1]
	next := snRange{from: ext + 1, delta: last.delta + 1, pictures: last.pictures + pictures}
	switch {
	case last.from == ext:
		m.ranges[m.n-1] = next
	case m.n < maxRanges:
		m.ranges[m.n] = next
		m.n++
	default:
		copy(m.ranges[:], m.ranges[1:])
		m.ranges[maxRanges-1] = next
	}
	return true
}

// source returns the slot's extended number and the extended source number
// behind the slot's 16-bit number, or false if it is in the future or of
// before the present source.
func (m *munger) source(number uint16) (sn, ext uint64, ok bool) {
	back := uint16(m.sn) - number
	if back >= 1<<15 {
		return 0, 0, false
	}
	sn = m.sn - uint64(back)
	for i := m.n - 1; i >= 0; i-- {
		if ext = sn + m.ranges[i].delta; ext >= m.ranges[i].from {
			return sn, ext, true
		}
	}
	return 0, 0, false
}

// pictureID maps an extended picture id of the source, of a packet within r,
// to the slot's.
func (m *munger) pictureID(pid uint32, r *snRange) uint16 {
	return uint16(m.pid.next(pid-r.pictures)) & 0x7fff
}

// count is a number that grows with a slot's pictures, over sources that each
// count their own.
type count[T uint8 | uint16 | uint32] struct {
	begun, set bool
	highest    T // sent
	shift      T // of the present source
}

// next maps a number of the source; the first of a source follows the slot's
// highest.
func (c *count[T]) next(n T) T {
	if !c.set {
		c.set, c.shift = true, 0
		if c.begun {
			c.shift = c.highest + 1 - n
		}
	}
	n += c.shift
	if ahead := n - c.highest; !c.begun || ahead != 0 && ahead <= ^T(0)>>1 {
		c.begun, c.highest = true, n
	}
	return n
}
