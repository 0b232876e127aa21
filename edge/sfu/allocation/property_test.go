package allocation

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/meridian-video/meridian/edge/sfu"
)

// drawSlot makes any slot that a layout may have.
func drawSlot(t *rapid.T) Slot {
	s := Slot{
		Source:   rapid.SampledFrom([]string{"", "ann", "bob", "cid", "dan"}).Draw(t, "source"),
		Visible:  rapid.IntRange(0, 4).Draw(t, "visible") > 0,
		Priority: Priority(rapid.IntRange(0, 3).Draw(t, "priority")),
		Height:   rapid.SampledFrom([]int{0, 90, 180, 360, 720, 2160}).Draw(t, "height"),
		Screen:   rapid.Bool().Draw(t, "screen"),
	}
	s.Width = s.Height * 16 / 9
	temporals := rapid.IntRange(1, 3).Draw(t, "temporals")
	for i := range rapid.IntRange(0, 3).Draw(t, "planes") {
		bitrate := rapid.IntRange(0, 2_000_000).Draw(t, "bitrate")
		s.Layers = append(s.Layers, layers(i, temporals, bitrate, 180<<i)...)
	}
	return s
}

func drawSlots(t *rapid.T) []Slot {
	return rapid.SliceOfN(rapid.Custom(drawSlot), 0, 9).Draw(t, "slots")
}

var budgets = rapid.IntRange(0, 8_000_000)

// TestAnyHistory: whatever comes in whatever order, no round is over budget,
// gives a slot more than it wants or two steps at once, or forgets a slot.
func TestAnyHistory(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var a Allocator
		var now time.Duration
		slots := drawSlots(t)
		var before []Grant
		for range rapid.IntRange(1, 30).Draw(t, "rounds") {
			if rapid.IntRange(0, 3).Draw(t, "change") == 0 {
				slots = drawSlots(t)
				before = nil
			}
			budget := budgets.Draw(t, "budget")
			now += time.Duration(rapid.IntRange(1, 3000).Draw(t, "ms")) * time.Millisecond
			d := a.Allocate(now, budget, slots)
			check(t, d, slots, budget)
			for i := range before {
				if level(slots[i], d.Grants[i]) > level(slots[i], before[i])+1 {
					t.Fatalf("slot %d went from %+v to %+v", i, before[i], d.Grants[i])
				}
			}
			before = slices.Clone(d.Grants)
		}
	})
}

func level(s Slot, g Grant) int {
	var l ladder
	l.set(&s)
	return l.level(g.Target)
}

func check(t *rapid.T, d Division, slots []Slot, budget int) {
	used, wanted := 0, 0
	for i, g := range d.Grants {
		used += g.Bitrate
		s := slots[i]
		silent := s.Source == "" || !s.Visible
		var l ladder
		if !silent {
			l.set(&s)
			wanted += l.cost(l.top)
		}
		switch {
		case silent != (g.Reason == Hidden || g.Reason == NoSource):
			t.Fatalf("slot %+v got %+v", s, g)
		case silent && g.Target != sfu.NoLayer:
			t.Fatalf("slot %d shows nothing and gets %+v", i, g)
		case g.Bitrate > l.cost(l.top):
			t.Fatalf("slot %d gets %+v, more than it wants", i, g)
		}
	}
	if used != d.Used || wanted != d.Wanted || used > budget || len(d.Grants) != len(slots) {
		t.Fatalf("budget %d, slots use %d of %d, %+v", budget, used, wanted, d)
	}
}

// settled is the division after all climbing is over.
func settled(budget int, slots []Slot) Division {
	var a Allocator
	for i := range 3 * maxRungs {
		a.Allocate(time.Duration(i)*20*time.Second, budget, slots)
	}
	return a.Allocate(time.Hour, budget, slots)
}

// TestMoreBudgetPausesOnlyForTheMoreWanted: a video that is paused only with
// more budget makes place for one that is wanted more.
func TestMoreBudgetPausesOnlyForTheMoreWanted(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		slots := drawSlots(t)
		budget := budgets.Draw(t, "budget")
		less := slices.Clone(settled(budget, slots).Grants)
		more := settled(budget+rapid.IntRange(0, 2_000_000).Draw(t, "more"), slots).Grants
		for i := range slots {
			if less[i].Target == sfu.NoLayer || more[i].Target != sfu.NoLayer {
				continue
			}
			if !slices.ContainsFunc(ahead(slots, i), func(j int) bool { return more[j].Bitrate > less[j].Bitrate }) {
				t.Fatalf("slot %d is paused with more budget: %+v, %+v", i, less, more)
			}
		}
	})
}

