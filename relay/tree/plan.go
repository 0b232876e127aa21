package tree

import (
	"cmp"
	"slices"
	"time"

	"github.com/meridian-video/meridian/geo"
)

// Plan makes the tree of an origin. It is a pure function of its input, whatever the
// order of the nodes.
//
// One node of each site stands for it. Of a region with enough sites the best such node
// takes the tracks from the origin and serves the others, as far as that costs them
// little delay. Then the origin's fan-out is brought within its bound, and at last come
// the other nodes of the sites.
func Plan(in Input) *Tree {
	p := newPlan(in)
	p.reach()
	regions := p.represent()
	for _, r := range regions {
		p.cover(r)
	}
	p.detour()
	p.spread()
	p.fill()
	p.keep()
	return p.tree()
}

// plan is a tree being made. Nodes are known by their place in nodes.
type plan struct {
	in     Input
	fanOut int
	nodes  []Node // by id
	origin int
	luck   []int           // place in the rendezvous order of the room
	up     []time.Duration // least cost from the origin
	via    []int           // over which node that is; none: directly
	agent  []int           // the node that stands for its site; none: nobody wants anything there
	second []bool          // first or next in line as the hub of its region
	held   []bool          // somebody's parent as it is

	parent []int
	way    []Way
	hops   []int
	delay  []time.Duration
	kids   []int
}

const none = -1

func newPlan(in Input) *plan {
	nodes := in.sorted()
	n := len(nodes)
	p := &plan{
		in: in, fanOut: cmp.Or(max(in.FanOut, 0), DefaultFanOut), nodes: nodes,
		luck: luck(in.Key, nodes), up: make([]time.Duration, n), via: fill(n), agent: fill(n), second: make([]bool, n), held: make([]bool, n),
		parent: fill(n), way: make([]Way, n), hops: make([]int, n), delay: make([]time.Duration, n), kids: make([]int, n),
	}
	parents := make(map[geo.NodeID]bool, len(in.Current))
	for _, parent := range in.Current {
		parents[parent] = true
	}
	for i, n := range nodes {
		p.held[i] = parents[n.ID]
		if n.ID == in.Origin {
			p.origin = i
		}
	}
	return p
}

func fill(n int) []int {
	s := make([]int, n)
	for i := range s {
		s[i] = none
	}
	return s
}

// luck is the place in the rendezvous order of each node that wants the tracks; the
// others, which nothing chooses by chance, come after them.
func luck(key string, nodes []Node) []int {
	places := make([]int, len(nodes))
	at := make(map[geo.NodeID]int)
	var ids []geo.NodeID
	for i, n := range nodes {
		places[i] = len(nodes) + i
		if n.Wants {
			ids = append(ids, n.ID)
			at[n.ID] = i
		}
	}
	for place, id := range geo.Rendezvous(key, ids) {
		places[at[id]] = place
	}
	return places
}

// carries says whether a node may serve others.
func (p *plan) carries(i int) bool {
	n := p.nodes[i]
	return i == p.origin || !n.Draining && (n.Load <= busy || p.held[i] && n.Load <= overloaded)
}

// reach finds the least cost from the origin to everybody who wants the tracks: the
// direct way, unless a detour is clearly better.
func (p *plan) reach() {
	for i := range p.nodes {
		if i != p.origin {
			p.up[i] = p.cost(p.origin, i)
		}
	}
	direct := slices.Clone(p.up)
	for i, n := range p.nodes {
		if n.Wants && i != p.origin && direct[i] >= detourTime {
			p.up[i], p.via[i] = p.shortcut(i, direct)
		}
	}
}

// shortcut is the best way to a node, directly or over one other.
func (p *plan) shortcut(to int, direct []time.Duration) (time.Duration, int) {
	best, over := direct[to]-margin(direct[to], detourTime, detourShare)+1, none
	for i, n := range p.nodes {
		if i == to || i == p.origin || direct[i]+hop >= best || !p.carries(i) || n.POP != "" && n.POP == p.nodes[to].POP {
			continue
		}
		if d := direct[i] + hop + p.cost(i, to); d < best || d == best && over != none && p.luck[i] < p.luck[over] {
			best, over = d, i
		}
	}
	if over == none {
		return direct[to], none
	}
	return best, over
}

