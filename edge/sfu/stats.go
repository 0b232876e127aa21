package sfu

import (
	"sync/atomic"
	"time"
)

// UpStats are counts of an UpTrack since its start. Sequence and jitter are
// those of layer 0 and serve receiver reports (RFC 3550 section 6.4.1).
type UpStats struct {
	Packets, Octets  uint64 // arrived, payload only
	Duplicates, Old  uint64 // not forwarded
	Nacked           uint64 // requests for a packet, retries counted
	Recovered        uint64 // arrived after being asked for
	Lost             uint64 // given up
	Keyframes        uint64
	KeyframeRequests uint64 // sent upstream
	Restarts         uint64 // of the source's numbering
	FeedbackDropped  uint64 // the queue was full
	Downs            int    // DownTracks attached
	FirstSequence    uint64 // extended, since the last restart
	HighestSequence  uint64 // extended
	Jitter           uint32 // interarrival, in clock ticks
}

type upCounts struct {
	packets, octets, duplicates, old   atomic.Uint64
	nacked, recovered, lost            atomic.Uint64
	keyframes, keyframeRequests        atomic.Uint64
	restarts, feedbackDropped          atomic.Uint64
	downs                              atomic.Int64
	firstSequence, highestSequence, jt atomic.Uint64
}

// note publishes what receiver reports need of layer 0.
func (c *upCounts) note(layer uint8, e *encoding) {
	if layer == 0 {
		c.firstSequence.Store(e.log.base)
		c.highestSequence.Store(e.log.highest)
		c.jt.Store(uint64(e.jitter.value))
	}
}

// Stats returns the counts so far, without waiting for the packet path.
func (u *UpTrack) Stats() UpStats {
	c := &u.counts
	return UpStats{
		Packets: c.packets.Load(), Octets: c.octets.Load(),
		Duplicates: c.duplicates.Load(), Old: c.old.Load(),
		Nacked: c.nacked.Load(), Recovered: c.recovered.Load(), Lost: c.lost.Load(),
		Keyframes: c.keyframes.Load(), KeyframeRequests: c.keyframeRequests.Load(),
		Restarts: c.restarts.Load(), FeedbackDropped: c.feedbackDropped.Load(),
		Downs:         int(c.downs.Load()),
		FirstSequence: c.firstSequence.Load(), HighestSequence: c.highestSequence.Load(),
		Jitter: uint32(c.jt.Load()),
	}
}

// DownStats are counts of a DownTrack since its start.
type DownStats struct {
	Packets, Octets  uint64 // handed to the sink, payload only, resent ones too
	Resent           uint64 // of these, answers to NACKs
	Nacked           uint64 // packets the subscriber asked for
	NackRefused      uint64 // of these, unknown, gone, or asked for too often
	KeyframeRequests uint64 // by the subscriber
	Switches         uint64 // attached to a source
	Waiting          bool   // attached, and waiting for a keyframe
	Paused           bool   // by its target
	Foreign          bool   // the source's codec is none of the sink's
	Current          Layer  // forwarded at present; NoLayer for none
}

type downCounts struct {
	packets, octets, resent, nacked, refused, keyframeRequests, switches atomic.Uint64
	waiting, paused, foreign                                             atomic.Bool
	current                                                              atomic.Uint32
}

// Stats returns the counts so far, without waiting for the packet path.
func (d *DownTrack) Stats() DownStats {
	c := &d.counts
	return DownStats{
		Packets: c.packets.Load(), Octets: c.octets.Load(), Resent: c.resent.Load(),
		Nacked: c.nacked.Load(), NackRefused: c.refused.Load(),
		KeyframeRequests: c.keyframeRequests.Load(), Switches: c.switches.Load(),
		Waiting: c.waiting.Load(), Paused: c.paused.Load(), Foreign: c.foreign.Load(),
		Current: unpackLayer(c.current.Load()),
	}
}

// jitter estimates the interarrival jitter (RFC 3550 appendix A.8).
type jitter struct {
	begun   bool
	transit int64
	value   float64 // ticks
}

func (j *jitter) update(ts uint32, arrival time.Duration, rate uint32) {
	transit := int64(int32(uint32(ticks(arrival, rate)) - ts))
	if j.begun {
		d := int64(int32(uint32(transit) - uint32(j.transit)))
		if d < 0 {
			d = -d
		}
		j.value += (float64(d) - j.value) / 16
	}
	j.begun, j.transit = true, transit
}
