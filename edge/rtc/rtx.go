package rtc

import (
	"encoding/binary"
	"sync"

	"github.com/pion/rtp"
	"github.com/pion/srtp/v3"

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

	mu     sync.Mutex // guards what seals packets: padding comes from elsewhere
	seq    uint16
	ts     uint32
	pt     uint8 // of the latest packet
	out    *srtp.Context
	sealed rtp.Header
	plain  []byte
	cipher []byte
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
	out, err := k.sender()
	if err != nil {
		return false
	}
	x.out = out
	x.plain, x.cipher = make([]byte, 0, maxPacket), make([]byte, 0, maxPacket+64)
	return true
}

// repair sends p once more, in the slot's RTX stream.
func (d *down) repair(p *sfu.Packet, pt uint8) bool {
	x := &d.rtx
	x.mu.Lock()
	defer x.mu.Unlock()
	if !x.ready(d.t) {
		return false
	}
	x.pt, x.ts = pt, p.Timestamp
	b := d.appendHeader(x.plain[:0], heading{ssrc: x.ssrc, seq: x.seq, pt: pt}, p)
	b = binary.BigEndian.AppendUint16(b, p.SequenceNumber)
	return d.sendRTX(append(b, p.Payload...))
}

// padding sends a packet with nothing but up to 255 bytes of padding, with
// which the way to the client is probed. It returns the packet's size in
// bytes, 0 when the slot cannot send one. It may be called from any
// goroutine.
func (d *down) padding(n int) (size int) {
	n = min(max(n, 1), maxPadding)
	x := &d.rtx
	if x.ssrc == 0 {
		return 0
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if !x.ready(d.t) {
		return 0
	}
	p := sfu.Packet{Timestamp: x.ts, AudioLevel: sfu.NoAudioLevel}
	b := d.appendHeader(x.plain[:0], heading{ssrc: x.ssrc, seq: x.seq, pt: x.pt, padded: true}, &p)
	b = append(b, make([]byte, n)...)
	b[len(b)-1] = uint8(n)
	if !d.sendRTX(b) {
		return 0
	}
	return len(b)
}

// sendRTX seals and sends the next packet of the RTX stream. x.mu is held.
func (d *down) sendRTX(packet []byte) bool {
	x := &d.rtx
	x.seq++
	d.stamp(packet)
	sealed, err := x.out.EncryptRTP(x.cipher[:0], packet, &x.sealed)
	if err != nil || !d.t.write(sealed) {
		return false
	}
	d.count(len(packet))
	return true
}
