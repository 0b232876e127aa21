package allocation

import (
	"testing"
	"time"
)

// crowd is 25 cameras, one pinned, as a large layout shows them.
func crowd() []Slot {
	slots := make([]Slot, 25)
	for i := range slots {
		slots[i] = Slot{Source: "x", Visible: true, Height: 360, Layers: append(layers(0, 3, 150_000, 180), layers(1, 3, 500_000, 360)...)}
	}
	slots[7].Priority = Pinned
	return slots
}

func TestRoundsAllocateNothing(t *testing.T) {
	var a Allocator
	slots := crowd()
	var now time.Duration
	if n := testing.AllocsPerRun(100, func() {
		now += tick
		a.Allocate(now, 5_000_000, slots)
	}); n != 0 {
		t.Errorf("%v allocations a round", n)
	}
}

func BenchmarkAllocate(b *testing.B) {
	var a Allocator
	slots := crowd()
	var now time.Duration
	b.ReportAllocs()
	for b.Loop() {
		now += tick
		a.Allocate(now, 5_000_000, slots)
	}
}
