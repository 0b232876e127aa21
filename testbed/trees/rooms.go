package main

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"sort"

	"github.com/meridian-video/meridian/geo"
	"github.com/meridian-video/meridian/relay/tree"
)

// room is a room with its people on nodes.
type room struct {
	key     string
	webinar bool
	size    int
	people  map[geo.NodeID]int
	nodes   []geo.NodeID // sorted
	origins []geo.NodeID // where somebody publishes
}

// crowd draws where people are.
type crowd struct {
	net     *network
	rng     *rand.Rand
	world   []float64            // cumulated over the sites
	regions map[string][]int     // sites
	within  map[string][]float64 // cumulated over those
}

func newCrowd(n *network, rng *rand.Rand) *crowd {
	c := &crowd{net: n, rng: rng, regions: map[string][]int{}, within: map[string][]float64{}}
	sum := 0.0
	for i, s := range n.sites {
		sum += s.People
		c.world = append(c.world, sum)
		c.regions[s.Region] = append(c.regions[s.Region], i)
		before := 0.0
		if w := c.within[s.Region]; len(w) > 0 {
			before = w[len(w)-1]
		}
		c.within[s.Region] = append(c.within[s.Region], before+s.People)
	}
	return c
}

func (c *crowd) pick(cumulated []float64) int {
	return sort.SearchFloat64s(cumulated, c.rng.Float64()*cumulated[len(cumulated)-1])
}

// rooms draws rooms for so many people: nine of ten are calls of 2 to 50, mostly small;
// the others are webinars of 20 to 20,000, which take what people are left.
func (c *crowd) rooms(count, people int) []*room {
	sizes := make([]float64, count)
	left, webinars := float64(people), 0.0
	for i := range sizes {
		if i%10 > 0 {
			sizes[i] = math.Floor(min(50, 2+c.rng.ExpFloat64()*4.5))
			left -= sizes[i]
			continue
		}
		sizes[i] = math.Exp(1.4 * c.rng.NormFloat64())
		webinars += sizes[i]
	}
	// The largest are cut off; a few rounds share what that leaves.
	for range 8 {
		total := 0.0
		for i := 0; i < count; i += 10 {
			sizes[i] = min(20000, max(20, sizes[i]*left/webinars))
			total += sizes[i]
		}
		webinars = total
	}
	all := make([]*room, count)
	for i := range all {
		all[i] = c.room(i, int(sizes[i]), i%10 == 0)
	}
	return all
}

// room draws who is where: some rooms are at home in one city, some in a region, some
// all over the world.
func (c *crowd) room(number, size int, webinar bool) *room {
	r := &room{key: fmt.Sprintf("room-%d", number), webinar: webinar, size: size, people: map[geo.NodeID]int{}}
	home := c.pick(c.world)
	near := []float64{0.85, 0.5, 0.2}[c.rng.IntN(3)]
	region := c.net.sites[home].Region
	at := map[int]int{home: 1}
	for range size - 1 {
		switch x := c.rng.Float64(); {
		case x < near*near:
			at[home]++
		case x < near+0.1:
			at[c.regions[region][c.pick(c.within[region])]]++
		default:
			at[c.pick(c.world)]++
		}
	}
	for _, site := range slices.Sorted(maps.Keys(at)) {
		for k, left := 0, at[site]; left > 0; k++ {
			most := min(left, peoplePerNode)
			if k == nodesPerSite-1 {
				most = left
			}
			r.people[c.net.nodes[site*nodesPerSite+k].ID] = most
			left -= most
		}
	}
	r.nodes = slices.Sorted(maps.Keys(r.people))
	r.origins = r.nodes
	if webinar { // few speak
		r.origins = []geo.NodeID{c.net.nodes[home*nodesPerSite].ID}
		for range c.rng.IntN(4) {
			r.origins = append(r.origins, r.nodes[c.rng.IntN(len(r.nodes))])
		}
		slices.Sort(r.origins)
		r.origins = slices.Compact(r.origins)
	}
	return r
}

// input asks the planner about one origin. Every site offers a node for detours.
func (r *room) input(n *network, origin geo.NodeID, fanOut int) tree.Input {
	in := tree.Input{Key: r.key, Origin: origin, Link: n.link, FanOut: fanOut}
	in.Nodes = make([]tree.Node, 0, len(n.sites)+len(r.nodes))
	for i, node := range n.nodes {
		node.Wants = r.people[node.ID] > 0
		if node.Wants || i%nodesPerSite == 0 {
			in.Nodes = append(in.Nodes, node)
		}
	}
	return in
}

// spans is the number of the room's regions, and the km of the shortest net of links that
// joins its nodes whatever the delay: what no tree over them can do better than.
func (r *room) spans(n *network) (regions int, km float64) {
	seen := map[string]bool{}
	near := make([]float64, len(r.nodes)) // to what is joined so far
	for i, id := range r.nodes {
		seen[n.nodes[n.at(id)].Region] = true
		near[i] = math.Inf(1)
	}
	near[0] = 0
	for range r.nodes {
		next := -1
		for i, d := range near {
			if d >= 0 && (next < 0 || d < near[next]) {
				next = i
			}
		}
		km += near[next]
		near[next] = -1
		for i, d := range near {
			if d >= 0 {
				near[i] = min(d, n.length(r.nodes[next], r.nodes[i]))
			}
		}
	}
	return len(seen), km
}
