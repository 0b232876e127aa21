package bandwidth_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/meridian-video/meridian/edge/sfu/bandwidth"
)

// The promise of this package: what congestion took comes back.
func TestComesBackAfterADip(t *testing.T) {
	for _, queue := range []time.Duration{40 * ms, 300 * ms, second} {
		for seed := range uint64(8) {
			t.Run(fmt.Sprintf("%v, %d", queue, seed), func(t *testing.T) {
				s := scenario{path: path{steps: dip(), queue: queue}, source: encoder, length: 60 * second}
				r := s.play(seed, s.estimator(), nil)
				fell, eased := r.link.steps[1].from, r.link.steps[2].from
				if d := r.settles(fell, eased, 100*ms); d > 3*second {
					t.Errorf("the queue settled after %v", d)
				}
				if got := r.goodput(fell+4*second, eased); got < 0.85*mbit/2 {
					t.Errorf("%.0f bit/s of the narrow link", got)
				}
				if d := r.reaches(eased, s.length, 0.9*3*mbit); d > 8*second {
					t.Errorf("back after %v", d)
				}
			})
		}
	}
}

// With layers the sender is mostly application limited: only probes can find
// the way from 0.19 to 1.54 Mbit/s.
func TestLayersComeBackByProbing(t *testing.T) {
	for seed := range uint64(9) {
		pace := []time.Duration{ms, 5 * ms, 20 * ms}[seed%3] // as timers allow
		s := scenario{path: path{steps: dip(), pace: pace}, source: camera, length: 60 * second}
		r := s.play(seed, s.estimator(), nil)
		fell, eased := r.link.steps[1].from, r.link.steps[2].from
		if d := r.settles(fell, eased, 100*ms); d > 3*second {
			t.Errorf("seed %d: the queue settled after %v", seed, d)
		}
		if d := r.reaches(eased, s.length, 1.5*mbit); d > 8*second {
			t.Errorf("seed %d: the top layer is back after %v", seed, d)
		}
		for at := time.Duration(0); at < s.length-second; at += second {
			if got := r.goodput(at, at+second); at > fell+second && got < 0.9*voiceBit {
				t.Errorf("seed %d: %.0f bit/s at %v, less than voice", seed, got, at)
			}
		}
	}
}

// What a path must yield at least, of the encoder's wish, from 5 s on.
func TestHoldsOn(t *testing.T) {
	tests := []struct {
		name  string
		path  path
		least float64 // of the link
		queue time.Duration
	}{
		{"1 % loss", path{steps: steady(3 * mbit), loss: 0.01}, 0.8, 100 * ms},
		{"5 % loss", path{steps: steady(3 * mbit), loss: 0.05}, 0.6, 100 * ms},
		{"1 Mbit/s with 5 % loss", path{steps: steady(mbit), loss: 0.05}, 0.6, 100 * ms},
		{"jitter", path{steps: steady(3 * mbit), jitter: 30 * ms}, 0.6, 100 * ms},
		{"reordering", path{steps: steady(3 * mbit), jitter: 30 * ms, reorder: true}, 0.7, 120 * ms},
		{"10 % of the feedback lost", path{steps: steady(3 * mbit), lostBack: 0.1}, 0.8, 100 * ms},
		{"half of the feedback lost", path{steps: steady(3 * mbit), lostBack: 0.5}, 0.5, 150 * ms},
		{"feedback each 100 ms from afar", path{steps: steady(3 * mbit), feedback: 100 * ms, delay: 150 * ms}, 0.8, 120 * ms},
		{"a narrow link", path{steps: steady(200_000)}, 0.6, 250 * ms},
		{"a wide link", path{steps: steady(50 * mbit)}, 4.0 / 50 * 0.95, 20 * ms},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for seed := range uint64(4) {
				s := scenario{path: tt.path, source: encoder, length: 30 * second}
				r := s.play(seed, s.estimator(), nil)
				if got := r.goodput(5*second, s.length) / r.link.rate(0); got < tt.least {
					t.Errorf("seed %d: %.2f of the link, want %.2f", seed, got, tt.least)
				}
				if q := r.queued(5*second, s.length, 0.95); q > tt.queue {
					t.Errorf("seed %d: a queue of %v, want at most %v", seed, q, tt.queue)
				}
			}
		})
	}
}

