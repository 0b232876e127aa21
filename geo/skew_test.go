package geo

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestAClockIsWrongByTheMajority(t *testing.T) {
	type said struct {
		ahead, rtt time.Duration
	}
	const ms = time.Millisecond
	now := time.Date(2026, 11, 22, 2, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name   string
		others []said
		behind time.Duration
		skewed bool
	}{
		{"nobody", nil, 0, false},
		{"all agree", []said{{10 * ms, 80 * ms}, {-20 * ms, 200 * ms}, {400 * ms, ms}}, 0, false},
		{"one other alone proves nothing", []said{{2000 * ms, 80 * ms}}, 0, false},
		{"one of two is wrong", []said{{2000 * ms, 80 * ms}, {0, 80 * ms}}, 0, false},
		{"all others are ahead", []said{{2000 * ms, 80 * ms}, {2010 * ms, 20 * ms}}, 2010 * ms, true},
		{"all others are before", []said{{-900 * ms, 80 * ms}, {-910 * ms, 20 * ms}, {-905 * ms, 100 * ms}}, -905 * ms, true},
		{"most are", []said{{2000 * ms, 80 * ms}, {2000 * ms, 80 * ms}, {0, 80 * ms}}, 2000 * ms, true},
		{"half are", []said{{2000 * ms, 80 * ms}, {2000 * ms, 80 * ms}, {0, 80 * ms}, {0, 8 * ms}}, 0, false},
		{"to both sides", []said{{2000 * ms, 80 * ms}, {-2000 * ms, 80 * ms}, {3000 * ms, 80 * ms}, {-3000 * ms, 0}}, 0, false},
		{"less than the round trips can tell", []said{{520 * ms, 200 * ms}, {530 * ms, 80 * ms}}, 0, false},
		{"more than they can", []said{{620 * ms, 200 * ms}, {550 * ms, 80 * ms}}, 620 * ms, true},
	} {
		clocks := clocks{}
		for i, s := range c.others {
			clocks.note(testNode(i).ID, now.Add(-s.rtt/2).Add(s.ahead), now, s.rtt)
		}
		clocks.note("x", now, now, -1) // cannot be
		if behind, skewed := clocks.judge(now); behind != c.behind || skewed != c.skewed {
			t.Errorf("%s: %v, %v", c.name, behind, skewed)
		}
		if _, apart := clocks.alone(); apart != (c.name == "one other alone proves nothing") {
			t.Errorf("%s: alone is %v", c.name, apart)
		}
		if _, skewed := clocks.judge(now.Add(skewFresh + 1)); skewed || len(clocks) > 0 {
			t.Errorf("%s: old readings count", c.name)
		}
	}
}

// A node whose clock is set wrong says so and is no member until it is right: the
// others do not see it, and it sends people to them.
func TestASkewedNodeIsNoMemberUntilItsClockIsRight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFabric(50 * time.Millisecond)
		var all []*Members
		for i := range 4 {
			all = append(all, f.start(t, i))
		}
		within(t, 20*time.Second, "join", allSee(all, 4))
		time.Sleep(10 * time.Second)
		if err := all[3].ClockSkew(); err != nil {
			t.Error("a right clock:", err)
		}
		all[3].offset.Store(int64(2 * time.Second))
		took := within(t, 20*time.Second, "skewed", func() bool { return allSee(all[:3], 3)() && len(all[3].Nodes()) == 4 })
		if got := ids(Pick(all[3].Nodes(), Request{Self: "n03"})); got != "n00 n02 n01" {
			t.Error("it sends people to", got)
		}
		t.Logf("out after %v", took)
		if err := all[3].ClockSkew(); !errors.Is(err, ErrSkewed) {
			t.Error("a wrong clock:", err)
		}
		if _, ok := all[0].Lookup("n03"); ok || all[0].ClockSkew() != nil {
			t.Error("the others see it, or think that they are wrong:", all[0].ClockSkew())
		}
		all[3].offset.Store(int64(100 * time.Millisecond))
		took = within(t, 30*time.Second, "right again", allSee(all, 4))
		t.Logf("back after %v", took)
	})
}

// Of two nodes apart nobody knows which is wrong: both say it, neither leaves.
func TestOfTwoNodesApartBothSaySo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFabric(20 * time.Millisecond)
		all := []*Members{f.start(t, 0), f.start(t, 1)}
		all[1].offset.Store(int64(-3 * time.Second))
		within(t, 20*time.Second, "join", allSee(all, 2))
		time.Sleep(20 * time.Second)
		if !allSee(all, 2)() || all[0].ClockSkew() == nil || all[1].ClockSkew() == nil || errors.Is(all[0].ClockSkew(), ErrSkewed) {
			t.Error(all[0].ClockSkew(), all[1].ClockSkew())
		}
	})
}
