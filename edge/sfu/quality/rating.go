package quality

import (
	"math"
	"time"
)

// What a video loses, in points of the rating.
const (
	starvedPoints = 60 // poor, and fair where it matters half as much
	heldPoints    = 30 // fair: somebody meant it, or has other troubles
	frozenPoints  = 70 // while nothing moves
	halfPoints    = 10 // for each halving of the lines, or missing layer
	slowPoints    = 12 // for each halving of the frame rate, or of the bitrate below the least
)

// playout is the one-way delay besides the path's: a frame, the codec's look
// ahead, and the least jitter buffer.
const playout = 60 * time.Millisecond

// A bill is what a medium loses, in points by cause.
type bill [causes]float64

// total is what is lost together.
func (b *bill) total() (points float64) {
	for _, p := range b {
		points += p
	}
	return points
}

// worst is the cause that costs most.
func (b *bill) worst() Cause {
	worst := None
	for c, points := range b {
		if points > b[worst] {
			worst = Cause(c)
		}
	}
	return worst
}

// audioBill bills one sound for loss, delay and jitter, which a jitter buffer
// turns into delay.
func audioBill(a Audio, rtt time.Duration, path Cause) (b bill) {
	delay := playout + max(rtt, 0)/2 + 2*max(a.Jitter, 0)
	b[path] = lossPoints(a.Loss, opusRobust) + delayPoints(delay)
	return b
}

// videoBill bills one video. What the path did is the path's, and what there
// is too little of is short's.
func videoBill(v Video, path, short Cause) (b bill) {
	switch v.State {
	case Starved:
		b[path] = starvedPoints
	case Held:
		b[Paused] = heldPoints
	default:
		b[path] = lossPoints(v.Loss, videoRobust) + frozenPoints*within(v.Frozen, 0, 1)
		b[short] += halfPoints*halvings(float64(v.Lines), float64(v.WantedLines)) +
			halfPoints*float64(max(0, v.WantedLayers-max(v.Layers, 0))) +
			slowPoints*halvings(v.FPS, v.WantedFPS) +
			slowPoints*halvings(float64(v.Bitrate), float64(v.Need))
	}
	for c := range b {
		b[c] *= within(v.Weight, 0, 1)
	}
	return b
}

// halvings is how often wanted has to be halved to be what is there; 0 while
// either is not known.
func halvings(there, wanted float64) float64 {
	if !(there > 0 && wanted > there) {
		return 0
	}
	return math.Log2(wanted / there)
}
