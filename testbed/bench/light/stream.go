//go:build linux

package light

import (
	"time"

	"github.com/pion/rtcp"
)

// stream is what a client knows of one SSRC it receives. It is pure; the
// client's lock guards it.
type stream struct {
	ssrc  uint32
	video bool
	rtx   bool
	nack  bool
	clock float64 // ticks a second

	started  bool
	first    uint32 // extended sequence numbers
	highest  uint32
	received uint32 // without duplicates
	repaired uint32 // of those, came as a repetition under another SSRC
	repeats  uint32 // duplicates
	padding  uint32
	gone     uint32 // lost of the sequences before this one

	transit, jitter      float64 // in ticks, RFC 3550 appendix A.8
	priorTotal, priorGot uint32  // at the last report
	reported             uint32  // SR's middle 32 bits
	reportedAt           time.Time

	holes map[uint32]*hole
	play  playout
}

// hole is a number that has not come.
type hole struct {
	since, asked time.Time
	tries        int
}

// A browser stops to ask after ten times, and a picture is stale after a second.
const (
	askEvery  = 40 * time.Millisecond
	askTries  = 10
	holeLimit = time.Second
	maxJump   = 3000 // larger steps are a new sequence
	maxHoles  = 1000
)

// arrive notes a packet; false means that it was here before.
func (s *stream) arrive(seq uint16, timestamp uint32, at time.Time) bool {
	if !s.started {
		s.started = true
		s.first = 1<<16 | uint32(seq) // one cycle ahead: earlier packets may come late
		s.highest = s.first
		s.received = 1
		s.play.arrive(s.first, at)
		s.measure(timestamp, at)
		return true
	}
	n := s.highest + uint32(int32(int16(seq-uint16(s.highest))))
	switch ahead := int32(n - s.highest); {
	case ahead > maxJump || ahead < -maxJump:
		s.started, s.gone = false, s.lost()
		clear(s.holes)
		return s.arrive(seq, timestamp, at)
	case ahead > 0:
		s.open(s.highest+1, n, at)
		s.highest = n
		s.received++
		s.measure(timestamp, at)
	case !s.fill(n):
		s.repeats++
		return false
	}
	s.play.arrive(n, at)
	return true
}

// fill closes a hole; false when there is none.
func (s *stream) fill(n uint32) bool {
	if _, missing := s.holes[n]; !missing {
		return false
	}
	delete(s.holes, n)
	s.received++
	return true
}

// recover closes a hole by a repetition that came under another SSRC.
func (s *stream) recover(seq uint16, at time.Time) bool {
	n := s.highest + uint32(int32(int16(seq-uint16(s.highest))))
	if !s.fill(n) {
		return false
	}
	s.repaired++
	s.play.arrive(n, at)
	return true
}

func (s *stream) open(from, to uint32, at time.Time) {
	for n := from; n < to && len(s.holes) < maxHoles; n++ {
		if s.holes == nil {
			s.holes = map[uint32]*hole{}
		}
		s.holes[n] = &hole{since: at}
	}
}

func (s *stream) measure(timestamp uint32, at time.Time) {
	arrival := float64(at.UnixMicro()%(1<<40)) * s.clock / 1e6
	transit := arrival - float64(timestamp)
	if d := transit - s.transit; s.received > 1 && d < s.clock && d > -s.clock {
		s.jitter += (max(d, -d) - s.jitter) / 16
	}
	s.transit = transit
}

// missing is which numbers to ask for now; what is too old is given up.
func (s *stream) missing(now time.Time) []uint16 {
	var ask []uint16
	for n, h := range s.holes {
		switch {
		case now.Sub(h.since) > holeLimit:
			delete(s.holes, n)
		case h.tries >= askTries:
		case s.nack && now.Sub(h.asked) >= askEvery:
			h.asked = now
			h.tries++
			ask = append(ask, uint16(n))
		}
	}
	return ask
}

// expected counts the numbers from the first to the highest.
func (s *stream) expected() uint32 {
	if !s.started {
		return 0
	}
	return s.highest - s.first + 1
}

// lost counts what has not come, or not yet.
func (s *stream) lost() uint32 { return s.gone + s.expected() - min(s.received, s.expected()) }

// block is the stream's part of a receiver report (RFC 3550 section 6.4.1).
func (s *stream) block(now time.Time) rtcp.ReceptionReport {
	total, got := s.expected(), s.received
	lost := int64(total-s.priorTotal) - int64(got-s.priorGot)
	r := rtcp.ReceptionReport{SSRC: s.ssrc, LastSequenceNumber: s.highest - 1<<16, Jitter: uint32(s.jitter), LastSenderReport: s.reported}
	if interval := int64(total - s.priorTotal); interval > 0 && lost > 0 {
		r.FractionLost = uint8(min(lost*256/interval, 255))
	}
	if total > got {
		r.TotalLost = min(total-got, 1<<23-1)
	}
	if s.reported != 0 {
		r.Delay = uint32(now.Sub(s.reportedAt).Seconds() * 65536)
	}
	s.priorTotal, s.priorGot = total, got
	return r
}
