package main

import "time"

// grain is the resolution of a histogram.
const grain = 500 * time.Microsecond

// histogram counts durations; its zero value is empty.
type histogram struct {
	counts   map[int]int
	n        int
	min, max time.Duration
}

func (h *histogram) add(d time.Duration, times int) {
	if times == 0 {
		return
	}
	if h.counts == nil {
		h.counts = map[int]int{}
	}
	if h.n == 0 {
		h.min, h.max = d, d
	}
	h.min, h.max = min(h.min, d), max(h.max, d)
	h.counts[bin(d)] += times
	h.n += times
}

// bin rounds towards the longer.
func bin(d time.Duration) int {
	b := int(d / grain)
	if d > 0 && d%grain != 0 {
		b++
	}
	return b
}

func (h *histogram) merge(o *histogram) {
	for b, k := range o.counts {
		h.add(time.Duration(b)*grain, k)
	}
	if o.n > 0 {
		h.min, h.max = min(h.min, o.min), max(h.max, o.max)
	}
}

// quantile is the least duration that a share of all does not exceed, within the grain.
func (h *histogram) quantile(share float64) time.Duration {
	if h.n == 0 {
		return 0
	}
	need := int(share * float64(h.n))
	for b, sum := bin(h.min), 0; b <= bin(h.max); b++ {
		if sum += h.counts[b]; sum > need {
			return time.Duration(b) * grain
		}
	}
	return h.max
}

// below is the share of all that do not exceed d.
func (h *histogram) below(d time.Duration) float64 {
	sum := 0
	for b, k := range h.counts {
		if b <= bin(d) {
			sum += k
		}
	}
	return float64(sum) / float64(max(h.n, 1))
}
