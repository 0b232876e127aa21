package simnet

import (
	"sync"
	"time"
)

const (
	// window is how many bytes may be under way or unread in one direction.
	window = 256 << 10

	// segmentSize is the payload of a TCP segment in a 1500-byte packet with
	// the timestamp option.
	segmentSize = 1448

	// tcpHeaders are the bytes of IPv4 and TCP before a segment's payload.
	tcpHeaders = 52
)

// half is one direction of a stream. The network's lock guards it.
type half struct {
	n     *Network
	id    uint64
	route route

	underway int       // bytes sent, not arrived
	flight   []segment // in order; while the path is blocked nobody fetches the head

	buffer   []byte // arrived, not read
	finished bool   // the end arrived
	reset    error  // set on both halves when a reset arrived

	writerShut bool // the end was sent
	readerGone bool // what arrives is answered by a reset

	readable *sync.Cond // the reader waits here
	writable *sync.Cond // the writer waits here
}

// segment is a piece of a stream under way; arrive runs with the lock held.
type segment struct {
	size   int
	at     time.Time // of arrival, if the path is open then and earlier ones came
	arrive func()
}

func (n *Network) newHalf(r route) *half {
	n.halves++
	return &half{
		n:        n,
		id:       n.halves,
		route:    r,
		readable: sync.NewCond(&n.mu),
		writable: sync.NewCond(&n.mu),
	}
}

// transmit sends a segment after all earlier ones. Only the head of the flight
// has an event, which keeps the order through any stall.
func (h *half) transmit(s segment) {
	s.at = h.n.path(h.route).segment(time.Now(), s.size+tcpHeaders)
	h.flight = append(h.flight, s)
	if len(h.flight) == 1 {
		h.await()
	}
}

// await schedules the arrival of the head of the flight.
func (h *half) await() {
	h.n.schedule(h.flight[0].at, func() {
		if h.n.blocked(h.route) {
			h.n.stalled[h] = struct{}{}
			return
		}
		s := h.flight[0]
		h.flight[0] = segment{}
		if h.flight = h.flight[1:]; len(h.flight) > 0 {
			h.await()
		}
		s.arrive()
	})
}

// resume sends the head of a stalled flight again.
func (h *half) resume() {
	head := &h.flight[0]
	head.at = h.n.path(h.route).segment(time.Now(), head.size+tcpHeaders)
	h.await()
}

// data sends bytes of the stream; back is the other direction, for a reset.
func (h *half) data(p []byte, back *half) {
	payload := append([]byte(nil), p...)
	h.underway += len(payload)
	h.transmit(segment{size: len(payload), arrive: func() {
		h.underway -= len(payload)
		if h.readerGone {
			h.writable.Broadcast()
			back.abort(h)
			return
		}
		h.n.stats.StreamBytes += uint64(len(payload))
		h.n.path(h.route).stats.StreamBytes += uint64(len(payload))
		h.buffer = append(h.buffer, payload...)
		h.readable.Broadcast()
	}})
}

// finish sends the end of the stream.
func (h *half) finish() {
	if h.writerShut {
		return
	}
	h.writerShut = true
	h.transmit(segment{arrive: func() {
		h.finished = true
		h.readable.Broadcast()
	}})
}

// abort sends a reset: who receives h sees it on both directions.
func (h *half) abort(back *half) {
	h.writerShut = true
	h.transmit(segment{arrive: func() {
		h.fail(errReset)
		back.fail(errReset)
	}})
}

func (h *half) fail(err error) {
	if h.reset == nil {
		h.reset = err
	}
	h.readable.Broadcast()
	h.writable.Broadcast()
}

// room is how many bytes the writer may send now.
func (h *half) room() int { return window - h.underway - len(h.buffer) }

// take moves arrived bytes to p and opens the window.
func (h *half) take(p []byte) int {
	size := copy(p, h.buffer)
	if h.buffer = h.buffer[size:]; len(h.buffer) == 0 {
		h.buffer = nil
	}
	h.writable.Broadcast()
	return size
}
