package bandwidth_test

import (
	"flag"
	"testing"
	"time"
)

var seeds = flag.Uint64("seeds", 4, "how many runs each rough way gets")

// A watched camera counts how long it sends which layer.
type watched struct {
	layered
	spent [4]int // none, then from the lowest
	total int
}

// settled is when a camera may be judged.
const settled = 3 * second

func (w *watched) packets(now time.Duration, target int) []int {
	out := w.layered.packets(now, target)
	if now >= settled {
		w.spent[w.layer+1]++
		w.total++
	}
	return out
}

func (w *watched) share(layer int) float64 { return float64(w.spent[layer+1]) / float64(w.total) }

// rough ways lose and jitter, but are never full.
func rough() map[string]path {
	ways := map[string]path{
		"3 % each way":                    {loss: 0.03, lostBack: 0.03},
		"5 %":                             {loss: 0.05},
		"5 % each way, 15 ms":             {loss: 0.05, lostBack: 0.05, jitter: 15 * ms},
		"5 %, 30 ms":                      {loss: 0.05, jitter: 30 * ms},
		"5 %, 30 ms, reordering":          {loss: 0.05, jitter: 30 * ms, reorder: true},
		"5 % each way, 30 ms, reordering": {loss: 0.05, lostBack: 0.05, jitter: 30 * ms, reorder: true},
		"5 % each way, 30 ms, reordering, from far": {loss: 0.05, lostBack: 0.05, jitter: 30 * ms, reorder: true, delay: 100 * ms},
		"30 ms, reordering":                         {jitter: 30 * ms, reorder: true},
	}
	for name, p := range ways {
		p.steps, p.pace = steady(50*mbit), 5*ms
		ways[name] = p
	}
	return ways
}

// On a way that is never full no picture is paused, be it small or large,
// smooth or of 8 a second, and a large one is sharp most of the time.
func TestRoughWaysPauseNothing(t *testing.T) {
	cameras := map[string]layered{
		"large":             {},
		"large, 8 a second": {frames: frames{each: second / 8}},
		"small":             {shown: 1},
		"small, 8 a second": {shown: 1, frames: frames{each: second / 8}},
	}
	for name, p := range rough() {
		for camera, l := range cameras {
			t.Run(name+"/"+camera, func(t *testing.T) {
				var low, top float64
				for seed := range *seeds {
					l.layer = -1
					w := &watched{layered: l}
					s := scenario{path: p, source: func() source { return w }, length: 30 * second, initial: []int{0, 1_500_000}[seed%2]}
					s.play(seed, s.estimator(), nil)
					if w.share(-1) > 0 {
						t.Errorf("seed %d: nothing for %.1f %%", seed, 100*w.share(-1))
					}
					low, top = low+w.share(0)/float64(*seeds), top+w.share(2)/float64(*seeds)
				}
				t.Logf("%.0f %% of the time low, %.0f high", 100*low, 100*top)
				if l.shown == 0 && top < 0.5 {
					t.Errorf("high for %.0f %% of the time", 100*top)
				}
			})
		}
	}
}
