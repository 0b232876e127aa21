package quality

import (
	"math"
	"time"
)

// Sample is one direction during about a second.
type Sample struct {
	Direction Direction
	// Loss is the share of all packets that got lost on the way, from 0 to 1,
	// before anything was repaired.
	Loss float64
	// RTT is the round trip between client and node, 0 while unknown.
	RTT   time.Duration
	Audio []Audio
	Video []Video
}

// Audio is one sound that should be heard.
type Audio struct {
	// Loss is the share of packets, from 0 to 1, that neither came nor were
	// repaired in time.
	Loss float64
	// Jitter is that of arrivals (RFC 3550 section 6.4.1).
	Jitter time.Duration
}

// State says whether a video moves.
type State uint8

// The states of a video.
const (
	Playing State = iota
	Starved       // paused for want of bandwidth
	Held          // paused by its sender
)

// Video is one video that should be seen. A figure whose counterpart is 0 is
// not known and counts nothing.
type Video struct {
	State State
	// Weight is how much it matters, from 0 to 1: 1 for what people look at.
	Weight float64
	// Loss is the share of packets, from 0 to 1, that were not repaired.
	Loss float64
	// Frozen is the share of the time, from 0 to 1, in which no picture came
	// though there were some.
	Frozen float64
	// Lines of the picture, and those that would be shown.
	Lines, WantedLines int
	// Layers that come, and those that were asked for.
	Layers, WantedLayers int
	// FPS are the pictures a second, and those that would be shown.
	FPS, WantedFPS float64
	// Bitrate that comes, and the least that such a video takes, in bit/s.
	Bitrate, Need int
}

// Need is the least bitrate in bit/s that a camera of so many lines takes
// while people move: 30 kbit/s for 180 lines, and ten times as much for four
// times the lines, which is a fifth of the usual.
func Need(lines int) int {
	return int(30_000 * math.Pow(float64(max(lines, 0))/180, math.Log(10)/math.Log(4)))
}
