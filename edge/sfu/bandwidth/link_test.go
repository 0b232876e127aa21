package bandwidth_test

import (
	"math/rand/v2"
	"time"
)

const ms = time.Millisecond

// rateStep is a bitrate from a time on.
type rateStep struct {
	from time.Duration
	rate float64 // bit/s
}

// path describes a way to a subscriber and back.
type path struct {
	steps     []rateStep
	queue     time.Duration // drop tail, at the rate of the moment
	delay     time.Duration // each way
	jitter    time.Duration // up to this much more or less
	reorder   bool          // jitter may
	loss      float64       // at random
	feedback  time.Duration // between messages
	deaf      [2]time.Duration
	lostBack  float64       // of feedback messages
	clock     time.Duration // of the receiver against ours
	pace      time.Duration // between the sender's looks at a probe
	neighbour bool          // a loss-based flow shares the bottleneck
	seed      uint64
}

// flight is one packet on the way.
type flight struct {
	seq     uint16
	size    int
	at      time.Duration // entered the queue
	arrives time.Duration
	other   bool // the neighbour's
}

// A link is a bottleneck with a queue, then a delay.
type link struct {
	path
	random  *rand.Rand
	queued  []flight
	bytes   int
	busy    time.Duration
	last    time.Duration // arrival
	dropped int           // of ours
	delays  []sample
}

type sample struct {
	at    time.Duration
	value float64
}

func newLink(p path) *link {
	return &link{path: p, random: rand.New(rand.NewPCG(p.seed, 7))}
}

func (l *link) rate(at time.Duration) float64 {
	rate := l.steps[0].rate
	for _, s := range l.steps {
		if at >= s.from {
			rate = s.rate
		}
	}
	return rate
}

// send reports whether there was room in the queue.
func (l *link) send(f flight) bool {
	if float64(l.bytes*8)/l.rate(f.at) > l.queue.Seconds() {
		if !f.other {
			l.dropped++
		}
		return false
	}
	l.queued = append(l.queued, f)
	l.bytes += f.size
	return true
}

// serve returns what has left the queue by now, with times of arrival; lost
// packets are left out.
func (l *link) serve(now time.Duration) (out []flight) {
	for len(l.queued) > 0 {
		f := l.queued[0]
		begin := max(l.busy, f.at)
		end := begin + time.Duration(float64(f.size*8)/l.rate(begin)*float64(time.Second))
		if end > now {
			return out
		}
		l.queued = l.queued[1:]
		l.bytes -= f.size
		l.busy = end
		if !f.other {
			l.delays = append(l.delays, sample{end, float64(end-f.at) / float64(ms)})
			if l.random.Float64() < l.loss {
				l.dropped++
				continue
			}
		}
		out = append(out, l.deliver(f, end))
	}
	return out
}

func (l *link) deliver(f flight, end time.Duration) flight {
	f.arrives = end + l.delay
	if l.jitter > 0 {
		f.arrives += time.Duration((2*l.random.Float64() - 1) * float64(l.jitter))
	}
	if !l.reorder {
		f.arrives = max(f.arrives, l.last)
	}
	l.last = max(l.last, f.arrives)
	return f
}
