package bandwidth

import "time"

const (
	// baseSpan is how long the shortest way is remembered (it counts for one
	// to two of them): long enough to see an empty queue, short enough to
	// accept a new route and to outrun the drift of two clocks.
	baseSpan = 15 * time.Second
	// standingSpan is what jitter must fit in not to count as a queue.
	standingSpan = 100 * time.Millisecond
	// tolerance is how long a queue that is not ours is left out of account.
	tolerance = 10 * time.Second
)

// A minimum is the least value of the last one to two spans.
type minimum struct {
	current, previous time.Duration
	since             time.Duration
	begun             bool
}

func (m *minimum) add(at, v, span time.Duration) {
	switch {
	case !m.begun || at-m.since > 2*span:
		*m = minimum{current: v, previous: v, since: at, begun: true}
	case at-m.since > span:
		m.previous, m.current, m.since = m.current, v, at
	default:
		m.current = min(m.current, v)
	}
}

func (m *minimum) value() time.Duration { return min(m.current, m.previous) }

// A queue tells how long packets stand in one on their way: the shortest of
// the last moments against the shortest of the last seconds. Minima see
// through jitter (as in RFC 8289); clocks need not agree.
type queue struct {
	base, recent minimum
	tolerated    time.Duration
	until        time.Duration // tolerated till then
}

// add takes a packet's way: its arrival less its sending, on two clocks.
func (q *queue) add(arrived, way time.Duration) {
	q.base.add(arrived, way, baseSpan)
	q.recent.add(arrived, way, standingSpan)
}

// whole is the queueing delay.
func (q *queue) whole() time.Duration { return max(0, q.recent.value()-q.base.value()) }

// standing is the queueing delay without what others keep there.
func (q *queue) standing(now time.Duration) time.Duration {
	if now >= q.until || q.whole() < q.tolerated/2 {
		q.tolerated = 0
	}
	return max(0, q.whole()-q.tolerated)
}

// tolerate leaves out of account what stands now: sending less did not drain
// it, so others fill it.
func (q *queue) tolerate(now time.Duration) {
	q.tolerated, q.until = q.whole(), now+tolerance
}
