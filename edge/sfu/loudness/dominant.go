package loudness

import (
	"cmp"
	"math"
)

// A Candidate is a microphone that may be the dominant speaker's.
type Candidate struct {
	ID string
	Activity
	// Dominant says that it has been until now. It is what makes the choice
	// stick, and travels with the candidate instead of being remembered: who
	// has the same candidates comes to the same choice.
	Dominant bool
}

// A challenger must be more active than the dominant speaker in every interval,
// by these logarithms of the ratio of scores. In effect: it speaks, the other has
// paused for 100 ms, and it has spoken more in the last second.
const (
	leadImmediate = 3
	leadMedium    = 2
	leadLong      = 0
	// leastLong is how many tenths of the last second somebody must have
	// spoken in to become dominant: longer than a cough.
	leastLong = 4
)

// Dominant returns the id of the dominant speaker, "" while nobody has spoken
// long enough. Whoever was dominant stays so in silence, until somebody else
// takes over. Ties go to the smaller id; the order of the candidates is nothing.
func Dominant(candidates []Candidate) string {
	holder := incumbent(candidates)
	best := holder
	for i := range candidates {
		c := &candidates[i]
		if c == holder || c.Long < leastLong || holder != nil && !c.beats(holder) {
			continue
		}
		if best == holder || c.compare(best) > 0 {
			best = c
		}
	}
	if best == nil {
		return ""
	}
	return best.ID
}

// incumbent is who has been dominant until now. Two may say so while messages
// are on their way; then the more active one is.
func incumbent(candidates []Candidate) (best *Candidate) {
	for i := range candidates {
		c := &candidates[i]
		if c.Dominant && (best == nil || c.compare(best) > 0) {
			best = c
		}
	}
	return best
}

// beats says whether c takes over from the dominant speaker.
func (c *Candidate) beats(d *Candidate) bool {
	return lead(immediateScores, c.Immediate, d.Immediate) > leadImmediate &&
		lead(mediumScores, c.Medium, d.Medium) > leadMedium &&
		lead(longScores, c.Long, d.Long) > leadLong
}

func lead(s scores, a, b uint8) float64 { return math.Log(s.of(a) / s.of(b)) }

// compare orders candidates by activity, the longest interval first.
func (c *Candidate) compare(d *Candidate) int {
	return cmp.Or(
		cmp.Compare(c.Long, d.Long), cmp.Compare(c.Medium, d.Medium),
		cmp.Compare(c.Immediate, d.Immediate), cmp.Compare(d.ID, c.ID),
	)
}
