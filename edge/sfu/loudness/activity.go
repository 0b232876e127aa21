package loudness

import (
	"math"
	"math/bits"
	"time"
)

// Speech activity by Volfin and Cohen, "Dominant Speaker Identification for
// Multipoint Videoconferencing" (2013): counts of active parts in an immediate,
// a medium and a long interval, each part made of parts of the shorter one. The
// paper counts sub-bands of the spectrum in the immediate interval; a forwarder
// has the level only and counts steps above the background.
const (
	immediateParts = 13 // of 3 dB each
	immediateStep  = 3
	mediumParts    = 5  // frames of 20 ms
	longParts      = 10 // medium intervals of 100 ms

	mediumMask = 1<<mediumParts - 1
	// voicedFrames is how many frames of a medium interval hold speech where
	// somebody speaks: consonants are quiet.
	voicedFrames = 4
)

// Activity counts the active parts of the three intervals that end now.
type Activity struct {
	Immediate uint8 // 0..13, the latest packet
	Medium    uint8 // 0..5, the last 100 ms
	Long      uint8 // 0..10, the last second
}

// activity counts at an instant.
func (m *Meter) activity(now time.Duration) (a Activity) {
	if now-m.last <= conceal {
		a.Immediate = m.steps
	}
	a.Medium = uint8(bits.OnesCount64(m.speech & mediumMask))
	for i := range longParts {
		if bits.OnesCount64(m.speech>>(i*mediumParts)&mediumMask) >= voicedFrames {
			a.Long++
		}
	}
	return a
}

// subunits is the immediate count for a packet so many dB above the background.
func subunits(above float64) uint8 {
	return uint8(min(max(above, 0)/immediateStep, immediateParts))
}

// scores are the log-likelihood ratios of speech for each count of an interval:
// under speech the count is binomial (p = 1/2), under silence it falls
// exponentially with rate lambda. Not positive means no speech at all.
type scores []float64

// least stands for no speech, so that ratios of scores are defined.
const least = 1e-10

// The rates are those in use with levels of RFC 6464: noise seldom fills even
// one part of the longer intervals.
var (
	immediateScores = newScores(immediateParts, 0.78)
	mediumScores    = newScores(mediumParts, 24)
	longScores      = newScores(longParts, 47)
)

func newScores(n int, lambda float64) scores {
	s := make(scores, n+1)
	choose := 1.0
	for v := range s {
		s[v] = max(least, math.Log(choose)-float64(n)*math.Ln2-math.Log(lambda)+lambda*float64(v))
		choose = choose * float64(n-v) / float64(v+1)
	}
	return s
}

// of is the score of a count; counts come from other nodes, too.
func (s scores) of(count uint8) float64 { return s[min(int(count), len(s)-1)] }
