//go:build linux

package light

import (
	"time"
)

// Times says when something happened first.
type Times struct {
	Began, Checked, Secured time.Time // Connect; answer to a check; end of the DTLS handshake
	Packet, Keyframe        time.Time // first packet of media; first packet of a keyframe
}

// Seen is what a client has observed.
type Seen struct {
	Times
	Packets   uint64 // of media, without padding and repetitions
	Padding   uint64
	Repeats   uint64 // under another SSRC or twice
	Opened    uint64 // decrypted and found sound
	Bad       uint64 // did not decrypt, or were not what was sent
	Delays    []time.Duration
	LastLayer [3]time.Time // when each simulcast layer was last seen
	Frames    uint64       // ends of frames
}

// Snapshot is the sum of what a client has received so far.
type Snapshot struct {
	Seen
	Expected, Lost, Repaired uint64
	LongestGap               time.Duration // of audio, as a listener would hear it
	Gaps                     int           // of audio, longer than MaxGap
	PLI, Asked               uint64        // requests that reached what this client sends: keyframes, packets
}

// Snapshot reads the counters and takes the delays observed since the last call.
func (c *Client) Snapshot() Snapshot {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := Snapshot{Seen: c.seen}
	c.seen.Delays = nil
	for _, t := range c.streams {
		if t.rtx {
			continue
		}
		s.Expected += uint64(t.expected())
		s.Lost += uint64(t.lost())
		s.Repaired += uint64(t.repaired)
		s.Repeats += uint64(t.repeats)
		s.LongestGap = max(s.LongestGap, t.play.longest)
		s.Gaps += t.play.gaps
	}
	for _, e := range c.encodings {
		s.PLI += e.pli
		s.Asked += e.asked
	}
	return s
}

// Add adds another client's counters and delays.
func (s *Snapshot) Add(o Snapshot) {
	s.Packets += o.Packets
	s.Padding += o.Padding
	s.Repeats += o.Repeats
	s.Opened += o.Opened
	s.Bad += o.Bad
	s.Frames += o.Frames
	s.Expected += o.Expected
	s.Lost += o.Lost
	s.Repaired += o.Repaired
	s.PLI += o.PLI
	s.Asked += o.Asked
	s.Delays = append(s.Delays, o.Delays...)
}
