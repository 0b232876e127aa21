package bandwidth_test

import (
	"testing"
	"time"

	"github.com/meridian-video/meridian/edge/sfu/bandwidth"
)

// fixed sends the same whatever it may, and wants what it says.
type fixed struct {
	frames
	rate, wants int
}

func (f *fixed) wanted() int { return f.wants }

func (f *fixed) packets(now time.Duration, _ int) []int {
	return f.frames.packets(now, float64(f.rate))
}

func roomy() path { return path{steps: steady(20 * mbit)} }

// Whoever sends little and wants no more proves little: the target neither
// runs away nor fades, and nothing is probed.
func TestApplicationLimitedWithoutWish(t *testing.T) {
	s := scenario{path: roomy(), source: func() source { return &fixed{rate: 1_000_000, wants: 1_000_000} }, length: 2 * time.Minute}
	e := &recorder{Estimator: s.estimator()}
	r := s.play(1, e, nil)
	if got := float64(e.Target()); got < mbit || got > 1.6*mbit {
		t.Errorf("a target of %.0f bit/s", got)
	}
	if r.target(30*second, 40*second) > r.target(110*second, s.length) {
		t.Error("the target faded")
	}
	for _, c := range e.clusters {
		if c.Bitrate > mbit {
			t.Errorf("%+v is above what is wanted", c)
		}
		if c.Bytes < c.Bitrate/8/40-1 || c.Packets < 5 {
			t.Errorf("%+v cannot be measured", c)
		}
	}
}

// Who wants more is probed up to it, though it sends next to nothing.
func TestApplicationLimitedWithWish(t *testing.T) {
	s := scenario{path: roomy(), source: func() source { return &fixed{rate: 100_000, wants: 5_000_000} }, length: 10 * second}
	e := &recorder{Estimator: s.estimator()}
	s.play(1, e, nil)
	if got := float64(e.Target()); got < 0.9*5*mbit || got > 5*mbit {
		t.Errorf("a target of %.0f bit/s", got)
	}
	if c := e.Cause(s.length); c != bandwidth.ApplicationLimited {
		t.Errorf("the cause is %v", c)
	}
	const ladder = 8 // 0.9, 1.8, 3.6, 5 Mbit/s, and a few misses
	if len(e.clusters) > ladder {
		t.Errorf("%d probes", len(e.clusters))
	}
}

// A recorder keeps the probes.
type recorder struct {
	*bandwidth.Estimator
	clusters []bandwidth.Cluster
}

func (r *recorder) Probe(now time.Duration) (bandwidth.Cluster, bool) {
	c, ok := r.Estimator.Probe(now)
	if ok {
		r.clusters = append(r.clusters, c)
	}
	return c, ok
}

// A link that stays narrow is not filled by probes.
func TestProbesAreFewOnANarrowLink(t *testing.T) {
	s := scenario{path: path{steps: steady(mbit / 2)}, source: camera, length: time.Minute}
	e := &recorder{Estimator: s.estimator()}
	r := s.play(1, e, nil)
	padded := 0
	for _, c := range e.clusters {
		padded += c.Bytes
	}
	if n := len(e.clusters); n < 10 || n > 25 {
		t.Errorf("%d probes in a minute", n)
	}
	if share := float64(padded*8) / 60 / (mbit / 2); share > 0.03 {
		t.Errorf("%.3f of the link for probes", share)
	}
	if q := r.queued(10*second, s.length, 0.99); q > 80*ms {
		t.Errorf("a queue of %v", q)
	}
}

func TestCapHolds(t *testing.T) {
	s := scenario{path: roomy(), source: encoder, length: 10 * second}
	e := s.estimator()
	e.SetCap(700_000)
	s.play(1, e, func() {
		if e.Target() > 700_000 {
			t.Fatalf("a target of %d bit/s", e.Target())
		}
	})
	e.SetCap(600_000)
	if c := e.Cause(s.length); c != bandwidth.Capped || e.Target() != 600_000 {
		t.Errorf("%v at %d bit/s", c, e.Target())
	}
	e.SetCap(0)
	if e.Target() <= 600_000 {
		t.Errorf("%d bit/s without a cap", e.Target())
	}
}

func TestBoundsHold(t *testing.T) {
	s := scenario{path: roomy(), source: encoder, length: 10 * second}
	e := bandwidth.New(bandwidth.Config{Initial: 200_000, Min: 100_000, Max: 900_000})
	s.play(1, e, func() {
		if got := e.Target(); got < 100_000 || got > 900_000 {
			t.Fatalf("a target of %d bit/s", got)
		}
	})
	if e.Target() < 850_000 {
		t.Errorf("%d bit/s at the end", e.Target())
	}
}

