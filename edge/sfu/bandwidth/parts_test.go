package bandwidth

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

const ms = time.Millisecond

func TestGroups(t *testing.T) {
	type packet struct{ sent, arrived time.Duration }
	tests := []struct {
		name    string
		packets []packet
		want    []time.Duration // delays
	}{
		{"packets within 5 ms are one", []packet{{0, 50}, {2, 52}, {5, 55}, {20, 70}, {40, 90}}, []time.Duration{0}},
		{"a queue grows", []packet{{0, 50}, {20, 75}, {40, 100}, {60, 125}}, []time.Duration{5, 5}},
		{"a queue empties", []packet{{0, 90}, {20, 100}, {40, 110}, {60, 120}}, []time.Duration{-10, -10}},
		{"held up and let go together", []packet{{0, 50}, {20, 100}, {40, 101}, {60, 102}, {80, 130}, {100, 150}}, []time.Duration{-8, 8}},
		{"reordered", []packet{{0, 50}, {20, 70}, {3, 71}, {40, 90}, {60, 110}}, []time.Duration{0, 0}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var g groups
			var got []time.Duration
			for _, p := range tt.packets {
				if v, ok := g.add(p.sent*ms, p.arrived*ms); ok {
					got = append(got, v.delay/ms)
				}
			}
			if len(got) != len(tt.want) {
				t.Fatalf("got %v, want %v", got, tt.want)
			}
			for i := range got {
				if got[i] != tt.want[i] {
					t.Errorf("got %v, want %v", got, tt.want)
				}
			}
		})
	}
}

func TestTrend(t *testing.T) {
	tests := []struct {
		name   string
		delay  func(i int) time.Duration // of group i, 20 ms apart
		groups int
		want   usage
	}{
		{"level", func(int) time.Duration { return 0 }, 60, normal},
		{"a tenth too much", func(i int) time.Duration { return time.Duration(i) * 2 * ms }, 60, over},
		{"a tenth less", func(i int) time.Duration { return time.Duration(-i) * 2 * ms }, 60, under},
		{"one step", func(i int) time.Duration { return time.Duration(i/30) * 3 * ms }, 59, normal},
		{"too few to tell", func(i int) time.Duration { return time.Duration(i) * 2 * ms }, 10, normal},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var r trend
			seen := normal
			for i := 1; i < tt.groups; i++ {
				at := time.Duration(i) * 20 * ms
				r.add(variation{at: at, sent: 20 * ms, delay: tt.delay(i) - tt.delay(i-1)})
				if r.usage != normal {
					seen = r.usage
				}
			}
			if seen != tt.want {
				t.Errorf("usage %d, want %d", seen, tt.want)
			}
		})
	}
}

// The threshold learns to live with jitter, within its bounds.
func TestTrendThresholdAdapts(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var tr trend
	last := time.Duration(0)
	for i := 1; i < 3000; i++ {
		way := time.Duration(r.Float64() * 400 * float64(ms))
		tr.add(variation{at: time.Duration(i) * 20 * ms, sent: 20 * ms, delay: way - last})
		last = way
		if tr.threshold < minThreshold || tr.threshold > maxThreshold {
			t.Fatalf("a threshold of %.1f ms", tr.threshold)
		}
	}
	noisy := tr.threshold
	for i := 3000; i < 6000; i++ {
		tr.add(variation{at: time.Duration(i) * 20 * ms, sent: 20 * ms})
	}
	if noisy < firstThreshold || tr.threshold > minThreshold+1 {
		t.Errorf("%.1f ms in calm after %.1f in noise", tr.threshold, noisy)
	}
}

func TestATrendWithoutAQueueIsChance(t *testing.T) {
	tests := []struct {
		queued time.Duration
		usage  usage
		probed bool
		want   bool
	}{
		{0, over, false, false},
		{noise + ms, over, false, true},
		{noise + ms, normal, false, false},
		{noise + ms, over, true, false},
		{probeNoise + ms, over, true, true},
		{tooLong + ms, normal, false, true},
		{tooLong + ms, normal, true, false},
	}
	for _, tt := range tests {
		d := delay{trend: trend{usage: tt.usage}}
		d.queue.add(0, 0)
		d.queue.add(5*time.Second, tt.queued)
		if got := d.overused(0, noise, tt.probed); got != tt.want {
			t.Errorf("%+v: overused %v", tt, got)
		}
	}
	var d delay
	d.queue.add(0, 0)
	d.queue.add(5*time.Second, lingering)
	if d.overused(patient, noise, false) || !d.overused(patient+ms, noise, false) {
		t.Error("a queue that lingers is not overuse in time")
	}
}

// Jitter is no queue; what stays is, until nobody remembers otherwise.
func TestQueue(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var q queue
	now := time.Duration(0)
	run := func(span, way time.Duration) {
		for end := now + span; now < end; now += 5 * ms {
			q.add(now, way+time.Duration(r.Float64()*30*float64(ms)))
		}
	}
	near := func(want time.Duration) {
		t.Helper()
		if got := q.standing(now); got < want-10*ms || got > want+10*ms {
			t.Errorf("%v at %v, want %v", got, now, want)
		}
	}
	run(5*time.Second, -time.Hour)
	near(0)
	run(time.Second, -time.Hour+80*ms)
	near(80 * ms)
	q.tolerate(now)
	near(0)
	run(time.Second, -time.Hour+120*ms)
	near(40 * ms)
	run(tolerance, -time.Hour+120*ms)
	near(120 * ms)
	run(2*baseSpan, -time.Hour+120*ms)
	near(0)
}

