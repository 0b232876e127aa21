package rtc

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
)

// silence is how long an SSRC must have been silent before another takes its
// place.
const silence = 500 * time.Millisecond

// source is one stream of a client: an encoding of an Up, or its
// retransmissions.
type source struct {
	ssrc atomic.Uint32 // whose packets are taken; 0 while unknown

	mu sync.Mutex // guards rx, between the reader and reports
	rx reception
}

// accept counts a packet, unless it is of another SSRC than the living one.
func (s *source) accept(h *rtp.Header, now time.Duration, rate uint32) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ssrc.Load() != h.SSRC {
		if s.rx.started && now-s.rx.last < silence {
			return false
		}
		s.ssrc.Store(h.SSRC)
		s.rx = reception{}
	}
	s.rx.packet(h.SequenceNumber, h.Timestamp, now, rate)
	return true
}

// reported notes a sender report for our own.
func (s *source) reported(ntp uint64, now time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rx.report, s.rx.reportAt = uint32(ntp>>16), now
}

// block is the reception report since the last one, false when nothing has
// come for a while.
func (s *source) block(now time.Duration) (b rtcp.ReceptionReport, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.rx.started || now-s.rx.last >= 5*reportEvery {
		return b, false
	}
	return s.rx.block(s.ssrc.Load(), now), true
}

// snapshot is what has been received so far.
func (s *source) snapshot() reception {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.rx
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

// lost is expected minus received packets (RFC 3550 section 6.4.1).
func (r *reception) lost() int64 {
	if !r.started {
		return 0
	}
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
