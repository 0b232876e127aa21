package rtc

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"

	"github.com/meridian-video/meridian/edge/sfu"
)

// up is a section in which the client may send, and the Upstream of its
// UpTrack.
type up struct {
	t                 *Transport
	mid               string
	kind              sfu.Kind
	pt                uint8
	levelExt, twccExt uint8
	nack, pli, fir    bool
	track             *sfu.UpTrack
	ssrc              atomic.Uint32 // whose packets are taken; 0 while unknown
	firs              atomic.Uint32
	bytes             atomic.Uint64

	mu sync.Mutex // guards rx, between the reader and reports
	rx reception
}

func newUp(t *Transport, s *section) *up {
	u := &up{
		t: t, mid: s.mid, kind: s.kind, pt: s.pt, levelExt: s.levelExt,
		nack: s.nack, pli: s.pli, fir: s.fir,
	}
	if s.twcc {
		u.twccExt = s.twccExt
	}
	u.track = sfu.NewUpTrack(sfu.UpConfig{
		Kind: s.kind, Codec: codecOf(s.kind), Upstream: u, Clock: t.clock,
		Batch: t.engine.NewBatch(), Now: t.engine.cfg.Now, Metrics: t.engine.cfg.SFU,
	})
	return u
}

// declare takes the first SSRC of an offer as the one to expect, so that a
// keyframe can be asked for before anything has arrived.
func (u *up) declare(ssrcs []uint32) {
	if len(ssrcs) > 0 {
		u.ssrc.CompareAndSwap(0, ssrcs[0])
	}
}

// accept counts a packet of n bytes, unless it is of another SSRC than the
// section's living one.
func (u *up) accept(h *rtp.Header, n int, now time.Duration) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.ssrc.Load() != h.SSRC {
		if u.rx.started && now-u.rx.last < silence {
			return false
		}
		u.ssrc.Store(h.SSRC)
		u.rx = reception{}
	}
	u.rx.packet(h.SequenceNumber, h.Timestamp, now, codecOf(u.kind).ClockRate())
	u.bytes.Add(uint64(n))
	return true
}

// RequestKeyframe implements sfu.Upstream by PLI or, where the client has
// only that, FIR (RFC 5104 section 4.3.1).
func (u *up) RequestKeyframe(uint8) {
	ssrc := u.ssrc.Load()
	switch {
	case ssrc == 0:
	case u.pli:
		u.t.sendRTCP(&rtcp.PictureLossIndication{SenderSSRC: u.t.ssrc, MediaSSRC: ssrc})
	case u.fir:
		u.t.sendRTCP(&rtcp.FullIntraRequest{SenderSSRC: u.t.ssrc, MediaSSRC: ssrc,
			FIR: []rtcp.FIREntry{{SSRC: ssrc, SequenceNumber: uint8(u.firs.Add(1))}}})
	}
}

// RequestRetransmit implements sfu.Upstream by generic NACK (RFC 4585).
func (u *up) RequestRetransmit(_ uint8, seqs []uint16) {
	if ssrc := u.ssrc.Load(); ssrc != 0 && u.nack && len(seqs) > 0 {
		u.t.sendRTCP(&rtcp.TransportLayerNack{SenderSSRC: u.t.ssrc, MediaSSRC: ssrc,
			Nacks: rtcp.NackPairsFromSequenceNumbers(seqs)})
	}
}

// senderReport passes the client's report on and notes it for our own.
func (u *up) senderReport(sr *rtcp.SenderReport, now time.Duration) {
	u.mu.Lock()
	u.rx.report, u.rx.reportAt = uint32(sr.NTPTime>>16), now
	u.mu.Unlock()
	u.track.SenderReport(0, sr.NTPTime, sr.RTPTime, now)
}

// reception is what RFC 3550 appendix A.3 and A.8 keep of a source.
type reception struct {
	started        bool
	base           uint32
	highest        uint32 // extended by cycles
	received       uint32
	last           time.Duration
	transit        int64
	jitter         float64 // in timestamp units
	report         uint32  // middle bits of the last sender report's NTP time
	reportAt       time.Duration
	expectedBefore uint32
	receivedBefore uint32
}

func (r *reception) packet(seq uint16, ts uint32, now time.Duration, rate uint32) {
	transit := now.Nanoseconds()/1000*int64(rate)/1_000_000 - int64(ts)
	switch {
	case !r.started:
		*r = reception{started: true, base: uint32(seq), highest: uint32(seq), report: r.report, reportAt: r.reportAt}
	default:
		d := int64(int32(uint32(transit) - uint32(r.transit)))
		r.jitter += (float64(max(d, -d)) - r.jitter) / 16
		// A number up to half the space ahead moves the highest on.
		if ahead := seq - uint16(r.highest); ahead < 1<<15 {
			r.highest += uint32(ahead)
		}
	}
	r.received++
	r.transit, r.last = transit, now
}

func (r *reception) lost() int64 {
	return int64(r.highest-r.base+1) - int64(r.received)
}

// block is the reception report since the last one.
func (r *reception) block(ssrc uint32, now time.Duration) rtcp.ReceptionReport {
	expected := r.highest - r.base + 1
	span, got := expected-r.expectedBefore, r.received-r.receivedBefore
	r.expectedBefore, r.receivedBefore = expected, r.received
	var fraction uint8
	if span > 0 && got < span {
		fraction = uint8(min(255, uint64(span-got)<<8/uint64(span)))
	}
	b := rtcp.ReceptionReport{
		SSRC: ssrc, FractionLost: fraction, TotalLost: uint32(min(max(r.lost(), 0), 1<<23-1)),
		LastSequenceNumber: r.highest, Jitter: uint32(r.jitter),
	}
	if r.report != 0 {
		b.LastSenderReport = r.report
		b.Delay = uint32((now - r.reportAt).Seconds() * 65536)
	}
	return b
}
