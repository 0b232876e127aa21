package sealed

import "time"

// bursts remembers the lengths of runs of loss, the older the fainter.
type bursts struct {
	weight [maxBurst]float64 // [n-1]: of length n
	faded  time.Duration
}

// half is how long a burst keeps half its weight: what a queue lost while a rate was
// found is soon forgotten.
const half = 5 * time.Second

func (b *bursts) add(now time.Duration, seen [maxBurst]uint16) {
	if now-b.faded > half {
		for i := range b.weight {
			b.weight[i] /= 2
		}
		b.faded = now
	}
	for i, n := range seen {
		b.weight[i] += float64(n)
	}
}

// typical is the length that nine bursts of ten do not exceed; 0 without any to speak of.
func (b *bursts) typical() int {
	total := 0.0
	for _, w := range b.weight {
		total += w
	}
	if total < 1 {
		return 0
	}
	sum := 0.0
	for i, w := range b.weight {
		if sum += w; sum >= 0.9*total {
			return i + 1
		}
	}
	return maxBurst
}

// Shards for which a row of parity is due: many where hardly anything is lost, so that a
// link of little traffic does not pay for what it does not need.
const (
	perClean = 20
	perLossy = 3
)

// per is the number of shards for which a row is due.
func (b *bursts) per() int {
	if b.typical() == 0 {
		return perClean
	}
	return perLossy
}

// rows is how many rows of parity a full group gets: one more than a burst takes.
func (b *bursts) rows() int { return min(max(b.typical()+1, 2), maxParity) }
