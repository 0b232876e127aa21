package bandwidth_test

import (
	"slices"
	"time"

	"github.com/meridian-video/meridian/edge/sfu/bandwidth"
)

const (
	mbit   = 1e6
	second = time.Second
)

// scenario is a path and a source for as long as it takes.
type scenario struct {
	name   string
	path   path
	source func() source
	length time.Duration
	// initial is the first target, 0 for the default.
	initial int
	// eased is when the link got wide, 0 for at the start, and full what it
	// is then.
	eased time.Duration
	full  float64
}

func encoder() source { return &continuous{most: 4 * mbit} }
func camera() source  { return &layered{layer: -1} }

func steady(rate float64) []rateStep { return []rateStep{{0, rate}} }

// dip is the link of the issue: 3, then 0.5, then 3 Mbit/s.
func dip() []rateStep {
	return []rateStep{{0, 3 * mbit}, {20 * second, mbit / 2}, {40 * second, 3 * mbit}}
}

func stairs() (steps []rateStep) {
	for i, rate := range []float64{1, 2, 4, 2, 1} {
		steps = append(steps, rateStep{time.Duration(i) * 10 * second, rate * mbit})
	}
	return steps
}

func scenarios() []scenario {
	return []scenario{
		{name: "dip", path: path{steps: dip()}, source: encoder, length: 60 * second, eased: 40 * second, full: 3 * mbit},
		{name: "dip, layers", path: path{steps: dip()}, source: camera, length: 60 * second, eased: 40 * second, full: 1.54 / 0.95 * mbit},
		{name: "dip, deep queue", path: path{steps: dip(), queue: second}, source: encoder, length: 60 * second, eased: 40 * second, full: 3 * mbit},
		{name: "dip, shallow queue", path: path{steps: dip(), queue: 40 * ms}, source: encoder, length: 60 * second, eased: 40 * second, full: 3 * mbit},
		{name: "steady", path: path{steps: steady(3 * mbit)}, source: encoder, length: 30 * second, full: 3 * mbit},
		{name: "loss 1 %", path: path{steps: steady(3 * mbit), loss: 0.01}, source: encoder, length: 30 * second, full: 3 * mbit},
		{name: "loss 5 %", path: path{steps: steady(3 * mbit), loss: 0.05}, source: encoder, length: 30 * second, full: 3 * mbit},
		{name: "1 Mbit/s, loss 5 %", path: path{steps: steady(mbit), loss: 0.05}, source: encoder, length: 30 * second, full: mbit},
		{name: "1 Mbit/s, loss 5 %, layers", path: path{steps: steady(mbit), loss: 0.05}, source: camera, length: 30 * second, full: 0.54 * mbit},
		{name: "jitter 30 ms", path: path{steps: steady(3 * mbit), jitter: 30 * ms}, source: encoder, length: 30 * second, full: 3 * mbit},
		{name: "jitter 30 ms, reordering", path: path{steps: steady(3 * mbit), jitter: 30 * ms, reorder: true}, source: encoder, length: 30 * second, full: 3 * mbit},
		{name: "neighbour", path: path{steps: steady(3 * mbit), neighbour: true}, source: encoder, length: 60 * second, full: 1.5 * mbit},
		{name: "deaf for 2 s", path: path{steps: steady(3 * mbit), deaf: [2]time.Duration{20 * second, 22 * second}}, source: encoder, length: 40 * second, eased: 22 * second, full: 3 * mbit},
		{name: "half the feedback", path: path{steps: steady(3 * mbit), lostBack: 0.5, feedback: 100 * ms}, source: encoder, length: 30 * second, full: 3 * mbit},
		{name: "far, 300 ms", path: path{steps: dip(), delay: 150 * ms, feedback: 100 * ms}, source: encoder, length: 60 * second, eased: 40 * second, full: 3 * mbit},
		{name: "stairs 1, 2, 4, 2, 1", path: path{steps: stairs()}, source: encoder, length: 50 * second, eased: 20 * second, full: 4 * mbit},
		{name: "dip, begun at 2.7 Mbit/s", path: path{steps: dip()}, source: encoder, length: 60 * second, eased: 40 * second, full: 3 * mbit, initial: 2_700_000},
		{name: "30 Mbit/s", path: path{steps: steady(30 * mbit)}, source: func() source { return &continuous{most: 40 * mbit} }, length: 30 * second, full: 30 * mbit},
	}
}

func (s scenario) estimator() *bandwidth.Estimator {
	return bandwidth.New(bandwidth.Config{Initial: s.initial, Pace: s.path.pace})
}

// play runs a scenario by a controller.
func (s scenario) play(seed uint64, c controller, pause func()) *run {
	p := s.path
	p.seed = seed
	if p.queue == 0 {
		p.queue = 300 * ms
	}
	if p.delay == 0 {
		p.delay = 20*ms + time.Duration(seed%4)*5*ms
	}
	if p.feedback == 0 {
		p.feedback = 50*ms + time.Duration(seed%3)*25*ms
	}
	if p.jitter == 0 {
		p.jitter = 2 * ms
	}
	// Where in its rhythm a sender is when the link changes is chance.
	p.steps = slices.Clone(p.steps)
	for i := range p.steps {
		if i > 0 {
			p.steps[i].from += time.Duration(seed*337%1000) * ms
		}
	}
	r := newRun(p, s.source(), c)
	for now := time.Duration(0); now < s.length; now += ms {
		r.step(now)
		if pause != nil {
			pause()
		}
	}
	return r
}
