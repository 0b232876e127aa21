package rtc

import (
	"time"

	"github.com/pion/rtp"

	"github.com/meridian-video/meridian/edge/sfu"
)

// media hands an RTP packet to its UpTrack.
func (r *reader) media(b []byte) {
	h := &r.header
	n, err := h.Unmarshal(b)
	if err != nil {
		return
	}
	payload, ok := unpad(h, b[n:])
	if !ok {
		return
	}
	t := r.t
	now := t.engine.cfg.Now()
	t.counts.packetsIn.Add(1)
	t.counts.bytesIn.Add(uint64(len(b)))
	t.engine.metrics.in.packets.Inc()
	t.engine.metrics.in.bytes.Add(float64(len(b)))
	routes := t.routes.Load()
	if v := value(h, routes.ext[extCongestion]); len(v) == 2 {
		t.feedback.record(h.SSRC, uint16(v[0])<<8|uint16(v[1]), now)
	}
	u, layer, ok := routes.route(h, r.learned, now)
	if !ok {
		t.engine.metrics.unknownSSRC.Inc()
		return
	}
	if r.take(u, layer, payload, len(b), now) {
		u.track.Write(&r.packet)
	}
}

// take makes the track's packet of one of n bytes that belongs to u; false
// when there is none in it.
func (r *reader) take(u *up, layer uint8, payload []byte, n int, now time.Duration) bool {
	h := &r.header
	p, ok := u.payloads.find(h.PayloadType)
	if !ok {
		return false
	}
	e, seq := &u.encodings[layer], h.SequenceNumber
	if h.PayloadType == p.pt {
		ok = u.accept(&e.media, h, n, now)
	} else if ok = u.accept(&e.repair, h, n, now); ok {
		seq, payload, ok = unwrapRTX(payload)
	}
	if !ok {
		return false
	}
	level := uint8(sfu.NoAudioLevel)
	if v := value(h, u.ext[extLevel]); len(v) > 0 {
		level = v[0] & 0x7f
	}
	r.packet = sfu.Packet{
		SequenceNumber: seq,
		Timestamp:      h.Timestamp,
		Marker:         h.Marker,
		Layer:          layer,
		Codec:          p.codec,
		AudioLevel:     level,
		Arrival:        now,
		Descriptor:     value(h, u.ext[extDescriptor]),
		Payload:        payload,
	}
	return true
}

// value is what a packet carries of an extension, nil where there is none.
func value(h *rtp.Header, x extmap) []byte {
	if x.id == 0 {
		return nil
	}
	return h.GetExtension(x.id)
}

// unpad cuts padding off (RFC 3550 section 5.1); false for a wrong count.
func unpad(h *rtp.Header, payload []byte) ([]byte, bool) {
	if !h.Padding {
		return payload, true
	}
	if len(payload) == 0 {
		return nil, false
	}
	pad := int(payload[len(payload)-1]) // the count includes itself
	if pad == 0 || pad > len(payload) {
		return nil, false
	}
	return payload[:len(payload)-pad], true
}
