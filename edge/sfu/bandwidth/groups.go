package bandwidth

import "time"

const (
	// burstTime is within which packets sent, or arriving in a clump, are one
	// group (draft-ietf-rmcat-gcc section 5.2).
	burstTime = 5 * time.Millisecond
	// maxBurst bounds what a clump may gather.
	maxBurst = 100 * time.Millisecond
	// maxReversed groups in a row that arrived before their predecessor begin
	// the comparison anew.
	maxReversed = 3
)

// group is some packets sent together.
type group struct {
	first, last      time.Duration // sent
	arrived, settled time.Duration // first and last arrival
}

// variation is how one group fared against the one before.
type variation struct {
	at    time.Duration // arrival, on the receiver's clock
	sent  time.Duration // between the groups
	delay time.Duration // by how much longer the second was under way
}

// groups gathers packets in the order sent, and compares each complete group
// with the one before.
type groups struct {
	current, previous group
	have              int // how many of the two
	reversed          int
}

// add takes a packet. ok says that it completed a group that can be compared.
func (g *groups) add(sent, arrived time.Duration) (v variation, ok bool) {
	if g.have == 0 {
		g.begin(sent, arrived)
		return v, false
	}
	if sent < g.current.first {
		return v, false // reordered: its group has been counted
	}
	if g.belongs(sent, arrived) {
		g.current.last = max(g.current.last, sent)
		g.current.settled = max(g.current.settled, arrived)
		return v, false
	}
	if g.have == 2 {
		v, ok = g.compare()
	}
	if g.have > 0 {
		g.previous = g.current
	}
	g.begin(sent, arrived)
	return v, ok
}

func (g *groups) begin(sent, arrived time.Duration) {
	g.current = group{first: sent, last: sent, arrived: arrived, settled: arrived}
	g.have = min(g.have+1, 2)
}

// belongs says whether a packet was sent with the current group, or was held
// up on the way and let go together with it.
func (g *groups) belongs(sent, arrived time.Duration) bool {
	if sent-g.current.first <= burstTime {
		return true
	}
	gap := arrived - g.current.settled
	return gap <= burstTime && gap < sent-g.current.last && arrived-g.current.arrived < maxBurst
}

func (g *groups) compare() (v variation, ok bool) {
	gap := g.current.settled - g.previous.settled
	if gap < 0 {
		if g.reversed++; g.reversed >= maxReversed {
			*g = groups{}
		}
		return v, false
	}
	g.reversed = 0
	sent := g.current.last - g.previous.last
	return variation{at: g.current.settled, sent: sent, delay: gap - sent}, true
}
