package congestion

import "time"

// gaugeLayers is how many spatial layers or encodings of a track are told apart; what is
// above them counts as the highest.
const gaugeLayers = 4

// Counts are bytes by spatial layer or encoding.
type Counts [gaugeLayers]uint64

// Gauge measures the rate of each layer of a track that leaves, and remembers it of those
// that do not pass. A new one expects what browsers usually send: else a link that takes
// over another's tracks would pass all of them until it knows better.
type Gauge struct {
	counted Counts
	rates   [gaugeLayers]float64
	passed  Layers        // at the last update
	settled time.Duration // for how long the same has passed
}

// gaugeTime is the time over which rates are averaged: a few frames, less than the pause
// between keyframes. A layer that was just let through is not believed for as long.
const gaugeTime = time.Second

// NewGauge expects an audio track or a video track.
func NewGauge(audio bool) Gauge {
	if audio {
		return Gauge{rates: [gaugeLayers]float64{40e3}}
	}
	return Gauge{rates: [gaugeLayers]float64{150e3, 500e3, 1.5e6}}
}

// Layer is the place of an encoding in Counts.
func Layer(encoding uint8) int { return min(int(encoding), gaugeLayers-1) }

// Update takes the bytes counted since the track began, by layer, the time since the last
// update, and what passes of the track by now.
func (g *Gauge) Update(passed time.Duration, bytes Counts, passing Layers) {
	if passing != g.passed {
		g.passed, g.settled = passing, 0
	} else {
		g.settled += passed
	}
	for i, n := range bytes {
		if passed <= 0 {
			continue
		}
		rate := float64(max(n, g.counted[i])-g.counted[i]) * 8 / passed.Seconds()
		g.counted[i] = n
		if i <= int(passing.Spatial) && passing.Temporal >= 0 {
			g.rates[i] = g.average(g.rates[i], rate/temporalShare(passing.Temporal), passed)
		}
	}
}

func (g *Gauge) average(old, rate float64, passed time.Duration) float64 {
	if rate < old && g.settled < gaugeTime {
		return old // it may still be on its way, waiting for a keyframe
	}
	return old + (rate-old)*min(passed.Seconds()/gaugeTime.Seconds(), 1)
}

// Top is the highest layer that was ever seen; -1 for none.
func (g *Gauge) Top() int {
	top := -1
	for i, n := range g.counted {
		if n > 0 {
			top = i
		}
	}
	return top
}

// Rates are the bit/s of each layer with all its temporal layers.
func (g *Gauge) Rates() []float64 { return g.rates[:] }
