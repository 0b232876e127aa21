//go:build linux

package main

import (
	"math"
	"slices"
	"time"
)

// quantile is the smallest value that at least the share q of all do not
// exceed, in milliseconds; NaN-free: 0 of none.
func quantile(all []time.Duration, q float64) float64 {
	if len(all) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(all))
	i := int(math.Ceil(q*float64(len(sorted)))) - 1
	return milliseconds(sorted[max(0, min(i, len(sorted)-1))])
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