// ahead are the slots that come before slot i.
func ahead(slots []Slot, i int) (all []int) {
	for j := range slots {
		if cmp.Or(cmp.Compare(slots[i].Priority, slots[j].Priority), j-i) < 0 {
			all = append(all, j)
		}
	}
	return all
}

// equals are cameras that differ in nothing but priority.
func equals(t *rapid.T) []Slot {
	slots := make([]Slot, rapid.IntRange(1, 12).Draw(t, "n"))
	for i := range slots {
		slots[i] = Slot{
			Source: "x", Visible: true, Height: 720,
			Priority: Priority(rapid.IntRange(0, 3).Draw(t, "priority")),
			Layers:   slices.Concat(layers(0, 3, 150_000, 180), layers(1, 3, 500_000, 360), layers(2, 3, 1_500_000, 720)),
		}
	}
	return slots
}

// TestEqualsGoByPriority: of like cameras nobody gets less than one that is
// wanted less, nobody is paused who could be shown at the lowest layer if all
// were, and more budget never pauses more.
func TestEqualsGoByPriority(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		slots := equals(t)
		budget := budgets.Draw(t, "budget")
		got := slices.Clone(settled(budget, slots).Grants)
		shown := 0
		for i, g := range got {
			if g.Target != sfu.NoLayer {
				shown++
			}
			for _, j := range ahead(slots, i) {
				if got[j].Bitrate < g.Bitrate {
					t.Fatalf("slot %d gets %+v, slot %d before it %+v", i, g, j, got[j])
				}
			}
		}
		const lowest = 90_000
		if shown < len(slots) && (shown+1)*lowest <= budget*(100-headroom)/100 {
			t.Fatalf("%d shown, one more would fit: %+v", shown, got)
		}
		more := settled(budget+rapid.IntRange(0, 2_000_000).Draw(t, "more"), slots).Grants
		for i := range got {
			if more[i].Target == sfu.NoLayer && got[i].Target != sfu.NoLayer {
				t.Fatalf("slot %d is paused by more budget: %+v, %+v", i, got[i], more[i])
			}
		}
	})
}

// TestPriorityMoves: whoever becomes wanted more has as much as anybody, though
// there is no more bandwidth.
func TestPriorityMoves(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		slots := equals(t)
		for i := range slots {
			slots[i].Priority = Other
		}
		budget := budgets.Draw(t, "budget")
		var a Allocator
		run := func(from time.Duration) Division {
			for i := range time.Duration(10) {
				a.Allocate(from+i*20*time.Second, budget, slots)
			}
			return a.Allocate(from+time.Hour, budget, slots)
		}
		run(0)
		i := rapid.IntRange(0, len(slots)-1).Draw(t, "who")
		slots[i].Priority = Pinned
		for j, g := range run(2 * time.Hour).Grants {
			if g.Bitrate > a.grants[i].Bitrate {
				t.Fatalf("pinned gets %+v, slot %d %+v", a.grants[i], j, g)
			}
		}
	})
}

// TestNoiseMovesNothing: with 5 % up and down, of the budget or of all
// bitrates, everything comes to rest.
func TestNoiseMovesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		slots := equals(t)
		budget := budgets.Draw(t, "budget")
		ofBudget := rapid.Bool().Draw(t, "of budget")
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		noise := func() int { return 950 + random.IntN(101) }
		var a Allocator
		var last []Grant
		changes := make([]int, len(slots))
		for round := range 300 {
			noisy, b := slices.Clone(slots), budget
			if ofBudget {
				b = budget / 1000 * noise()
			} else {
				for i := range noisy {
					noisy[i].Layers = scaled(noisy[i].Layers, noise())
				}
			}
			d := a.Allocate(time.Duration(round)*500*time.Millisecond, b, noisy)
			for i := range last {
				if round > 100 && last[i].Target != d.Grants[i].Target {
					changes[i]++
				}
			}
			last = slices.Clone(d.Grants)
		}
		// A slot at the edge may come down late, and others grow into its place.
		if worst := slices.Max(changes); worst > 2 {
			t.Fatalf("%d changes after 50 s: %v", worst, changes)
		}
	})
}

func scaled(layers []sfu.LayerStats, permille int) []sfu.LayerStats {
	out := slices.Clone(layers)
	for i := range out {
		out[i].Bitrate = out[i].Bitrate / 1000 * permille
	}
	return out
}
