package bandwidth

import "time"

// outcome is what became of a packet, as far as is known.
type outcome uint8

const (
	pending outcome = iota
	assumed         // to have arrived: the feedback about it got lost
	lost
	received
)

const (
	// minHistory packets are a second of 2.4 Mbit/s, and 4 KiB.
	minHistory = 256
	// maxHistory packets are 0.8 s of 100 Mbit/s.
	maxHistory = 8192
	// answerTime is how long the feedback about a packet is waited for before
	// its place may be taken.
	answerTime = time.Second
)

// packet is one that was sent.
type packet struct {
	at      time.Duration
	number  uint32
	size    uint16
	probe   uint8
	outcome outcome
}

// A history holds the packets sent last by number. The ring is made at the
// first packet and grows while packets without an answer would be forgotten.
type history struct {
	ring   []packet
	latest uint32 // extended number, wraps with the ring
	told   uint32 // the highest that feedback was about
}

// add notes a packet; seq is usually one above the last.
func (h *history) add(seq uint16, size int, at time.Duration, probe uint8, grow bool) {
	if h.ring == nil {
		h.ring = make([]packet, minHistory)
		h.latest = 1<<16 | uint32(seq)
		h.told = h.latest - 1
	}
	if d := int16(seq - uint16(h.latest)); d > 0 {
		h.latest += uint32(d)
	} else {
		h.latest -= uint32(-d)
	}
	p := h.place(h.latest)
	if grow && p.size > 0 && p.outcome == pending && at-p.at < answerTime && len(h.ring) < maxHistory {
		h.double()
		p = h.place(h.latest)
	}
	*p = packet{at: at, number: h.latest, size: uint16(min(max(size, 1), 1<<16-1)), probe: probe}
}

// find returns the packet that was sent as seq, nil if it is forgotten or was
// never sent.
func (h *history) find(seq uint16) *packet {
	back := uint16(h.latest) - seq
	if int(back) >= len(h.ring) {
		return nil
	}
	number := h.latest - uint32(back)
	if p := h.place(number); p.size > 0 && p.number == number {
		return p
	}
	return nil
}

// skipped yields the packets before number that no feedback told of, and
// moves on to number.
func (h *history) skipped(number uint32, yield func(*packet)) {
	from := h.told + 1
	if gap := number - from; int32(gap) < 0 {
		return
	} else if int(gap) > len(h.ring) {
		from = number - uint32(len(h.ring))
	}
	for ; from != number; from++ {
		if p := h.place(from); p.number == from && p.size > 0 && p.outcome == pending {
			yield(p)
		}
	}
	h.told = number
}

func (h *history) place(number uint32) *packet { return &h.ring[int(number)&(len(h.ring)-1)] }

func (h *history) double() {
	old := h.ring
	h.ring = make([]packet, 2*len(old))
	for _, p := range old {
		if p.size > 0 {
			*h.place(p.number) = p
		}
	}
}
