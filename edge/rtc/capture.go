package rtc

import (
	"time"

	"github.com/meridian-video/meridian/edge/sfu"
)

// capture says of a slot when its packets were taken, on the node's clock:
// browsers show it to pages as the capture timestamp, by which they bring the
// voice and the picture of a person together though they come in different
// streams (abs-capture-time of the WebRTC project, in its short form of 8
// bytes). It belongs to the caller of Send and SendReport.
type capture struct {
	due   bool // the next packet says it
	ntp   uint64
	rtp   uint32
	clock uint32 // Hz
}

// learn takes the same instant on both clocks; the next packet tells it on.
func (c *capture) learn(r sfu.Report, kind sfu.Kind) {
	clock := sfu.Opus.ClockRate()
	if kind == sfu.Video {
		clock = sfu.VP8.ClockRate()
	}
	*c = capture{due: true, ntp: r.NTP, rtp: r.RTP, clock: clock}
}

// take returns when the packet with timestamp ts was taken, as an NTP
// timestamp, if it is to say so: once after each report.
func (c *capture) take(ts uint32) (ntp uint64, ok bool) {
	if !c.due {
		return 0, false
	}
	c.due = false
	after := time.Duration(int32(ts-c.rtp)) * time.Second / time.Duration(c.clock)
	whole, rest := after/time.Second, after%time.Second
	return c.ntp + uint64(whole)<<32 + uint64(int64(rest)<<32/int64(time.Second)), true
}
