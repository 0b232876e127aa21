package rtc

import (
	"slices"
	"sync/atomic"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"

	"github.com/meridian-video/meridian/edge/sfu"
)

// up is a section in which the client may send, and the Upstream of its
// UpTrack.
type up struct {
	t         *Transport
	mid       string
	kind      sfu.Kind
	rids      []string // of the encodings; nil for one without name
	payloads  payloads
	ext       extensions
	track     *sfu.UpTrack
	bytes     atomic.Uint64
	encodings [sfu.MaxLayers]encoding
}

// encoding is one of an Up's, which is a simulcast layer or the only one.
type encoding struct {
	media, repair source // repair is of RTX
	firs          atomic.Uint32
}

func newUp(t *Transport, s *section) *up {
	u := &up{t: t, mid: s.mid, kind: s.kind, rids: s.rids, payloads: s.payloads, ext: s.ext}
	u.track = sfu.NewUpTrack(sfu.UpConfig{
		Kind: s.kind, Codec: s.payloads[0].codec, Upstream: u, Clock: t.clock,
		Batch: t.door.batch(), Pace: t.engine.Pace, Now: t.engine.cfg.Now, Metrics: t.engine.cfg.SFU,
	})
	return u
}

// declare takes the first SSRC of an offer as the one to expect, so that a
// keyframe can be asked for before anything has arrived.
func (u *up) declare(ssrcs []uint32) {
	if len(ssrcs) > 0 {
		u.encodings[0].media.ssrc.CompareAndSwap(0, ssrcs[0])
	}
}

// layer finds the encoding that a packet names (RFC 8852); a packet of
// retransmissions may name the one that it repairs.
func (u *up) layer(h *rtp.Header) (layer uint8, ok bool) {
	if len(u.rids) == 0 {
		return 0, true
	}
	for _, e := range [...]extension{extRID, extRepairedRID} {
		if id := u.ext[e].id; id != 0 {
			rid := h.GetExtension(id)
			if i := slices.IndexFunc(u.rids, func(r string) bool { return r == string(rid) }); i >= 0 {
				return uint8(i), true
			}
		}
	}
	return 0, false
}

// accept counts a packet of n bytes in its source, false when it is not taken.
func (u *up) accept(s *source, h *rtp.Header, n int, now time.Duration) bool {
	if !s.accept(h, now, u.payloads[0].codec.ClockRate()) {
		return false
	}
	u.bytes.Add(uint64(n))
	return true
}

// RequestKeyframe implements sfu.Upstream by PLI or, where the client has
// only that, FIR (RFC 5104 section 4.3.1).
func (u *up) RequestKeyframe(layer uint8) {
	e := &u.encodings[layer%sfu.MaxLayers]
	ssrc := e.media.ssrc.Load()
	switch fb := u.payloads[0].fb; {
	case ssrc == 0:
	case fb&fbPLI != 0:
		u.t.sendRTCP(&rtcp.PictureLossIndication{SenderSSRC: u.t.ssrc, MediaSSRC: ssrc})
	case fb&fbFIR != 0:
		u.t.sendRTCP(&rtcp.FullIntraRequest{SenderSSRC: u.t.ssrc, MediaSSRC: ssrc,
			FIR: []rtcp.FIREntry{{SSRC: ssrc, SequenceNumber: uint8(e.firs.Add(1))}}})
	}
}

// RequestRetransmit implements sfu.Upstream by generic NACK (RFC 4585).
func (u *up) RequestRetransmit(layer uint8, seqs []uint16) {
	ssrc := u.encodings[layer%sfu.MaxLayers].media.ssrc.Load()
	if ssrc != 0 && u.payloads.offer(fbNACK) && len(seqs) > 0 {
		u.t.sendRTCP(&rtcp.TransportLayerNack{SenderSSRC: u.t.ssrc, MediaSSRC: ssrc,
			Nacks: rtcp.NackPairsFromSequenceNumbers(seqs)})
	}
}

// senderReport passes the client's report on one of its encodings on and
// notes it for our own.
func (u *up) senderReport(sr *rtcp.SenderReport, now time.Duration) {
	for i := range u.encodings {
		e := &u.encodings[i]
		switch sr.SSRC {
		case e.media.ssrc.Load():
			e.media.reported(sr.NTPTime, now)
			u.track.SenderReport(uint8(i), sr.NTPTime, sr.RTPTime, now)
		case e.repair.ssrc.Load():
			e.repair.reported(sr.NTPTime, now)
		}
	}
}

// blocks adds the reception reports of an Up's sources to list.
func (u *up) blocks(list []rtcp.ReceptionReport, now time.Duration) []rtcp.ReceptionReport {
	for i := range u.encodings {
		e := &u.encodings[i]
		for _, s := range [...]*source{&e.media, &e.repair} {
			if b, ok := s.block(now); ok {
				list = append(list, b)
			}
		}
	}
	return list
}
