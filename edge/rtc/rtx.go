package rtc

import (
	"encoding/binary"
	"sync"

	"github.com/meridian-video/meridian/edge/sfu"
)

// maxPadding is the most padding of a packet in bytes (RFC 3550 section 5.1).
const maxPadding = 255

// unwrapRTX returns the original number and payload of a packet of
// retransmissions (RFC 4588 section 4); false for one that repeats nothing,
// as senders probe with.
func unwrapRTX(payload []byte) (seq uint16, original []byte, ok bool) {
	if len(payload) <= 2 {
		return 0, nil, false
	}
	return binary.BigEndian.Uint16(payload), payload[2:], true
}

// rtx is a slot's stream of retransmissions (RFC 4588), with an SSRC and
// numbers of its own. Every packet in it is a new one.
type rtx struct {
	ssrc uint32 // 0 when the client takes none

	mu  sync.Mutex // guards what seals packets: padding comes from elsewhere
	seq uint16
	ts  uint32
	pt  uint8 // of the latest packet
	out *outbound
}

// init makes the stream if any of the payload types has one.
func (x *rtx) init(l payloads) {
	for _, p := range l {
		if p.rtx != 0 {
			x.ssrc = random32() | 1 // never 0
			x.seq = uint16(random32()) & 0x7fff
			x.pt = p.rtx
			return
		}
	}
}

// ready makes what sealing needs, at the first packet. x.mu is held.
func (x *rtx) ready(t *Transport) bool {
	if x.out != nil {
		return true
	}
	k := t.keys.Load()
	if k == nil {
		return false
	}
	out, err := newOutbound(k, false)
	if err != nil {
		return false
	}
	x.out = out
	return true
}

// repair sends p once more, in the slot's RTX stream.
func (d *down) repair(out *batch, to *peer, p *sfu.Packet, pt uint8) {
	x := &d.rtx
	x.mu.Lock()
	defer x.mu.Unlock()
	if !x.ready(d.t) {
		d.t.engine.metrics.unready.Inc()
		return
	}
	x.pt, x.ts = pt, p.Timestamp
	b := d.appendHeader(out.room(), heading{ssrc: x.ssrc, seq: x.seq, pt: pt}, p)
	header := len(b)
	b = binary.BigEndian.AppendUint16(b, p.SequenceNumber)
	x.seq++
	d.emit(out, to, x.out, append(b, p.Payload...), header)
}

// padding sends a packet with nothing but up to 255 bytes of padding, with
// which the way to the client is probed. It returns the packet's size in
// bytes, 0 when the slot cannot send one. It may be called from any
// goroutine.
func (d *down) padding(n int) (size int) {
	n = min(max(n, 1), maxPadding)
	x, to := &d.rtx, d.t.peer.Load()
	if x.ssrc == 0 || to == nil {
		return 0
	}
	out := d.t.door.batch()
	defer out.Flush()
	x.mu.Lock()
	defer x.mu.Unlock()
	if !x.ready(d.t) {
		return 0
	}
	p := sfu.Packet{Timestamp: x.ts, AudioLevel: sfu.NoAudioLevel}
	b := d.appendHeader(out.room(), heading{ssrc: x.ssrc, seq: x.seq, pt: x.pt, padded: true}, &p)
	header := len(b)
	b = b[:header+n]
	clear(b[header:])
	b[header+n-1] = uint8(n)
	x.seq++
	return d.emit(out, to, x.out, b, header)
}
