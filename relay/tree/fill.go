package tree

import (
	"cmp"
	"slices"
	"time"
)

// fill places whom the steps before have not placed: the other nodes of the sites, and
// those whose direct way does not exist. Twice, as some are reached through others.
func (p *plan) fill() {
	for i, parent := range p.parent {
		if parent == p.origin && p.delay[i] >= never {
			p.drop(i)
		}
	}
	rest := make([]int, 0, len(p.nodes))
	for i, n := range p.nodes {
		if n.Wants && i != p.origin && p.parent[i] == none {
			rest = append(rest, i)
		}
	}
	slices.SortFunc(rest, p.compare)
	for range 2 {
		for _, i := range rest {
			if p.parent[i] == none {
				p.place(i)
			}
		}
	}
}

// drop takes a node without children out of the tree.
func (p *plan) drop(i int) {
	p.kids[p.parent[i]]--
	p.parent[i], p.way[i], p.hops[i], p.delay[i] = none, "", 0, 0
}

// place finds a parent for a node: the one that stands for its site, another of its site,
// or whoever serves that one; else the nearest.
func (p *plan) place(i int) {
	agent := p.agent[i]
	if agent != i && p.hosts(agent, i, p.fanOut) {
		way := Site
		if agent == p.origin {
			way = Direct
		}
		p.put(i, agent, way)
		return
	}
	mate := func(x int) bool { return p.agent[x] == agent }
	if to := p.nearest(i, p.fanOut, mate); to != none {
		p.put(i, to, Site)
		return
	}
	if up := p.parent[agent]; agent != i && up != none && up != p.origin && p.hosts(up, i, p.fanOut) {
		p.put(i, up, Spread)
		return
	}
	anybody := func(int) bool { return true }
	to := p.nearest(i, p.fanOut, anybody)
	if to == none { // reaching everybody goes before the bound
		to = p.nearest(i, len(p.nodes), anybody)
	}
	switch to {
	case none:
	case p.origin:
		p.put(i, to, Direct)
	default:
		p.put(i, to, Rescue)
	}
}

// hosts says whether a node can serve another one.
func (p *plan) hosts(to, i, fanOut int) bool {
	return to != i && p.placed(to) && p.carries(to) && p.hops[to] < MaxHops && p.kids[to] < fanOut && p.delay[to]+p.cost(to, i) < never
}

func (p *plan) placed(i int) bool { return i == p.origin || p.parent[i] != none }

// nearest is the node of a set over which the way to a node is shortest.
func (p *plan) nearest(i, fanOut int, among func(int) bool) int {
	best, least := none, time.Duration(0)
	for to := range p.nodes {
		if !among(to) || !p.hosts(to, i, fanOut) {
			continue
		}
		d := p.delay[to] + p.cost(to, i)
		if best == none || cmp.Or(cmp.Compare(d/step, least/step), cmp.Compare(p.luck[to], p.luck[best])) < 0 {
			best, least = to, d
		}
	}
	return best
}

// tree is the result, parents before children, without carriers that serve nobody.
func (p *plan) tree() *Tree {
	t := &Tree{Origin: p.in.Origin}
	for i, n := range p.nodes {
		if i == p.origin || p.parent[i] == none || !n.Wants && p.kids[i] == 0 {
			continue
		}
		t.Edges = append(t.Edges, Edge{
			Node: n.ID, Parent: p.nodes[p.parent[i]].ID, Way: p.way[i],
			Hops: p.hops[i], Delay: p.delay[i], Carries: !n.Wants,
		})
	}
	slices.SortStableFunc(t.Edges, func(a, b Edge) int { return cmp.Compare(a.Hops, b.Hops) })
	t.index()
	return t
}