// compare ranks nodes as hubs: those that may carry, the nearest to the origin, and
// among the equally near those that the room's hash prefers.
func (p *plan) compare(a, b int) int {
	return cmp.Or(
		first(p.carries(a), p.carries(b)),
		cmp.Compare(p.up[a]/step, p.up[b]/step),
		cmp.Compare(p.luck[a], p.luck[b]))
}

// represent finds the node that stands for each site, and returns those nodes by region,
// best first. The origin stands for its own site.
func (p *plan) represent() [][]int {
	sites := p.group(func(i int) bool { return p.nodes[i].Wants || i == p.origin }, func(n Node) string { return string(n.POP) })
	stands := make([]bool, len(p.nodes))
	for _, s := range sites {
		agent := s[0]
		if slices.Contains(s, p.origin) {
			agent = p.origin
		}
		stands[agent] = agent != p.origin
		for _, i := range s {
			p.agent[i] = agent
		}
	}
	return p.group(func(i int) bool { return stands[i] }, func(n Node) string { return n.Region })
}

// group sorts the nodes that are in by a name, best first in each group; those without a
// name are groups of their own.
func (p *plan) group(in func(int) bool, name func(Node) string) [][]int {
	var groups [][]int
	at := make(map[string]int)
	for i, n := range p.nodes {
		if !in(i) {
			continue
		}
		k, known := at[name(n)]
		if !known || name(n) == "" {
			k = len(groups)
			groups, at[name(n)] = append(groups, nil), k
		}
		groups[k] = append(groups[k], i)
	}
	for _, g := range groups {
		slices.SortFunc(g, p.compare)
	}
	return groups
}

// cover gives a region hubs; who has none is served by the origin. The origin is the hub
// of its own region.
func (p *plan) cover(region []int) {
	home := p.nodes[p.origin].Region
	if home != "" && p.nodes[region[0]].Region == home {
		for _, i := range region {
			p.put(i, p.origin, Direct)
		}
		return
	}
	p.second[region[0]] = true
	if len(region) > 1 {
		p.second[region[1]] = true
	}
	for len(region) > 0 {
		hub := region[0]
		p.put(hub, p.origin, Direct)
		served := p.behind(hub, region[1:])
		region = slices.DeleteFunc(region[1:], func(i int) bool { return slices.Contains(served, i) })
		for _, i := range served {
			p.put(i, hub, Hub)
		}
	}
}

// behind are the nodes that a hub should serve, none when they are too few. Half of its
// fan-out is left for what follows.
func (p *plan) behind(hub int, others []int) []int {
	if !p.carries(hub) || p.up[hub] >= never {
		return nil
	}
	var served []int
	for _, i := range others {
		if p.up[hub]+hop+p.cost(hub, i) <= p.up[i]+margin(p.up[i], hubTime, hubShare) {
			served = append(served, i)
		}
	}
	if len(served) < hubBehind {
		return nil
	}
	if most := max(p.fanOut/2, 1); len(served) > most {
		slices.SortStableFunc(served, func(a, b int) int {
			return cmp.Compare(p.cost(hub, a)/step, p.cost(hub, b)/step)
		})
		served = served[:most]
	}
	return served
}

// put places a node under a parent, or moves it there.
func (p *plan) put(i, parent int, way Way) {
	if old := p.parent[i]; old != none {
		p.kids[old]--
	}
	p.parent[i], p.way[i] = parent, way
	p.kids[parent]++
	p.settle(i)
}

// settle computes what follows from a node's parent.
func (p *plan) settle(i int) {
	up := p.parent[i]
	p.hops[i] = p.hops[up] + 1
	p.delay[i] = p.delay[up] + p.cost(up, i)
	if up != p.origin {
		p.delay[i] += hop
	}
	if p.kids[i] == 0 {
		return
	}
	for child, parent := range p.parent {
		if parent == i {
			p.settle(child)
		}
	}
}
