package relay

import (
	"testing"
	"time"
)

// TestVigil: silence counts when it is heard in time.
func TestVigil(t *testing.T) {
	const due = 100 * time.Millisecond
	for _, c := range []struct {
		name  string
		ticks []int // ms since the tick before; negative: a packet has come
		due   time.Duration
		want  int // index of the first tick that finds it deaf, -1 for none
	}{
		{"a packet now and then", []int{100, 100, 100, 100, -100, 100, 100, 100, 100, -100}, due, -1},
		{"half a second", []int{100, 100, 100, 100, 100}, due, 4},
		{"after a packet", []int{-100, 100, 100, 100, 100, 100, 100}, due, 5},
		{"a tick that is late", []int{700, 100, 100, 100}, due, -1},
		{"late ticks and others", []int{100, 900, 100, 400, 100, 100, 100}, due, 6},
		{"three slow ticks are needed", []int{400, 400, 400}, 400 * time.Millisecond, 2},
		{"heard again", []int{100, 100, 100, 100, -100}, due, -1},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := vigil{limit: 500 * time.Millisecond}
			now, heard, first := time.Duration(0), uint64(0), -1
			for i, ms := range c.ticks {
				if ms < 0 {
					ms = -ms
					heard++
				}
				now += time.Duration(ms) * time.Millisecond
				if v.tick(now, c.due, heard) && first < 0 {
					first = i
				}
			}
			if first != c.want {
				t.Errorf("deaf at tick %d, want %d", first, c.want)
			}
		})
	}
}

// TestTrust: who falters again and again is trusted later and later.
func TestTrust(t *testing.T) {
	start := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	var tr trust
	if !tr.holds(start) || tr.lost() {
		t.Fatal("a peer that never faltered is not trusted")
	}
	tr.find(start) // its first link
	if !tr.holds(start) {
		t.Error("the first link must be steady before it is used")
	}
	now := start
	for i, want := range []time.Duration{2, 4, 8, 16, 25, 25} {
		tr.lose(now)
		tr.lose(now) // its link was suspect, and ends
		if !tr.lost() || tr.holds(now.Add(time.Hour)) {
			t.Fatal("trusted while it is not well")
		}
		now = now.Add(2 * time.Second)
		tr.find(now)
		tr.find(now.Add(time.Second))
		if tr.holds(now.Add(want*time.Second-1)) || !tr.holds(now.Add(want*time.Second)) {
			t.Errorf("time %d: held for %v, want %d s", i, tr.hold, want)
		}
		now = now.Add(want * time.Second)
	}
	now = now.Add(forgetAfter)
	tr.lose(now)
	tr.find(now)
	if !tr.holds(now.Add(firstHold)) {
		t.Errorf("its past is not forgotten: %v", tr.hold)
	}
}

// TestMerger: at once, then one for all that came meanwhile.
func TestMerger(t *testing.T) {
	start := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	var m merger
	for i, step := range []struct {
		ms    int
		layer uint8
		send  bool
		wait  int
	}{
		{0, 0, true, 0}, {100, 0, false, 400}, {101, 0, false, 0}, {200, 1, true, 0}, {450, 1, false, 250},
		{600, 0, false, 0}, // the wait is not over, however late that is
	} {
		send, wait := m.ask(start.Add(time.Duration(step.ms)*time.Millisecond), step.layer)
		if send != step.send || wait != time.Duration(step.wait)*time.Millisecond {
			t.Errorf("step %d: %v, %v", i, send, wait)
		}
	}
	m.due(start.Add(700*time.Millisecond), 0)
	if send, wait := m.ask(start.Add(900*time.Millisecond), 0); send || wait != 300*time.Millisecond {
		t.Errorf("after the merged one: %v, %v", send, wait)
	}
	if send, _ := m.ask(start.Add(2*time.Second), 7); !send {
		t.Error("another layer waits")
	}
}
