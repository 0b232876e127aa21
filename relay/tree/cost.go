package tree

import "time"

// Costs are one-way delays, with what else a way costs expressed as delay.
const (
	// never is the cost of a way that does not exist; sums of it stay above it.
	never = time.Hour
	// hop is what passing through one more node costs: sending, receiving, waiting for
	// company, and that one more node may fail.
	hop = 2 * time.Millisecond
	// fullLoss is the cost of losing everything: 1 % counts 10 ms. Repair makes a lost
	// packet late, by a round trip or more, rather than lost.
	fullLoss = time.Second
	// step is the grain in which ways are compared before a hash decides: finer
	// differences are noise of the estimates, and nodes see them differently.
	step = 5 * time.Millisecond

	// What is assumed where no round trip is known: as far as sites of a place, of a
	// region and of the world usually lie apart.
	unknownSite   = time.Millisecond
	unknownRegion = 30 * time.Millisecond
	unknownWorld  = 200 * time.Millisecond

	// A region's hub is worth its hop for a node when the way through it is longer than
	// the node's own by at most the larger of the two.
	hubTime  = 10 * time.Millisecond
	hubShare = 0.15
	// hubBehind is how many nodes a hub serves at least: for one alone the hop would
	// save one copy and make two nodes fail together.
	hubBehind = 2
	// A detour has to be shorter by the larger of the two.
	detourTime  = 20 * time.Millisecond
	detourShare = 0.20
	// The parent a node has is kept while its way is longer by at most the larger of the
	// two.
	keepTime  = 10 * time.Millisecond
	keepShare = 0.10

	// busy is the load above which a node carries nothing new for others; who carries
	// already is left in place to overloaded.
	busy       = 0.80
	overloaded = 0.90
)

// margin is the larger of a time and a share of d.
func margin(d, least time.Duration, share float64) time.Duration {
	return max(least, time.Duration(share*float64(d)))
}

// cost is the one-way cost of the link between two nodes.
func (p *plan) cost(a, b int) time.Duration {
	l := p.in.link(p.nodes[a].ID, p.nodes[b].ID)
	if l.Down {
		return never
	}
	rtt := l.RTT
	if rtt <= 0 {
		rtt = unknown(p.nodes[a], p.nodes[b])
	}
	return rtt/2 + time.Duration(l.Loss*float64(fullLoss))
}

func unknown(a, b Node) time.Duration {
	switch {
	case a.POP != "" && a.POP == b.POP:
		return unknownSite
	case a.Region != "" && a.Region == b.Region:
		return unknownRegion
	default:
		return unknownWorld
	}
}
