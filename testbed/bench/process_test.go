//go:build linux

package main

import (
	"os"
	"slices"
	"testing"
	"time"
)

func TestStatIsReadBehindAnyName(t *testing.T) {
	const rest = " S 1 1 1 0 -1 4194560 1 2 3 4 250 75 0 0 20 0 1 0"
	for _, name := range []string{"(janus)", "(a b)", "(x) S 9 9)", "()"} {
		user, system, err := parseStat("77 " + name + rest)
		if err != nil || user != 2500*time.Millisecond || system != 750*time.Millisecond {
			t.Errorf("%s: %v, %v, %v", name, user, system, err)
		}
	}
}

func TestAccountingThatIsNotUnderstoodIsAnError(t *testing.T) {
	for _, s := range []string{"", "1 (x) S", "no parenthesis 1 2 3", "1 (x) S 1 1 1 0 -1 0 1 2 3 4 many 75"} {
		if _, _, err := parseStat(s); err == nil {
			t.Errorf("%q is taken for a stat", s)
		}
	}
	if _, err := parseSchedstat("soon 1 2"); err == nil {
		t.Error("a word is taken for a time")
	}
	if _, err := parseRollup([]byte("Pss: 3 kB\n")); err == nil {
		t.Error("a rollup without Rss is taken")
	}
}

func TestSchedstatAndRollupAreRead(t *testing.T) {
	if d, err := parseSchedstat("1500000 77 3\n"); err != nil || d != 1500*time.Microsecond {
		t.Errorf("%v %v", d, err)
	}
	kib, err := parseRollup([]byte("5620-7ffc ---p 0 00:00 0 [rollup]\nRss:    1856 kB\nPss: 356 kB\n"))
	if err != nil || kib != 1856 {
		t.Errorf("%v %v", kib, err)
	}
}

func FuzzAccounting(f *testing.F) {
	f.Add("77 (x) S 1 1 1 0 -1 4194560 1 2 3 4 250 75 0 0")
	f.Add(")")
	f.Add("Rss: 1 kB")
	f.Fuzz(func(t *testing.T, s string) {
		_, _, _ = parseStat(s)
		_, _ = parseSchedstat(s)
		_, _ = parseRollup([]byte(s))
	})
}

func TestTheKernelAccountsForWorkDone(t *testing.T) {
	before, err := usageOf(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	var used time.Duration
	for began := time.Now(); used <= 0 && time.Since(began) < 10*time.Second; {
		for x := range 10_000_000 {
			_ = x * x
		}
		after, err := usageOf(os.Getpid())
		if err != nil {
			t.Fatal(err)
		}
		used = after.minus(before).total
	}
	if used <= 0 {
		t.Errorf("ten seconds of work cost %v", used)
	}
	if kib, err := memoryOf(os.Getpid()); err != nil || kib < 1000 {
		t.Errorf("memory %v KiB, %v", kib, err)
	}
	if _, err := usageOf(1 << 30); err == nil {
		t.Error("a process that is not there has used something")
	}
}

func TestQuantiles(t *testing.T) {
	var hundred []time.Duration
	for i := 100; i > 0; i-- {
		hundred = append(hundred, time.Duration(i)*time.Millisecond)
	}
	tests := []struct {
		all  []time.Duration
		q    float64
		want float64
	}{
		{nil, .5, 0},
		{[]time.Duration{7 * time.Millisecond}, .99, 7},
		{[]time.Duration{1 * time.Millisecond, 2 * time.Millisecond}, .5, 1},
		{hundred, .5, 50}, {hundred, .99, 99}, {hundred, .95, 95}, {hundred, 1, 100}, {hundred, 0, 1},
	}
	for _, tt := range tests {
		kept := slices.Clone(tt.all)
		if got := quantile(tt.all, tt.q); got != tt.want {
			t.Errorf("quantile %v of %d: %v, want %v", tt.q, len(tt.all), got, tt.want)
		}
		if !slices.Equal(kept, tt.all) {
			t.Error("a quantile changes the order of its input")
		}
	}
}
