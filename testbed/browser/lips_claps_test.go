package browser

import (
	"math"
	"testing"
)

func TestClapsArePutTogether(t *testing.T) {
	for _, tc := range []struct {
		name                          string
		pictures, sounds, seen, heard []float64
		n                             int
		skew                          float64 // of the last
	}{
		{"in step", []float64{1000, 2000}, []float64{990, 1990}, []float64{1110, 2110}, []float64{1100, 2100}, 2, 0},
		{"the picture is late", []float64{1000}, []float64{1000}, []float64{1300}, []float64{1100}, 1, 200},
		{"the sound is late", []float64{1000}, []float64{1010}, []float64{1100}, []float64{1300}, 1, -190},
		{"a flash was missed", []float64{1000, 2000}, []float64{1000, 2000}, []float64{2100}, []float64{1100, 2110}, 1, -10},
		{"a beep was missed", []float64{1000, 2000}, []float64{1000, 2000}, []float64{1100, 2100}, []float64{1100}, 1, 0},
		{"nothing was heard", []float64{1000}, nil, []float64{1100}, nil, 0, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			list := claps(tc.pictures, tc.sounds, tc.seen, tc.heard)
			if len(list) != tc.n {
				t.Fatalf("%d claps, want %d: %+v", len(list), tc.n, list)
			}
			if tc.n > 0 && list[tc.n-1].Skew() != tc.skew {
				t.Errorf("%v apart, want %v", list[tc.n-1].Skew(), tc.skew)
			}
		})
	}
}

func TestQuantileIsOfDistances(t *testing.T) {
	list := []float64{-5, 1, 2, -3, 4}
	for q, want := range map[float64]float64{0: 1, .5: 3, 1: 5} {
		if got := quantile(list, q); got != want {
			t.Errorf("quantile %v is %v, want %v", q, got, want)
		}
	}
	if got := quantile(nil, .5); !math.IsNaN(got) {
		t.Errorf("of nothing it is %v", got)
	}
}
