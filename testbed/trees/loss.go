package main

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/meridian-video/meridian/geo"
	"github.com/meridian-video/meridian/relay/tree"
)

// noticed is how long a link is silent before it is bypassed.
const noticed = 500 * time.Millisecond

// death is what follows when a site is gone, with all its nodes at once.
type death struct {
	site     string
	trees    int           // that it was part of; those whose origin it was are left out
	edges    int           // of who lives, in those trees
	cutOff   int           // of them led through the site
	moved    int           // others that the new plan moves all the same
	planning time.Duration // for all of them, on one processor
	gap      histogram     // until the first packet, by nodes
}

// die kills the sites that serve most others, and some more.
func (w *world) die() []death {
	serves := map[geo.POP]int{}
	for _, p := range w.trees {
		for _, e := range p.tree.Edges {
			if e.Parent != p.tree.Origin {
				serves[w.net.nodes[w.net.at(e.Parent)].POP]++
			}
		}
	}
	sites := make([]geo.POP, 0, len(w.net.sites))
	for _, s := range w.net.sites {
		sites = append(sites, geo.POP(s.Code))
	}
	slices.SortStableFunc(sites, func(a, b geo.POP) int { return cmp.Compare(serves[b], serves[a]) })
	chosen := slices.Concat(sites[:min(2, len(sites))], sample(sites[min(2, len(sites)):], 2))
	var out []death
	for _, s := range chosen {
		out = append(out, w.kill(s))
	}
	return out
}

func (w *world) kill(site geo.POP) death {
	d := death{site: string(site)}
	dead := func(id geo.NodeID) bool { return w.net.nodes[w.net.at(id)].POP == site }
	var mu sync.Mutex
	parallel(w.trees, func(p *planned) {
		if dead(p.tree.Origin) || !slices.ContainsFunc(p.tree.Edges, func(e tree.Edge) bool { return dead(e.Node) }) {
			return
		}
		in := w.again(p)
		in.Nodes = slices.DeleteFunc(in.Nodes, func(n tree.Node) bool { return dead(n.ID) })
		began := time.Now()
		after := tree.Plan(in)
		took := time.Since(began)
		mu.Lock()
		defer mu.Unlock()
		d.trees++
		d.planning += took
		w.compare(p, after, dead, &d)
	})
	return d
}

// compare counts what a loss did to one tree.
func (w *world) compare(p *planned, after *tree.Tree, dead func(geo.NodeID) bool, d *death) {
	lost := func(id geo.NodeID) bool {
		path := p.tree.Path(id)
		return path == nil || slices.ContainsFunc(path, dead)
	}
	for _, e := range after.Edges {
		before, had := p.tree.Edge(e.Node)
		if !had {
			continue
		}
		d.edges++
		switch {
		case lost(e.Node):
			d.cutOff++
			d.gap.add(w.gap(after, e.Node, lost), 1)
		case before.Parent != e.Parent:
			d.moved++
		}
	}
}

// gap is the time from a loss until the first packet arrives on the new way: the silence,
// and a round trip to each node up to the first that still has the tracks.
func (w *world) gap(after *tree.Tree, id geo.NodeID, lost func(geo.NodeID) bool) time.Duration {
	gap := noticed
	path := after.Path(id)
	slices.Reverse(path)
	for i, parent := range path[1:] {
		gap += w.net.rtt(path[i], parent)
		if parent != after.Origin && !lost(parent) {
			break
		}
	}
	return gap
}

// cuts is what follows when one link of a tree is cut and only its two ends know.
type cuts struct {
	tried, alone int // alone: no other way but over those it serves
	gap, added   histogram
}

// cut cuts a link of some trees; who loses it takes its first backup.
func (w *world) cut() cuts {
	var c cuts
	var mu sync.Mutex
	parallel(sample(w.trees, 1000), func(p *planned) {
		e := p.tree.Edges[len(p.room.key)%len(p.tree.Edges)]
		in := w.again(p)
		in.Current = nil
		parents := tree.Parents(in, e.Node)
		mu.Lock()
		defer mu.Unlock()
		c.tried++
		if len(parents) < 2 || parents[1].Below {
			c.alone++
			return
		}
		lost := func(id geo.NodeID) bool { _, has := p.tree.Edge(id); return !has }
		gap, over := noticed+w.net.rtt(e.Node, parents[1].Node), parents[1].Node
		path := []geo.NodeID{p.tree.Origin, over}
		if over == p.tree.Origin {
			path = path[:1]
		} else if lost(over) {
			gap += w.net.rtt(over, p.tree.Origin)
		} else {
			path = p.tree.Path(over)
		}
		c.gap.add(gap, 1)
		c.added.add(w.net.delay(append(path, e.Node))-w.net.delay(p.tree.Path(e.Node)), 1)
	})
	return c
}

// changes is what one node more or less in a room does to the others.
type changes struct {
	joins, leaves         int
	movedByJoin           int // others whose parent changes
	movedByLeave          int // others whose parent changes though it was not who left
	freshJoin, freshLeave int // the same without keeping what is there
	orphans               int // whose parent left
}

func (w *world) change() changes {
	rng := rand.New(rand.NewPCG(w.opt.Seed, 2))
	var c changes
	for _, p := range sample(w.trees, 1000) {
		in := w.again(p)
		nodes := in.Nodes

		leaver := p.tree.Edges[rng.IntN(len(p.tree.Edges))].Node
		in.Nodes = slices.DeleteFunc(slices.Clone(nodes), func(n tree.Node) bool { return n.ID == leaver })
		moved, orphans := parted(p.tree, tree.Plan(in), leaver)
		c.leaves, c.movedByLeave, c.orphans = c.leaves+1, c.movedByLeave+moved, c.orphans+orphans
		fresh := in
		fresh.Current = nil
		moved, _ = parted(p.tree, tree.Plan(fresh), leaver)
		c.freshLeave += moved

		in.Nodes = slices.Clone(nodes)
		k := rng.IntN(len(in.Nodes))
		if in.Nodes[k].Wants || in.Nodes[k].ID == in.Origin {
			continue
		}
		in.Nodes[k].Wants = true
		moved, _ = parted(p.tree, tree.Plan(in), "")
		c.joins, c.movedByJoin = c.joins+1, c.movedByJoin+moved
		fresh.Nodes = in.Nodes
		moved, _ = parted(p.tree, tree.Plan(fresh), "")
		c.freshJoin += moved
	}
	return c
}

// parted counts the nodes of both trees with another parent, and how many of them had to
// find one since theirs left.
func parted(before, after *tree.Tree, left geo.NodeID) (moved, orphans int) {
	for _, e := range after.Edges {
		old, had := before.Edge(e.Node)
		switch {
		case !had || old.Parent == e.Parent:
		case old.Parent == left:
			orphans++
		default:
			moved++
		}
	}
	return moved, orphans
}
