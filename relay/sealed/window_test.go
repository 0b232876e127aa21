package sealed

import (
	"testing"

	"pgregory.net/rapid"
)

// TestWindowTakesEachCounterOnce compares with a set that forgets nothing.
func TestWindowTakesEachCounterOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var w window
		seen := map[uint64]bool{}
		at := uint64(1)
		for range rapid.IntRange(1, 400).Draw(t, "datagrams") {
			jump := rapid.SampledFrom([]int64{1, 1, 1, 2, 7, -1, -3, -60, 200, windowSize, -windowSize, 3 * windowSize}).Draw(t, "jump")
			at = uint64(max(int64(at)+jump, 1))
			fresh := w.fresh(at)
			if want := !seen[at] && at+windowSize > w.highest; fresh != want {
				t.Fatalf("counter %d of at most %d: fresh %v", at, w.highest, fresh)
			}
			if fresh {
				w.mark(at)
				seen[at] = true
			}
		}
		if w.arrived != uint64(len(seen)) {
			t.Fatalf("%d arrived, counted %d", len(seen), w.arrived)
		}
	})
	var w window
	if w.fresh(0) || w.fresh(maxCounter+1) {
		t.Error("a counter out of range is fresh")
	}
}

func TestWindowCountsBursts(t *testing.T) {
	var w window
	lost := map[uint64]bool{5: true, 10: true, 11: true, 12: true, 40: true, 41: true}
	for c := uint64(60); c < 60+20; c++ {
		lost[c] = true
	}
	var got [maxBurst]uint16
	for c := uint64(1); c <= 200; c++ {
		if !lost[c] {
			w.mark(c)
		}
		if c%7 == 0 {
			w.bursts(&got)
		}
	}
	if want := [maxBurst]uint16{0: 1, 1: 1, 2: 1, maxBurst - 1: 1}; got != want {
		t.Errorf("bursts %v, want %v", got, want)
	}
	if w.lost() != uint64(len(lost)) {
		t.Errorf("%d lost, want %d", w.lost(), len(lost))
	}
}
