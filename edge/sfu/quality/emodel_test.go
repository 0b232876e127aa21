package quality

import (
	"math"
	"testing"
	"time"
)

const ms = time.Millisecond

// The pairs of ITU-T G.107 annex B (table B.1), its default rating, and ends.
func TestMOSOfReferencePoints(t *testing.T) {
	for _, tc := range []struct{ rating, want float64 }{
		{93.2, 4.41}, {90, 4.34}, {80, 4.03}, {70, 3.60}, {60, 3.10}, {50, 2.58},
		{100, 4.5}, {120, 4.5}, {0, 1}, {-20, 1}, {5, 1}, {math.NaN(), 1},
	} {
		if got := MOS(tc.rating); math.Abs(got-tc.want) > 0.01 { // the table rounds up
			t.Errorf("MOS(%v) = %.3f, want %v", tc.rating, got, tc.want)
		}
	}
}

// What the formula of ITU-T G.107 section 7.4 gives where its logarithm is whole,
// computed by hand; 400 ms leave a rating of 69, as ITU-T G.114 draws it.
func TestDelayPoints(t *testing.T) {
	for _, tc := range []struct {
		oneWay time.Duration
		want   float64
	}{
		{-ms, 0}, {0, 0}, {100 * ms, 0}, {200 * ms, 3.04}, {400 * ms, 24.07}, {800 * ms, 40.83},
	} {
		if got := delayPoints(tc.oneWay); math.Abs(got-tc.want) > 0.01 {
			t.Errorf("%v cost %.3f, want %v", tc.oneWay, got, tc.want)
		}
	}
}

func TestLossPoints(t *testing.T) {
	for _, tc := range []struct{ share, robust, want float64 }{
		{0, opusRobust, 0}, {0.01, 4.3, 17.92}, {0.05, opusRobust, 19}, {0.2, opusRobust, 47.5},
		{1, opusRobust, 79.17}, {7, opusRobust, 79.17}, {-1, opusRobust, 0}, {math.NaN(), opusRobust, 0},
	} {
		if got := lossPoints(tc.share, tc.robust); math.Abs(got-tc.want) > 0.01 {
			t.Errorf("%v with %v cost %.3f, want %v", tc.share, tc.robust, got, tc.want)
		}
	}
}

func TestNeed(t *testing.T) {
	for lines, want := range map[int]int{-5: 0, 0: 0, 180: 30_000, 720: 300_000} {
		if got := Need(lines); math.Abs(float64(got-want)) > 2 {
			t.Errorf("%d lines need %d, want %d", lines, got, want)
		}
	}
}
