package rtc

import (
	"time"

	"github.com/meridian-video/meridian/edge/sfu"
)

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
