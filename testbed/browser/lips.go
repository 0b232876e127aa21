package browser

import (
	"fmt"
	"math"
	"slices"
)

// Clap is a flash and a beep that belong together, ms of the machine's clock:
// when they left the source and when a viewer saw and heard them.
type Clap struct{ Picture, Sound, Seen, Heard float64 }

// Skew is by how much the picture came later than its sound, ms; what the
// source itself was apart does not count.
func (c Clap) Skew() float64 { return (c.Seen - c.Picture) - (c.Heard - c.Sound) }

// Raw is the same with the source's part in it.
func (c Clap) Raw() float64 { return c.Seen - c.Heard }

const (
	// farthest apart are a flash and its beep at the source, ms: half a period.
	farthest = 450
	// latest is how long either is under way at most, ms: less than a period,
	// so that none is taken for the one after.
	latest = 950
)

// claps puts together what a source recorded and what a viewer did, each in
// order of time. Who saw or heard only a part of a clap tells nothing by it.
func claps(pictures, sounds, seen, heard []float64) (list []Clap) {
	for _, p := range pictures {
		c := Clap{Picture: p}
		var ok [3]bool
		c.Sound, ok[0] = following(sounds, p-farthest, 2*farthest)
		c.Seen, ok[1] = following(seen, p, latest)
		c.Heard, ok[2] = following(heard, c.Sound, latest)
		if ok == [3]bool{true, true, true} {
			list = append(list, c)
		}
	}
	return list
}

// following is the first of times that is within so long after an instant.
func following(times []float64, after, within float64) (float64, bool) {
	i, _ := slices.BinarySearch(times, after)
	if i == len(times) || times[i] > after+within {
		return 0, false
	}
	return times[i], true
}

// quantile is the q-quantile of the absolute values.
func quantile(list []float64, q float64) float64 {
	if len(list) == 0 {
		return math.NaN()
	}
	sorted := make([]float64, len(list))
	for i, v := range list {
		sorted[i] = math.Abs(v)
	}
	slices.Sort(sorted)
	return sorted[int(q*float64(len(sorted)-1)+0.5)]
}

func each(list []Clap, f func(Clap) float64) []float64 {
	out := make([]float64, len(list))
	for i, c := range list {
		out[i] = f(c)
	}
	return out
}

func skews(list []Clap) []float64 { return each(list, Clap.Skew) }

// summary is a line of a table.
func summary(list []Clap) string {
	skew, raw := skews(list), each(list, Clap.Raw)
	source := each(list, func(c Clap) float64 { return c.Picture - c.Sound })
	picture := each(list, func(c Clap) float64 { return c.Seen - c.Picture })
	sound := each(list, func(c Clap) float64 { return c.Heard - c.Sound })
	mean := 0.0
	for _, s := range skew {
		mean += s / float64(len(skew))
	}
	return fmt.Sprintf("%d claps, apart p50 %.0f, p95 %.0f, most %.0f ms, on average the picture %+.0f; with the source's own p50 %.0f, p95 %.0f; the source alone %.0f, %.0f; under way %.0f the picture, %.0f the sound",
		len(list), quantile(skew, .5), quantile(skew, .95), quantile(skew, 1), mean, quantile(raw, .5), quantile(raw, .95),
		quantile(source, .5), quantile(source, .95), quantile(picture, .5), quantile(sound, .5))
}
