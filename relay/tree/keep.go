package tree

import (
	"slices"

	"github.com/meridian-video/meridian/geo"
)

// keep gives nodes back the parents they have, where those are good enough: moving costs
// everybody below a moment of doubled traffic, and plans differ a little from hour to
// hour.
func (p *plan) keep() {
	if len(p.in.Current) == 0 {
		return
	}
	at := make(map[geo.NodeID]int, len(p.nodes))
	for i, n := range p.nodes {
		at[n.ID] = i
	}
	for _, i := range p.outward() {
		current, known := at[p.in.Current[p.nodes[i].ID]]
		if known && current != p.parent[i] && p.stays(i, current) {
			if !p.placed(current) {
				p.put(current, p.origin, Direct)
			}
			p.put(i, current, Kept)
		}
	}
}

// outward are the nodes with a parent, those nearest to the origin first.
func (p *plan) outward() []int {
	var out []int
	for i := range p.nodes {
		if p.parent[i] != none {
			out = append(out, i)
		}
	}
	slices.SortStableFunc(out, func(a, b int) int { return p.hops[a] - p.hops[b] })
	return out
}

// stays says whether a node may stay with the parent it has, when the plan has another:
// nothing is wrong with it, the way is not much longer, and it carries in the plan too or
// is next in line for that. A node may stay with the origin itself only if it is next in
// line: so a region has one copy too many at most. Over a detour that has all but lost its
// lead it stays in any case.
func (p *plan) stays(i, current int) bool {
	if current == i || !p.carries(current) || p.kids[current] >= p.fanOut {
		return false
	}
	hops, delay := p.hops[current], p.delay[current]
	if !p.placed(current) {
		hops, delay = 1, p.cost(p.origin, current)
		if p.kids[p.origin] >= p.fanOut {
			return false
		}
	}
	if current != p.origin {
		delay += hop
	}
	delay += p.cost(current, i)
	if delay >= never || hops+1+p.height(i) > MaxHops || p.passes(current, i) {
		return false
	}
	if delay+keepTime <= p.delay[i] {
		return true
	}
	return p.useful(i, current) && delay <= p.delay[i]+margin(p.delay[i], keepTime, keepShare)
}

// useful says whether a copy at current, or from the origin, serves more than this node.
func (p *plan) useful(i, current int) bool {
	if current == p.origin {
		return p.second[i]
	}
	return p.placed(current) && (p.kids[current] > 0 || p.second[current])
}

// passes says whether the way to a node leads through another.
func (p *plan) passes(node, through int) bool {
	for node != none && node != p.origin {
		if node == through {
			return true
		}
		node = p.parent[node]
	}
	return false
}
