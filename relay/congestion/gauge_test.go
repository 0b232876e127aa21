package congestion

import (
	"math"
	"testing"
	"time"
)

// film lets a track with layers of 1, 2 and 3 Mbit/s pass for a time.
func film(g *Gauge, bytes *Counts, length time.Duration, passing Layers) {
	for range length / (100 * ms) {
		for i := range 3 {
			if i <= int(passing.Spatial) {
				bytes[i] += uint64(float64(i+1) * mbit * temporalShare(passing.Temporal) / 8 / 10)
			}
		}
		g.Update(100*ms, *bytes, passing)
	}
}

func TestGauge(t *testing.T) {
	var g Gauge
	var bytes Counts
	near := func(what string, want ...float64) {
		t.Helper()
		for i, w := range want {
			if got := g.Rates()[i] / mbit; math.Abs(got-w) > 0.05 {
				t.Errorf("%s: layer %d has %.2f Mbit/s, want %v", what, i, got, w)
			}
		}
	}
	film(&g, &bytes, 5*sec, Layers{127, 127})
	near("all", 1, 2, 3, 0)
	g = NewGauge(false)
	bytes = Counts{}
	near("expected", 0.15, 0.5, 1.5)
	film(&g, &bytes, 10*sec, Layers{127, 127})
	near("found out", 1, 2, 3, 0)
	film(&g, &bytes, 60*sec, Layers{0, 127})
	near("a minute without the upper ones", 1, 2, 3)
	film(&g, &bytes, 5*sec, Layers{0, 0})
	near("half the frames", 1, 2, 3)
	film(&g, &bytes, 5*sec, Nothing)
	near("nothing", 1, 2, 3)
	for range 5 {
		g.Update(100*ms, bytes, Layers{127, 127})
	}
	near("waiting for a keyframe", 1, 2, 3)
	for range 60 {
		g.Update(100*ms, bytes, Layers{127, 127})
	}
	near("it sends no more", 0, 0, 0)
	g.Update(0, Counts{}, Layers{127, 127}) // no time, and a count that goes back
	g.Update(ms, Counts{}, Layers{127, 127})
	near("after that", 0, 0, 0)
}

func TestLayerHasABound(t *testing.T) {
	if Layer(0) != 0 || Layer(2) != 2 || Layer(200) != gaugeLayers-1 {
		t.Error(Layer(0), Layer(2), Layer(200))
	}
}
