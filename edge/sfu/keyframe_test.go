package sfu

import (
	"slices"
	"testing"
	"time"
)

// A request goes out at once, is repeated each half second while no keyframe
// comes, twice at the most, and not at all once one has come.
func TestRequestWithoutAnAnswerIsRepeated(t *testing.T) {
	for _, tc := range []struct {
		name     string
		requests []int // ms
		keyframe int   // ms; 0: none comes
		want     []int // ms
	}{
		{"none comes", []int{0}, 0, []int{0, 500, 1000}},
		{"one comes at once", []int{0}, 100, []int{0}},
		{"one comes after the first repetition", []int{0}, 600, []int{0, 500}},
		{"asked twice", []int{0, 300}, 0, []int{0, 500, 1000, 1500}},
		{"asked again later", []int{0, 3000}, 100, []int{0, 3000, 3500, 4000}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var g keyframeGate
			var got []int
			for ms := 0; ms < 6000; ms += 20 {
				now := time.Duration(ms) * time.Millisecond
				asked := slices.Contains(tc.requests, ms) && g.request(now)
				if g.asked && g.due(now, false) || asked {
					got = append(got, ms)
				}
				if ms == tc.keyframe && ms > 0 {
					g.arrived()
				}
			}
			if !slices.Equal(got, tc.want) {
				t.Errorf("asked at %v ms, want %v", got, tc.want)
			}
		})
	}
}
