package rtc

import (
	"slices"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/rtp"
	"github.com/pion/srtp/v3"

	"github.com/meridian-video/meridian/edge/sfu"
)

// early is how many SRTP packets wait while DTLS finishes on our side: the
// client may send as soon as it has finished on its own.
const early = 32

// reader is the state of the goroutine that reads a transport, and of nobody
// else.
type reader struct {
	t       *Transport
	in      *srtp.Context
	learned map[uint32]*up // SSRCs that no offer declared
	waiting [][]byte
	sealed  rtp.Header
	header  rtp.Header
	packet  sfu.Packet
}

// read takes what the client sends to the tracks, until ICE closes. Packets
// run to completion here: the UpTrack forwards before the next is read.
func (t *Transport) read(conn *ice.Conn) {
	r := reader{t: t, learned: make(map[uint32]*up)}
	buf := make([]byte, maxPacket)
	for {
		n, err := conn.Read(buf)
		if err != nil {
			t.cancel(ErrClosed)
			return
		}
		r.datagram(buf[:n])
	}
}

// datagram tells apart what shares the port (RFC 7983 section 7).
func (r *reader) datagram(b []byte) {
	if len(b) < 2 {
		return
	}
	switch {
	case b[0] >= 20 && b[0] <= 63:
		_, _ = r.t.dtls.Write(b) // a full or closed buffer loses the record, as networks do
	case b[0] >= 128 && b[0] <= 191:
		if r.in == nil && !r.unlock(b) {
			return
		}
		r.open(b)
	}
}

// unlock makes the context once there are keys; until then b waits.
func (r *reader) unlock(b []byte) bool {
	k := r.t.keys.Load()
	if k == nil {
		if len(r.waiting) < early && r.t.ctx.Err() == nil {
			r.waiting = append(r.waiting, slices.Clone(b))
		} else {
			r.t.engine.metrics.unready.Inc()
		}
		return false
	}
	in, err := k.receiver()
	if err != nil {
		return false
	}
	r.in = in
	for _, w := range r.waiting {
		r.open(w)
	}
	r.waiting = nil
	return true
}

// open decrypts in place and dispatches. RTCP has payload types 64 to 95 in
// RTP's reading (RFC 5761 section 4).
func (r *reader) open(b []byte) {
	if pt := b[1] & 0x7f; pt >= 64 && pt <= 95 {
		plain, err := r.in.DecryptRTCP(b, b, nil)
		if err != nil {
			r.t.engine.metrics.undecryptable.Inc()
			return
		}
		r.t.control(plain)
		return
	}
	plain, err := r.in.DecryptRTP(b, b, &r.sealed)
	if err != nil {
		r.t.engine.metrics.undecryptable.Inc()
		return
	}
	r.media(plain)
}

// media hands an RTP packet to its UpTrack.
func (r *reader) media(b []byte) {
	n, err := r.header.Unmarshal(b)
	if err != nil {
		return
	}
	payload := b[n:]
	if r.header.Padding {
		pad := 0
		if len(payload) > 0 {
			pad = int(payload[len(payload)-1])
		}
		if pad == 0 || pad > len(payload) {
			return // RFC 3550 section 5.1: the count includes itself
		}
		payload = payload[:len(payload)-pad]
	}
	t := r.t
	now := t.engine.cfg.Now()
	t.counts.packetsIn.Add(1)
	t.counts.bytesIn.Add(uint64(len(b)))
	t.engine.metrics.in.packets.Inc()
	t.engine.metrics.in.bytes.Add(float64(len(b)))
	u := r.route()
	if u == nil {
		t.engine.metrics.unknownSSRC.Inc()
		return
	}
	if u.twccExt != 0 {
		if v := r.header.GetExtension(u.twccExt); len(v) == 2 {
			t.feedback.record(u.ssrc.Load(), uint16(v[0])<<8|uint16(v[1]), now)
		}
	}
	if r.header.PayloadType != u.pt || !u.accept(&r.header, len(b), now) {
		return
	}
	level := uint8(sfu.NoAudioLevel)
	if u.levelExt != 0 {
		if v := r.header.GetExtension(u.levelExt); len(v) > 0 {
			level = v[0] & 0x7f
		}
	}
	r.packet = sfu.Packet{
		SequenceNumber: r.header.SequenceNumber,
		Timestamp:      r.header.Timestamp,
		Marker:         r.header.Marker,
		AudioLevel:     level,
		Arrival:        now,
		Payload:        payload,
	}
	u.track.Write(&r.packet)
}

// route finds the section of a packet as RFC 9143 section 9.2 does: by its
// SSRC, its mid, or a payload type that only one section has.
func (r *reader) route() *up {
	routes := r.t.routes.Load()
	h := &r.header
	if u := routes.ssrc[h.SSRC]; u != nil {
		return u
	}
	if u := r.learned[h.SSRC]; u != nil {
		return u
	}
	u := routes.pt[h.PayloadType]
	if id := routes.midExt; id != 0 {
		if mid := h.GetExtension(id); mid != nil {
			u = routes.mid[string(mid)]
		}
	}
	if u == nil {
		return nil
	}
	if len(r.learned) < maxSSRCs {
		r.learned[h.SSRC] = u
	}
	return u
}

// silence is how long an SSRC must have been silent before another of the
// same section takes its place.
const silence = 500 * time.Millisecond
