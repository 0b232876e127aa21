package bandwidth_test

import "time"

// A neighbour is a flow that fills the queue until it loses, as Reno does.
type neighbour struct {
	window, threshold float64
	flying            int
	cut               time.Duration
	acks              []time.Duration
	lost              []time.Duration
	delivered         int
	way               time.Duration
}

const segment = 1400

func newNeighbour(way time.Duration) *neighbour {
	return &neighbour{window: 10, threshold: 1000, way: way}
}

func (n *neighbour) run(now time.Duration, l *link) {
	for len(n.acks) > 0 && n.acks[0] <= now {
		n.acks = n.acks[1:]
		n.flying--
		n.delivered += segment
		if n.window < n.threshold {
			n.window++
		} else {
			n.window += 1 / n.window
		}
	}
	for len(n.lost) > 0 && n.lost[0] <= now {
		n.lost = n.lost[1:]
		n.flying--
		if now-n.cut > 2*n.way+l.queue {
			n.cut = now
			n.window = max(2, n.window/2)
			n.threshold = n.window
		}
	}
	for i := 0; i < 4 && n.flying < int(n.window); i++ {
		n.flying++
		if !l.send(flight{size: segment, at: now, other: true}) {
			n.lost = append(n.lost, now+2*n.way)
		}
	}
}

func (n *neighbour) arrived(f flight) { n.acks = append(n.acks, f.arrives+n.way) }