func TestMeter(t *testing.T) {
	for _, start := range []time.Duration{0, time.Hour, -time.Hour, -100 * ms} {
		var m meter
		at := start
		for ; at < start+3*time.Second; at += 2 * ms {
			m.add(at, 250)
		}
		for _, got := range []float64{m.slow(), m.quick()} {
			if math.Abs(got-1e6) > 2e4 {
				t.Errorf("from %v: %.0f bit/s, want 1,000,000", start, got)
			}
		}
		for ; at < start+3250*ms; at += 2 * ms {
			m.add(at, 125)
		}
		if got := m.quick(); math.Abs(got-5e5) > 2e4 {
			t.Errorf("from %v: %.0f bit/s a quarter second after the fall", start, got)
		}
		m.add(at+time.Minute, 1000)
		if got := m.slow(); got > 1e5 {
			t.Errorf("from %v: %.0f bit/s after a pause", start, got)
		}
	}
}

func TestLossForgivesTheLate(t *testing.T) {
	var l loss
	now := time.Duration(0)
	for range 50 {
		for i := range 25 {
			if i%5 == 0 { // reported missing, then late
				l.vanished()
			} else {
				l.arrived(false)
			}
		}
		for range 5 {
			l.arrived(true)
		}
		now += 250 * ms
		l.settle(now)
	}
	if !l.calm() || l.high() || l.lost != 0 || l.received != 50*25 {
		t.Errorf("%+v after packets that only were late", l)
	}
	for range 50 {
		for i := range 25 {
			if i%5 == 0 {
				l.vanished()
			} else {
				l.arrived(false)
			}
		}
		now += 250 * ms
		l.settle(now)
	}
	if !l.high() || math.Abs(l.fraction-0.2) > 0.01 {
		t.Errorf("%+v after every fifth was lost", l)
	}
}

func TestRateSteps(t *testing.T) {
	now := time.Second
	r := rate{target: 1e6, least: 1e5, most: 1e7, raised: now}
	for range 100 {
		now += 100 * ms
		r.raise(now, r.target, 100*ms)
	}
	if got := r.target / 1e6; math.Abs(got-math.Pow(growth, 10)) > 0.01 {
		t.Errorf("grew %.2f times in 10 s", got)
	}
	r.raise(now+time.Second, 1e5, 100*ms)
	if r.target < 2e6 {
		t.Error("little sending lowered the target")
	}
	before := r.target
	r.overused(now, 1e6)
	if r.target != afterOveruse*1e6 || r.previous != before {
		t.Errorf("%+v after overuse", r)
	}
	at := r.target
	r.raise(now+time.Second, 0.9e6, 100*ms)
	if step := r.target - at; step <= 0 || step > packetBits*5 {
		t.Errorf("a step of %.0f bit/s near the link", step)
	}
	r.overused(now+time.Second, 9e6)
	if r.target > at+packetBits*5 {
		t.Error("overuse raised the target")
	}
	r.proved(now, before)
	if r.target != before || r.previous != 0 {
		t.Errorf("%+v after the way back was proved", r)
	}
	r.lossy(now, 0.5, 0)
	if r.target != 0.75*before {
		t.Errorf("%.0f bit/s after half was lost of %.0f", r.target, before)
	}
	for range 100 {
		r.lossy(now, 1, 0)
	}
	if r.target != r.least {
		t.Errorf("%.0f bit/s at the least", r.target)
	}
}

// A step down that is none would put off the next probe for ever.
func TestNothingIsBelowTheLeast(t *testing.T) {
	r := rate{target: 40_000, least: 40_000, most: 1e7, link: 37_000}
	if r.crowded() {
		t.Error("the least is crowded")
	}
	if r.target = 41_000; !r.crowded() {
		t.Error("more than the link is not crowded")
	}
}

// Away from the link's end a queue counts that jitter cannot feign.
func TestNoiseGrowsWithJitter(t *testing.T) {
	for _, tt := range []struct {
		jitter time.Duration
		link   float64
		want   time.Duration
	}{
		{0, 0, noise}, {ms, 0, noise}, {8 * ms, 0, 8 * ms * feigned}, {40 * ms, 0, lingering}, {8 * ms, 1.1e6, noise},
	} {
		e := New(Config{Initial: 1e6})
		e.delay.jitter, e.rate.link = tt.jitter, tt.link
		if got := e.noise(); got != tt.want {
			t.Errorf("jitter %v, link %.0f bit/s: a queue of %v may be chance, want %v", tt.jitter, tt.link, got, tt.want)
		}
	}
}

func TestDrain(t *testing.T) {
	var d drain
	d.begin(0, 30*ms)
	if d.factor(30*ms) != 1 {
		t.Error("drains a queue that is hardly there")
	}
	d.begin(0, 400*ms)
	if f := d.factor(400 * ms); math.Abs(f-0.6) > 0.01 {
		t.Errorf("factor %.2f", f)
	}
	if f := d.factor(time.Minute); f != drainLeast {
		t.Errorf("factor %.2f of a minute", f)
	}
	if d.settle(time.Second, 100*ms) || !d.on {
		t.Error("over too early")
	}
	if d.settle(time.Second, 10*ms) || d.on {
		t.Error("not over with the queue")
	}
	d.begin(time.Second, 400*ms)
	if !d.settle(time.Second+drainTime, 300*ms) || d.on {
		t.Error("goes on against a queue that is not ours")
	}
}

func TestCausesHaveNames(t *testing.T) {
	seen := map[string]bool{}
	for c := range causes {
		if s := c.String(); s == "" || s == "unknown" || seen[s] {
			t.Errorf("cause %d is %q", c, s)
		}
		seen[c.String()] = true
	}
	if causes.String() != "unknown" {
		t.Error("a cause beyond the last has a name")
	}
}
