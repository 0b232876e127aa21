package edge

import (
	"testing"
	"time"

	"github.com/meridian-video/meridian/edge/sfu"
)

// More is told at once, less after it was enough for a while, nothing after longer.
func TestWatched(t *testing.T) {
	top, low, middle := sfu.TopLayer, sfu.Layer{Spatial: 0, Temporal: 2}, sfu.Layer{Spatial: 1, Temporal: 2}
	type told struct {
		at     time.Duration
		layers int
	}
	for _, tc := range []struct {
		name   string
		steps  map[time.Duration]sfu.Layer // what is wanted from then on
		most   int
		begins int
		want   []told
	}{
		{"nobody ever", map[time.Duration]sfu.Layer{0: sfu.NoLayer}, 3, 3, []told{{5 * time.Second, 0}}},
		{"all", map[time.Duration]sfu.Layer{0: top}, 3, 3, nil},
		{"low then high", map[time.Duration]sfu.Layer{0: low, 4 * time.Second: top}, 3, 3, []told{{2 * time.Second, 1}, {4 * time.Second, 3}}},
		{"a moment of less", map[time.Duration]sfu.Layer{0: top, time.Second: low, 2 * time.Second: top}, 3, 3, nil},
		{"the most of a while", map[time.Duration]sfu.Layer{0: low, time.Second: middle, 1500 * time.Millisecond: low}, 3, 3,
			[]told{{2 * time.Second, 2}, {4100 * time.Millisecond, 1}}},
		{"second encoding", map[time.Duration]sfu.Layer{0: sfu.NoLayer, time.Second: top}, 1, 0, []told{{time.Second, 1}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := &watched{most: tc.most, told: tc.begins}
			var got []told
			wanted := sfu.NoLayer
			const step = 100 * time.Millisecond
			for at := time.Duration(0); at < 10*time.Second; at += step {
				if l, ok := tc.steps[at]; ok {
					wanted = l
				}
				if layers, tell := w.update(at+step, wanted); tell {
					got = append(got, told{at, layers})
				}
			}
			if len(got) != len(tc.want) {
				t.Fatalf("told %v, want %v", got, tc.want)
			}
			for i := range got {
				if got[i] != tc.want[i] {
					t.Errorf("told %v, want %v", got, tc.want)
				}
			}
		})
	}
}
