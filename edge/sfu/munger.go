package sfu

import (
	"math/rand/v2"
	"time"
)

// maxRanges bounds how many renumberings of one source a munger remembers;
// packets from before the oldest can no longer be placed.
const maxRanges = 16

// A munger rewrites the numbers of one slot, so that the sources it is
// switched to and the packets it leaves out look like one stream. Source
// sequence numbers are extended ones. It is pure; its owner is whoever owns
// the slot.
type munger struct {
	// What the slot has sent, kept over sources.
	begun  bool
	hasPID bool
	hasTL0 bool
	tl0    uint8         // highest TL0PICIDX sent
	ts     uint32        // timestamp of packet sn
	pid    uint32        // highest picture id sent, extended
	sn     uint64        // highest sequence number sent, extended
	at     time.Duration // arrival of packet sn

	// How the present source maps onto the slot.
	pidSet   bool
	tl0Set   bool
	tl0Shift uint8
	pidShift uint32
	tsShift  uint32
	top      uint64 // highest source number seen
	n        int
	ranges   [maxRanges]snRange // ascending
}

// snRange says that source numbers from `from` on become number-delta.
type snRange struct {
	from  uint64
	delta uint64
}

// begin makes the packet with extended number ext the next one of the slot,
// its timestamp advanced by the time since the slot's last packet.
func (m *munger) begin(ext uint64, ts uint32, at time.Duration, rate uint32) {
	if !m.begun {
		// Starting in the lower half keeps the SRTP rollover counter
		// unambiguous for a receiver that misses the first packets.
		m.sn = 1<<16 | uint64(rand.Uint32()&0x7fff)
		m.tsShift = rand.Uint32() - ts
	} else {
		m.tsShift = m.ts + elapsedTicks(at-m.at, rate) - ts
	}
	m.begun = true
	m.ranges[0] = snRange{from: ext, delta: ext - (m.sn + 1)}
	m.n = 1
	m.top = ext - 1
	m.pidSet, m.tl0Set = false, false
}

// elapsedTicks is d in RTP ticks, at least 20 ms: the last packet before a
// switch holds a frame of its own.
func elapsedTicks(d time.Duration, rate uint32) uint32 {
	d = max(d, 20*time.Millisecond)
	return uint32(ticks(d, rate))
}

// ticks converts d to RTP ticks without overflow for any d.
func ticks(d time.Duration, rate uint32) int64 {
	sec, rest := int64(d/time.Second), int64(d%time.Second)
	return sec*int64(rate) + rest*int64(rate)/int64(time.Second)
}

// number returns the slot's extended number of source packet ext, or false if
// ext lies before what the slot can place.
func (m *munger) number(ext uint64) (uint64, bool) {
	for i := m.n - 1; i >= 0; i-- {
		if r := m.ranges[i]; ext >= r.from {
			return ext - r.delta, true
		}
	}
	return 0, false
}

// sent records that source packet ext left as number sn.
func (m *munger) sent(ext, sn uint64, ts uint32, at time.Duration) {
	m.top = max(m.top, ext)
	if sn > m.sn {
		m.sn, m.ts, m.at = sn, ts+m.tsShift, at
	}
}

// drop leaves source packet ext out without a hole in the slot's numbers. A
// packet older than one already passed cannot be hidden any more; its number
// stays a hole.
func (m *munger) drop(ext uint64) {
	if m.n == 0 || ext <= m.top {
		return
	}
	m.top = ext
	last := m.ranges[m.n-1]
	next := snRange{from: ext + 1, delta: last.delta + 1}
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

// pictureID maps an extended picture id of the source to the slot's.
func (m *munger) pictureID(ext uint32) uint16 {
	if !m.pidSet {
		m.pidSet = true
		m.pidShift = 0
		if m.hasPID {
			m.pidShift = m.pid + 1 - ext
		}
	}
	id := ext + m.pidShift
	if !m.hasPID || int32(id-m.pid) > 0 {
		m.hasPID, m.pid = true, id
	}
	return uint16(id) & 0x7fff
}

// tl0PicIdx maps a TL0PICIDX of the source to the slot's.
func (m *munger) tl0PicIdx(idx uint8) uint8 {
	if !m.tl0Set {
		m.tl0Set = true
		m.tl0Shift = 0
		if m.hasTL0 {
			m.tl0Shift = m.tl0 + 1 - idx
		}
	}
	idx += m.tl0Shift
	if !m.hasTL0 || int8(idx-m.tl0) > 0 {
		m.hasTL0, m.tl0 = true, idx
	}
	return idx
}
