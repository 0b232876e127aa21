package relay

import (
	"math/rand/v2"
	"testing"
)

func TestHistory(t *testing.T) {
	for _, c := range []struct {
		name      string
		sequences []uint16
		first     []bool
	}{
		{"in order", []uint16{1, 2, 3}, []bool{true, true, true}},
		{"twice", []uint16{5, 5, 6, 5}, []bool{true, false, true, false}},
		{"out of order", []uint16{10, 12, 11, 12, 11}, []bool{true, true, true, false, false}},
		{"before the first", []uint16{10, 9, 9}, []bool{true, true, false}},
		{"over the end", []uint16{65534, 65535, 0, 65535, 1, 0}, []bool{true, true, true, false, true, false}},
		{"far ahead", []uint16{1, 9000, 1, 9001}, []bool{true, true, false, true}},
		{"too old", []uint16{1, 2000, 4000, 1}, []bool{true, true, true, false}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var h history
			for i, sequence := range c.sequences {
				if got := h.first(sequence); got != c.first[i] {
					t.Errorf("packet %d (%d): first %v, want %v", i, sequence, got, c.first[i])
				}
			}
		})
	}
}

// TestHistoryFollowsASourceThatBeginsAnew: also far behind where it was.
func TestHistoryFollowsASourceThatBeginsAnew(t *testing.T) {
	for _, start := range []uint16{0, 20000, 40000, 60000} {
		var h history
		for i := range uint16(5000) {
			h.first(30000 + i)
		}
		taken := 0
		for i := range uint16(1000) {
			if h.first(start + i) {
				taken++
			}
		}
		if taken < 1000-strayLimit {
			t.Errorf("from %d: %d of 1000 packets are taken", start, taken)
		}
	}
}

// TestTwoPathsGiveEveryPacketOnce: one path loses packets and is behind the other.
func TestTwoPathsGiveEveryPacketOnce(t *testing.T) {
	for seed := range uint64(50) {
		r := rand.New(rand.NewPCG(1, seed))
		start, behind := uint16(r.Uint32()), 1+r.IntN(historySize/2)
		var h history
		count := map[uint16]int{}
		arrive := func(i int, loss float64) {
			if sequence := start + uint16(i); i >= 0 && i < 20000 && r.Float64() >= loss && h.first(sequence) {
				count[sequence]++
			}
		}
		for i := range 20000 + behind {
			arrive(i, 0.3)
			arrive(i-behind, 0)
		}
		for sequence, n := range count {
			if n != 1 {
				t.Fatalf("seed %d: packet %d came %d times", seed, sequence, n)
			}
		}
		if len(count) != 20000 {
			t.Fatalf("seed %d: %d packets", seed, len(count))
		}
	}
}
