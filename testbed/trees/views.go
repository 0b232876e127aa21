package main

import (
	"slices"
	"sync"
	"time"

	"github.com/meridian-video/meridian/geo"
	"github.com/meridian-video/meridian/relay/tree"
)

// views is what nodes do that see the network each in their own way: round trips up to a
// fifth off, loads up to a tenth, one in twenty nodes of the room not yet heard of.
type views struct {
	trees, nodes int
	asked        int // subscriptions, those passed on included
	loops, long  int // refused as they would have gone in a circle or over too many links
	unserved     int
	longer       histogram // than the way in the plan
}

func (w *world) blur() views {
	var v views
	var mu sync.Mutex
	chosen := slices.DeleteFunc(slices.Clone(w.trees), func(p *planned) bool { return len(p.room.nodes) < 3 || len(p.room.nodes) > 60 })
	parallel(sample(chosen, 150), func(p *planned) {
		b := &blurred{world: w, planned: p, paths: map[geo.NodeID][]geo.NodeID{}}
		for _, id := range p.room.nodes {
			if id != p.tree.Origin && b.paths[id] == nil && !b.subscribe([]geo.NodeID{id}) {
				b.unserved++
			}
		}
		mu.Lock()
		defer mu.Unlock()
		v.trees++
		v.nodes += len(p.room.nodes) - 1
		v.asked, v.loops, v.long, v.unserved = v.asked+b.asked, v.loops+b.loops, v.long+b.long, v.unserved+b.unserved
		for _, id := range p.room.nodes {
			if path := b.paths[id]; path != nil {
				path = slices.Clone(path)
				slices.Reverse(path)
				v.longer.add(w.net.delay(path)-w.net.delay(p.tree.Path(id)), 1)
			}
		}
	})
	return v
}

// blurred plays the subscriptions of one tree. A node asks its parents in turn; who is
// asked and has not got the tracks asks its own, with the path so far.
type blurred struct {
	*planned
	world       *world
	paths       map[geo.NodeID][]geo.NodeID // from who has the tracks to the origin
	asked       int
	loops, long int
	unserved    int
}

func (b *blurred) subscribe(path []geo.NodeID) bool {
	self := path[len(path)-1]
	for _, p := range tree.Parents(b.view(self), self) {
		b.asked++
		if b.ask(path, p.Node) {
			return true
		}
	}
	return false
}

func (b *blurred) ask(path []geo.NodeID, parent geo.NodeID) bool {
	switch {
	case slices.Contains(path, parent):
		b.loops++
		return false
	case len(path) > tree.MaxHops:
		b.long++
		return false
	}
	rest := []geo.NodeID{parent}
	if parent != b.tree.Origin {
		if b.paths[parent] == nil && !b.subscribe(append(slices.Clone(path), parent)) {
			return false
		}
		rest = b.paths[parent]
	}
	switch {
	case slices.ContainsFunc(path, func(id geo.NodeID) bool { return slices.Contains(rest, id) }):
		b.loops++
		return false
	case len(path)-1+len(rest) > tree.MaxHops:
		b.long++
		return false
	}
	self := path[len(path)-1]
	b.paths[self] = append([]geo.NodeID{self}, rest...)
	return true
}

// view is the network as one node sees it.
func (b *blurred) view(self geo.NodeID) tree.Input {
	in := b.room.input(b.world.net, b.tree.Origin, b.world.opt.FanOut)
	net := b.world.net
	in.Link = func(x, y geo.NodeID) tree.Link {
		l := net.link(x, y)
		l.RTT = time.Duration(float64(l.RTT) * (0.8 + 0.4*roll(net.at(self), net.site(x)+net.site(y), 0)))
		return l
	}
	for i := range in.Nodes {
		n := &in.Nodes[i]
		n.Load = max(0, n.Load+0.2*roll(net.at(self), net.at(n.ID), 1)-0.1)
		n.Wants = n.Wants && (n.ID == self || roll(net.at(self), net.at(n.ID), 2) >= 0.05)
	}
	return in
}

// roll is a number from 0 to 1 that depends on three others and nothing else.
func roll(a, b, c int) float64 {
	x := uint64(a)<<40 ^ uint64(b)<<16 ^ uint64(c) + 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return float64((x^x>>31)>>11) / (1 << 53)
}