// A loss-based flow keeps the queue full; neither may starve the other.
func TestLivesBesideALossBasedFlow(t *testing.T) {
	for seed := range uint64(8) {
		s := scenario{path: path{steps: steady(3 * mbit), neighbour: true}, source: encoder, length: 60 * second}
		r := s.play(seed, s.estimator(), nil)
		ours := r.goodput(10*second, s.length) / (3 * mbit)
		theirs := float64(r.rival.delivered*8) / s.length.Seconds() / (3 * mbit)
		if ours < 0.2 || theirs < 0.2 {
			t.Errorf("seed %d: shares of %.2f and %.2f", seed, ours, theirs)
		}
	}
}

// A queue of one frame tells little by delay: loss has to. It shall not be
// taken for a radio link's.
func TestLosesLittleOnAShallowQueue(t *testing.T) {
	lost, total := 0, 0
	for seed := range uint64(4) {
		s := scenario{path: path{steps: steady(3 * mbit), queue: 40 * ms}, source: encoder, length: 30 * second}
		r := s.play(seed, s.estimator(), nil)
		lost += r.link.dropped
		total += r.total
		if got := r.goodput(5*second, s.length); got < 0.85*3*mbit {
			t.Errorf("seed %d: %.0f bit/s", seed, got)
		}
	}
	if share := float64(lost) / float64(total); share > 0.045 {
		t.Errorf("%.3f lost", share)
	}
}

func TestBacksOffWhileDeafAndComesBack(t *testing.T) {
	s := scenario{path: path{steps: steady(3 * mbit), deaf: [2]time.Duration{10 * second, 12 * second}}, source: encoder, length: 20 * second}
	e := s.estimator()
	now := time.Duration(0)
	r := s.play(1, e, func() {
		if now += ms; now == 12*second {
			if c := e.Cause(now); c != bandwidth.Silence {
				t.Errorf("the cause is %v", c)
			}
			if d := e.Silent(now); d < 1900*ms || d > 2100*ms {
				t.Errorf("silent for %v", d)
			}
			if got := e.Target(); got > mbit {
				t.Errorf("still %d bit/s", got)
			}
		}
	})
	if d := r.reaches(12*second, s.length, 0.9*3*mbit); d > 3*second {
		t.Errorf("back after %v", d)
	}
}

// Neither where the receiver's clock stands nor where the numbers are may
// change anything.
func TestClocksAndNumbersDoNotMatter(t *testing.T) {
	targets := func(clock time.Duration, seq uint16) []sample {
		p := path{steps: dip(), queue: 300 * ms, delay: 20 * ms, jitter: 3 * ms, reorder: true, clock: clock, seed: 3}
		r := newRun(p, encoder(), bandwidth.New(bandwidth.Config{}))
		r.seq = seq
		for now := time.Duration(0); now < 45*second; now += ms {
			r.step(now)
		}
		return r.targets
	}
	want := targets(0, 0)
	for _, clock := range []time.Duration{-time.Hour, second, 400 * time.Hour} {
		for _, seq := range []uint16{1, 32_700, 65_500} {
			for i, got := range targets(clock, seq) {
				if got != want[i] {
					t.Fatalf("clock %v, number %d: %v instead of %v", clock, seq, got, want[i])
				}
			}
		}
	}
}

// A clock set by an hour, as when the 24-bit reference time wraps, is no
// queue; nor is a longer route, though it looks like one for a while.
func TestJumpsAreNoCongestion(t *testing.T) {
	jumps := map[string]func(r *run){
		"clock ahead": func(r *run) { r.receiver.clock += time.Hour },
		"a little":    func(r *run) { r.receiver.clock += 5 * second },
		"clock back":  func(r *run) { r.receiver.clock -= time.Hour },
		"longer way":  func(r *run) { r.link.delay += 80 * ms },
		"shorter way": func(r *run) { r.link.delay -= 15 * ms },
	}
	for name, jump := range jumps {
		var r *run
		c := &meddler{Estimator: bandwidth.New(bandwidth.Config{}), at: 10 * second, meddle: func() { jump(r) }}
		p := path{steps: steady(3 * mbit), queue: 300 * ms, delay: 20 * ms, clock: 2 * time.Hour}
		r = newRun(p, encoder(), c)
		for now := time.Duration(0); now < 30*second; now += ms {
			r.step(now)
		}
		for at := 10 * second; at < 30*second; at += 5 * second {
			if got := r.goodput(at, at+5*second); got < 0.7*3*mbit {
				t.Errorf("%s: %.0f bit/s from %v on", name, got, at)
			}
		}
	}
}

// A meddler does something once at a time.
type meddler struct {
	*bandwidth.Estimator
	at     time.Duration
	meddle func()
}

func (m *meddler) Tick(now time.Duration) {
	if m.meddle != nil && now >= m.at {
		m.meddle()
		m.meddle = nil
	}
	m.Estimator.Tick(now)
}
