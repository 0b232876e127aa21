package quality

import (
	"math"
	"time"
)

// Best is the transmission rating of a call without impairment: what the
// E-model gives its default values (ITU-T G.107 table 2).
const Best = 93.2

const (
	// opusRobust and videoRobust are the percentages of loss that cost half
	// of all that loss can cost (Bpl, ITU-T G.113). Opus conceals and carries
	// its last frame again (in-band FEC), so that it stands about as well as
	// G.729 with concealment, 19. A hole in a video stays until the next
	// keyframe: as bad as sound without concealment, 4.3.
	opusRobust  = 20
	videoRobust = 4.3
	// worstLoss is what complete loss costs.
	worstLoss = 95
)

// MOS turns a transmission rating into a mean opinion score from 1 to 4.5
// (ITU-T G.107 annex B).
func MOS(rating float64) float64 {
	switch {
	case !(rating > 0): // also not a number
		return 1
	case rating >= 100:
		return 4.5
	}
	// The curve dips a little below 1 for ratings under 6.5.
	return max(1, 1+0.035*rating+rating*(rating-60)*(100-rating)*7e-6)
}

// lossPoints is the effective equipment impairment Ie,eff of a codec without
// impairment of its own, for a share of random loss (ITU-T G.107 section 7.5).
func lossPoints(share, robust float64) float64 {
	percent := 100 * within(share, 0, 1)
	return worstLoss * percent / (percent + robust)
}

// delayPoints is the impairment Idd by one-way delay alone, of a call without
// echo (ITU-T G.107 section 7.4).
func delayPoints(oneWay time.Duration) float64 {
	if oneWay <= 100*time.Millisecond {
		return 0
	}
	x := math.Log2(float64(oneWay) / float64(100*time.Millisecond))
	return 25 * (sixth(x) - 3*sixth(x/3) + 2)
}

func sixth(x float64) float64 { return math.Pow(1+math.Pow(x, 6), 1./6) }

// within bounds x, and takes what is not a number for low.
func within(x, low, high float64) float64 {
	if !(x > low) {
		return low
	}
	return min(x, high)
}
