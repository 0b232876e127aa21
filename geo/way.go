package geo

import (
	"time"

	"github.com/meridian-video/meridian/geo/place"
)

// roomReach is how much farther than the nearest POP one may be that is chosen
// for the room's sake: the last mile is the part of the way that loses packets.
const roomReach = 25 * time.Millisecond

// ways estimates the asker's round trips.
type ways struct {
	req   Request
	nodes []Node
}

// guessed says whether anything is known of the asker but whom they asked.
func (w ways) guessed() bool {
	for _, n := range w.nodes {
		if _, ok := w.req.Trips[n.ID]; ok {
			return true
		}
		if _, ok := w.byPlace(n); ok {
			return true
		}
	}
	return false
}

// to is the way to a node: as the asker measured it or, by way of a node that was
// measured, at most; else as places say; else from the answering node.
func (w ways) to(n Node) (d time.Duration, guessed, ok bool) {
	if d, ok := w.req.Trips[n.ID]; ok {
		return d, false, true
	}
	if d, ok := w.via(n, func(m Node) (time.Duration, bool) { d, ok := w.req.Trips[m.ID]; return d, ok }); ok {
		return d, false, true
	}
	if d, ok := w.byPlace(n); ok {
		return d, true, true
	}
	if d, ok := w.via(n, w.byPlace); ok {
		return d, true, true
	}
	return w.fromSelf(n)
}

func (w ways) byPlace(n Node) (time.Duration, bool) {
	if w.req.At == nil {
		return 0, false
	}
	at, ok := w.place(n)
	return w.req.At.RoundTrip(at), ok
}

// place is where a node is, as it or its POP says.
func (w ways) place(n Node) (place.Point, bool) {
	if n.Place != nil {
		return *n.Place, true
	}
	if w.req.Place == nil {
		return place.Point{}, false
	}
	return w.req.Place(n.POP)
}

// via is the shortest way over a node to which it is known.
func (w ways) via(n Node, known func(Node) (time.Duration, bool)) (shortest time.Duration, found bool) {
	for _, m := range w.nodes {
		first, ok := known(m)
		if !ok {
			continue
		}
		if rest, ok := w.between(m, n); ok && (!found || first+rest < shortest) {
			shortest, found = first+rest, true
		}
	}
	return shortest, found
}

func (w ways) fromSelf(n Node) (d time.Duration, guessed, ok bool) {
	if n.ID == w.req.Self {
		return 0, false, true
	}
	for _, m := range w.nodes {
		if m.ID == w.req.Self && m.POP == n.POP {
			return 0, false, true
		}
	}
	if w.req.RTT == nil {
		return 0, false, false
	}
	d, ok = w.req.RTT(w.req.Self, n.ID)
	return max(d, 0), false, ok
}

// between is the round trip between two nodes, 0 inside a POP.
func (w ways) between(a, b Node) (time.Duration, bool) {
	if a.POP == b.POP {
		return 0, true
	}
	if w.req.RTT == nil {
		return 0, false
	}
	d, ok := w.req.RTT(a.ID, b.ID)
	return max(d, 0), ok
}

// towardsRoom adds to every site near enough the mean way to the room's nodes. One
// whose way there is not known counts as the farthest that is known.
func towardsRoom(sites []*site, w ways, nodes []Node) {
	var nearest *site
	for _, s := range sites {
		if s.known && !s.loaded && (nearest == nil || s.way < nearest.way) {
			nearest = s
		}
	}
	holders := holdersOf(nodes, w.req)
	if nearest == nil || len(holders) == 0 {
		return
	}
	var unknown []*site
	var farthest time.Duration
	for _, s := range sites {
		s.far = !s.known || s.way > nearest.way+roomReach
		mean, ok := w.mean(s.nodes[0], holders)
		if !ok {
			unknown = append(unknown, s)
			continue
		}
		s.beyond, farthest = mean, max(farthest, mean)
	}
	for _, s := range unknown {
		s.beyond = farthest
	}
}

// holdersOf are the room's nodes, whatever their state: people are on them.
func holdersOf(nodes []Node, req Request) (out []Node) {
	seen := make(map[NodeID]bool)
	for _, id := range req.Holders {
		for _, n := range nodes {
			if n.ID == id && !seen[id] {
				seen[id] = true
				out = append(out, n)
			}
		}
	}
	return out
}

// mean is that of the ways from a node to others, as far as they are known.
func (w ways) mean(from Node, to []Node) (time.Duration, bool) {
	var sum time.Duration
	count := 0
	for _, n := range to {
		if d, ok := w.between(from, n); ok {
			sum += d
			count++
		}
	}
	if count == 0 {
		return 0, false
	}
	return sum / time.Duration(count), true
}
