package bandwidth_test

import (
	"slices"
	"time"
)

// goodput is what arrived between two times, in bit/s.
func (r *run) goodput(from, to time.Duration) float64 {
	bytes := 0.0
	for _, s := range r.delivered {
		if s.at >= from && s.at < to {
			bytes += s.value
		}
	}
	return bytes * 8 / (to - from).Seconds()
}

// target is the mean of the target.
func (r *run) target(from, to time.Duration) float64 {
	sum, n := 0.0, 0.0
	for _, s := range r.targets {
		if s.at >= from && s.at < to {
			sum += s.value
			n++
		}
	}
	return sum / max(n, 1)
}

// queued is a quantile of the delay in the queue.
func (r *run) queued(from, to time.Duration, quantile float64) time.Duration {
	var in []float64
	for _, s := range r.link.delays {
		if s.at >= from && s.at < to {
			in = append(in, s.value)
		}
	}
	if len(in) == 0 {
		return 0
	}
	slices.Sort(in)
	return time.Duration(in[int(quantile*float64(len(in)-1))] * float64(ms))
}

// reaches is how long after from the goodput of half a second first is at
// least rate; a minute if never.
func (r *run) reaches(from, to time.Duration, rate float64) time.Duration {
	const span = 500 * ms
	for at := from; at+span <= to; at += 50 * ms {
		if r.goodput(at, at+span) >= rate {
			return at + span - from
		}
	}
	return time.Minute
}

// settles is how long after from the queue, over any half second, stays
// below bound.
func (r *run) settles(from, to, bound time.Duration) time.Duration {
	const span = 500 * ms
	last := from
	for at := from; at+span <= to; at += 50 * ms {
		if r.queued(at, at+span, 0.5) > bound {
			last = at + span
		}
	}
	return last - from
}

// A window counts bytes of the last half second.
type window struct {
	steps [500]int
	sum   int
	now   int
}

func (w *window) add(now time.Duration, bytes int) {
	w.move(int(now / ms))
	w.steps[w.now%len(w.steps)] += bytes
	w.sum += bytes
}

func (w *window) move(to int) {
	for ; w.now < to; w.now++ {
		i := (w.now + 1) % len(w.steps)
		w.sum -= w.steps[i]
		w.steps[i] = 0
	}
}

func (w *window) rate(now time.Duration) float64 {
	w.move(int(now / ms))
	return float64(w.sum) * 8 / 0.5
}