// Whoever never answers gets the least, without probes, and it shows.
func TestNeverAnswers(t *testing.T) {
	s := scenario{path: path{steps: steady(3 * mbit), deaf: [2]time.Duration{0, time.Hour}}, source: encoder, length: 20 * second}
	e := &recorder{Estimator: s.estimator()}
	s.play(1, e, nil)
	if e.Target() != bandwidth.DefaultMin || e.Cause(s.length) != bandwidth.Silence {
		t.Errorf("%d bit/s because of %v", e.Target(), e.Cause(s.length))
	}
	if d := e.Silent(s.length); d < 19*second {
		t.Errorf("silent for %v", d)
	}
	if len(e.clusters) > 0 {
		t.Errorf("%d probes into the dark", len(e.clusters))
	}
}

// Nothing sent, nothing owed.
func TestIdleIsNotSilent(t *testing.T) {
	e := bandwidth.New(bandwidth.Config{})
	for now := time.Duration(0); now < time.Minute; now += 50 * ms {
		e.Tick(now)
	}
	if e.Target() != bandwidth.DefaultInitial || e.Silent(time.Minute) != 0 {
		t.Errorf("%d bit/s, silent for %v", e.Target(), e.Silent(time.Minute))
	}
}

// Without transport-wide feedback receiver reports have to do.
func TestReportsAlone(t *testing.T) {
	tests := []struct {
		name     string
		fraction float64
		interval time.Duration
		low      int
		high     int
		cause    bandwidth.Cause
	}{
		{"no loss", 0, second, 900_000, 10_000_000, bandwidth.Increasing},
		{"some loss", 0.05, second, 290_000, 310_000, bandwidth.Loss},
		{"much loss", 0.4, second, 40_000, 250_000, bandwidth.Loss},
		{"voice alone, rarely", 0, 7 * second, 300_000, 500_000, bandwidth.Increasing},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := bandwidth.New(bandwidth.Config{})
			f := &frames{}
			seq := uint16(0)
			for now := time.Duration(0); now < 30*second; now += 10 * ms {
				for _, size := range f.packets(now, float64(e.Target())) {
					seq++
					e.Sent(seq, size, now, 0)
				}
				if now%tt.interval == 0 && now > 0 {
					e.Report(now, tt.fraction)
				}
				e.Tick(now)
			}
			if got := e.Target(); got < tt.low || got > tt.high {
				t.Errorf("%d bit/s, want %d to %d", got, tt.low, tt.high)
			}
			if c := e.Cause(30 * second); c != tt.cause {
				t.Errorf("the cause is %v, want %v", c, tt.cause)
			}
		})
	}
}

func TestStatsCount(t *testing.T) {
	s := scenario{path: path{steps: steady(3 * mbit), loss: 0.1, jitter: 10 * ms, reorder: true}, source: encoder, length: 10 * second}
	e := s.estimator()
	r := s.play(1, e, nil)
	st := e.Stats(s.length)
	told := st.Received + st.Lost
	if told > uint64(r.total) || told < uint64(r.total)*95/100 {
		t.Errorf("told of %d packets out of %d", told, r.total)
	}
	if off := float64(st.Lost) - float64(r.link.dropped); off < -20 || off > 20 {
		t.Errorf("%d lost, in truth %d", st.Lost, r.link.dropped)
	}
	if st.Loss < 0.04 || st.Loss > 0.2 {
		t.Errorf("a fraction of %.3f", st.Loss)
	}
}

// What a lost message would have acknowledged still counts as delivered.
func TestLostFeedbackIsNoLostRate(t *testing.T) {
	e := bandwidth.New(bandwidth.Config{})
	var receipts []bandwidth.Receipt
	messages := 0
	for now := time.Duration(0); now < 3*second; now += 5 * ms {
		seq := uint16(now / (5 * ms))
		e.Sent(seq, 625, now, 0)
		receipts = append(receipts, bandwidth.Receipt{Seq: seq, Received: true, Arrival: now + 20*ms})
		if len(receipts) < 20 {
			continue
		}
		if messages++; messages%2 == 0 {
			e.Feedback(now, receipts)
		}
		receipts = receipts[:0]
	}
	if got := float64(e.Stats(3 * second).Acknowledged); got < 0.9*mbit || got > 1.1*mbit {
		t.Errorf("%.0f bit/s acknowledged of 1,000,000", got)
	}
}
