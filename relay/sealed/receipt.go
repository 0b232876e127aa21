package sealed

import (
	"encoding/binary"
	"time"
)

// receipt is what a Receiver tells the Sender at the other end. Counts are since the
// path began, so that a lost receipt loses nothing; delays and bursts are since the last
// receipt.
type receipt struct {
	echo      uint32 // the sender's clock in the newest datagram
	hold      uint32 // microseconds since that arrived
	clock     uint32 // the receiver's, when this was made
	datagrams uint64
	bytes     uint64
	lost      uint64
	largest   uint16 // datagram, bytes
	// Delays are arrival by the receiver's clock less departure by the sender's,
	// microseconds, wrapping; delays of several datagrams differ by what queues grew.
	minDelay, meanDelay, maxDelay uint32
	bursts                        [maxBurst]uint16
	missing                       [maxMissing]missing
	asked                         int // of missing
}

// missing is a run of data that is wanted again.
type missing struct {
	base uint64
	n    uint8
}

// maxMissing is how many runs fit a receipt.
const maxMissing = 64

// receiptSize is the length without the missing runs.
const receiptSize = 4 + 4 + 3*8 + 2 + 3*4 + 2*maxBurst + 1

func appendReceipt(b []byte, r *receipt) []byte {
	b = binary.BigEndian.AppendUint32(b, r.echo)
	b = binary.BigEndian.AppendUint32(b, r.hold)
	for _, v := range [...]uint64{r.datagrams, r.bytes, r.lost} {
		b = binary.BigEndian.AppendUint64(b, v)
	}
	b = binary.BigEndian.AppendUint16(b, r.largest)
	for _, v := range [...]uint32{r.minDelay, r.meanDelay, r.maxDelay} {
		b = binary.BigEndian.AppendUint32(b, v)
	}
	for _, v := range r.bursts {
		b = binary.BigEndian.AppendUint16(b, v)
	}
	b = append(b, byte(r.asked))
	for _, m := range r.missing[:r.asked] {
		b = append(appendU48(b, m.base), m.n)
	}
	return b
}

// decode reads a receipt; what follows it is of a later version.
func (r *receipt) decode(b []byte) error {
	if len(b) < receiptSize {
		return ErrMalformed
	}
	asked := int(b[receiptSize-1])
	if asked > maxMissing || len(b) < receiptSize+7*asked {
		return ErrMalformed
	}
	*r = receipt{
		echo: binary.BigEndian.Uint32(b), hold: binary.BigEndian.Uint32(b[4:]),
		datagrams: binary.BigEndian.Uint64(b[8:]), bytes: binary.BigEndian.Uint64(b[16:]),
		lost: binary.BigEndian.Uint64(b[24:]), largest: binary.BigEndian.Uint16(b[32:]),
		minDelay: binary.BigEndian.Uint32(b[34:]), meanDelay: binary.BigEndian.Uint32(b[38:]),
		maxDelay: binary.BigEndian.Uint32(b[42:]), asked: asked,
	}
	for i := range r.bursts {
		r.bursts[i] = binary.BigEndian.Uint16(b[46+2*i:])
	}
	for i := range asked {
		at := b[receiptSize+7*i:]
		r.missing[i] = missing{u48(at), at[6]}
	}
	return nil
}

// Feedback is what a path's far end saw since the Feedback before; a controller of the
// rate lives on it. One comes about every 20 ms while datagrams arrive there.
type Feedback struct {
	At        time.Duration // when it came, by this end's clock
	Interval  time.Duration // what it covers, by the far end's clock; 0 at first
	RTT       time.Duration // of the newest datagram it covers
	Datagrams uint64        // that arrived
	Bytes     uint64        // that arrived, as UDP payload
	Lost      uint64        // datagrams that did not arrive; late ones are taken off later, never below 0
	Bursts    [maxBurst]uint16
	// One-way delays over those of the first Feedback's first datagram: the constant
	// part is unknown, what they grow by is a queue.
	MinDelay, MeanDelay, MaxDelay time.Duration
}

// history turns receipts into Feedback.
type history struct {
	last      receipt
	any       bool
	baseDelay uint32
	rtt       time.Duration // the last
}

// take gives the Feedback of a receipt; ok is false for one that came late.
func (h *history) take(now time.Duration, r *receipt) (f Feedback, ok bool) {
	if h.any && r.datagrams <= h.last.datagrams {
		return f, false
	}
	if !h.any {
		h.baseDelay = r.minDelay
	} else {
		f.Interval = time.Duration(r.clock-h.last.clock) * time.Microsecond
	}
	if rtt := time.Duration(int32(clock(now)-r.echo-r.hold)) * time.Microsecond; rtt >= 0 {
		h.rtt = rtt
	}
	f.At, f.RTT, f.Bursts = now, h.rtt, r.bursts
	f.Datagrams, f.Bytes = r.datagrams-h.last.datagrams, r.bytes-h.last.bytes
	if r.lost > h.last.lost {
		f.Lost = r.lost - h.last.lost
	}
	f.MinDelay, f.MeanDelay, f.MaxDelay = h.delay(r.minDelay), h.delay(r.meanDelay), h.delay(r.maxDelay)
	h.last, h.any = *r, true
	return f, true
}

func (h *history) delay(d uint32) time.Duration {
	return time.Duration(int32(d-h.baseDelay)) * time.Microsecond
}
