package main

import (
	"cmp"
	"slices"
	"time"

	"github.com/meridian-video/meridian/geo"
	"github.com/meridian-video/meridian/relay/tree"
)

// result is everything a run found.
type result struct {
	world    *world
	calls    kind
	webinars kind
	sizes    []kind // by nodes in the room
	deaths   []death
	cuts     cuts
	changes  changes
	views    views
	planning []time.Duration // sorted
}

// kind sums the trees of some rooms. For the star every node takes the tracks from the
// origin; the bound is what no tree can be below.
type kind struct {
	name                   string
	rooms, people, trees   int
	copies, carried        int
	far, farStar, farBound int     // copies between regions
	km, kmStar, kmBound    float64 // of all copies together
	hops                   [tree.MaxHops + 1]int
	ways                   map[tree.Way]int
	fanOut, fanOutStar     []int     // of origins
	served                 int       // children of a node at most
	added                  histogram // to the direct way, by people
}

func (w *world) measure() *result {
	r := &result{world: w, calls: kind{name: "calls"}, webinars: kind{name: "webinars"}}
	for _, most := range sizeSteps {
		r.sizes = append(r.sizes, kind{name: most.name})
	}
	for _, room := range w.rooms {
		r.kindOf(room).count(room)
		r.sizeOf(room).count(room)
	}
	type bound struct {
		regions int
		km      float64
	}
	bounds := map[*room]bound{}
	for _, p := range w.trees {
		b, known := bounds[p.room]
		if !known {
			b.regions, b.km = p.room.spans(w.net)
			bounds[p.room] = b
		}
		for _, k := range []*kind{r.kindOf(p.room), r.sizeOf(p.room)} {
			k.add(w.net, p)
			k.farBound += b.regions - 1
			k.kmBound += b.km
		}
		r.planning = append(r.planning, p.took)
	}
	slices.Sort(r.planning)
	r.deaths = w.die()
	r.cuts = w.cut()
	r.changes = w.change()
	r.views = w.blur()
	return r
}

// sizeSteps are the classes of rooms by their nodes.
var sizeSteps = []struct {
	name string
	most int
}{{"2", 2}, {"3–4", 4}, {"5–9", 9}, {"10–19", 19}, {"20–49", 49}, {"50–99", 99}, {"100–199", 199}, {"200 and more", 1 << 30}}

func (r *result) sizeOf(room *room) *kind {
	i := slices.IndexFunc(sizeSteps, func(s struct {
		name string
		most int
	}) bool {
		return len(room.nodes) <= s.most
	})
	return &r.sizes[i]
}

func (r *result) kindOf(room *room) *kind {
	if room.webinar {
		return &r.webinars
	}
	return &r.calls
}

func (k *kind) count(r *room) {
	k.rooms++
	k.people += r.size
}

func (k *kind) add(n *network, p *planned) {
	k.trees++
	if k.ways == nil {
		k.ways = map[tree.Way]int{}
	}
	children := map[geo.NodeID]int{}
	for _, e := range p.tree.Edges {
		k.copies++
		k.km += n.length(e.Node, e.Parent)
		k.ways[e.Way]++
		k.hops[e.Hops]++
		children[e.Parent]++
		k.served = max(k.served, children[e.Parent])
		if n.far(e.Node, e.Parent) {
			k.far++
		}
		if e.Carries {
			k.carried++
			continue
		}
		origin := p.tree.Origin
		k.kmStar += n.length(origin, e.Node)
		if n.far(origin, e.Node) {
			k.farStar++
		}
		direct := n.rtt(origin, e.Node) / 2
		k.added.add(n.delay(p.tree.Path(e.Node))-direct, p.room.people[e.Node])
	}
	k.fanOut = append(k.fanOut, children[p.tree.Origin])
	k.fanOutStar = append(k.fanOutStar, len(p.room.nodes)-1)
}

// quantileOf sorts a list and returns the value that a share of it does not exceed.
func quantileOf[T cmp.Ordered](all []T, share float64) T {
	var zero T
	if len(all) == 0 {
		return zero
	}
	slices.Sort(all)
	return all[min(len(all)-1, int(share*float64(len(all))))]
}
