package bandwidth

import "time"

// Stats is what an Estimator knows, for people and counters.
type Stats struct {
	Target       int // bit/s
	Cause        Cause
	Acknowledged int // bit/s that arrived of late
	Sent         int // bit/s that left of late
	Received     uint64
	Lost         uint64
	Loss         float64 // fraction of late, 0 to 1
	Queue        time.Duration
	Jitter       time.Duration
}

// Stats returns them.
func (e *Estimator) Stats(now time.Duration) Stats {
	return Stats{
		Target:       e.Target(),
		Cause:        e.Cause(now),
		Acknowledged: int(e.acked.slow()),
		Sent:         int(e.out.slow()),
		Received:     e.loss.received,
		Lost:         e.loss.lost,
		Loss:         e.loss.fraction,
		Queue:        e.delay.queue.whole(),
		Jitter:       e.delay.jitter,
	}
}

// Silent is for how long the subscriber has owed an answer: 0 if it owes none.
func (e *Estimator) Silent(now time.Duration) time.Duration {
	if !e.contact.waiting {
		return 0
	}
	return now - e.contact.since
}

const (
	// told is for how long a step down is why the target is what it is.
	told = 2 * time.Second
	// limited is the part of the target below which the sender decides.
	limited = 0.7
)

// Cause says why the target is what it is.
func (e *Estimator) Cause(now time.Duration) Cause {
	switch {
	case e.contact.silent:
		return Silence
	case e.cap > 0 && e.cap < e.rate.target:
		return Capped
	case e.drain.on || e.rate.previous > 0 && now-e.rate.lowered < told:
		return e.lowered
	case e.probes.asked:
		return Probing
	case !e.contact.heard:
		return Starting
	case e.out.slow() < limited*e.rate.target:
		return ApplicationLimited
	case !e.loss.calm():
		return Loss
	}
	return Increasing
}
