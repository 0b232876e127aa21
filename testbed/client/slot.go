package client

import (
	"sync/atomic"
	"time"

	"github.com/pion/webrtc/v4"
)

// Slot counts what a receive slot got.
type Slot struct {
	Packets   atomic.Int64
	Bytes     atomic.Int64
	Keyframes atomic.Int64
	Gaps      atomic.Int64 // packets that do not follow the one before, early or late
	Span      atomic.Int64 // sequence numbers from the first to the highest
	FirstAt   atomic.Int64 // UnixNano of the first packet
	LastAt    atomic.Int64
}

// Missing counts the sequence numbers that have not come at all, or not yet.
func (s *Slot) Missing() int64 { return s.Span.Load() - s.Packets.Load() }

// receive counts the packets of a slot.
func (c *Client) receive(track *webrtc.TrackRemote, receiver *webrtc.RTPReceiver) {
	mid := ""
	for _, t := range c.pc.GetTransceivers() {
		if t.Receiver() == receiver {
			mid = t.Mid()
		}
	}
	s := c.Slot(mid)
	last, highest := uint16(0), uint16(0)
	for {
		p, _, err := track.ReadRTP()
		if err != nil {
			return
		}
		now := time.Now().UnixNano()
		s.FirstAt.CompareAndSwap(0, now)
		s.LastAt.Store(now)
		first := s.Packets.Add(1) == 1
		if first {
			highest = p.SequenceNumber - 1
		} else if p.SequenceNumber != last+1 {
			s.Gaps.Add(1)
		}
		last = p.SequenceNumber
		if ahead := int16(p.SequenceNumber - highest); ahead > 0 {
			s.Span.Add(int64(ahead))
			highest = p.SequenceNumber
		}
		s.Bytes.Add(int64(len(p.Payload)))
		if track.Kind() == webrtc.RTPCodecTypeAudio && c.sound != nil {
			c.sound(p)
		}
		if track.Kind() == webrtc.RTPCodecTypeVideo {
			if isKeyframe(p.Payload) {
				s.Keyframes.Add(1)
			}
			if c.pictures != nil {
				c.pictures(p)
			}
		}
	}
}

// Slot returns the counters of the slot with that mid.
func (c *Client) Slot(mid string) *Slot {
	c.mu.Lock()
	defer c.mu.Unlock()
	s, ok := c.slots[mid]
	if !ok {
		s = &Slot{}
		c.slots[mid] = s
	}
	return s
}

// VideoSlot returns the counters of the i-th video slot.
func (c *Client) VideoSlot(i int) *Slot { return c.Slot(c.Joined.Slots.Video[i]) }

// AudioSlot returns the counters of the i-th audio slot.
func (c *Client) AudioSlot(i int) *Slot { return c.Slot(c.Joined.Slots.Audio[i]) }
