package main

import (
	"math/rand/v2"
	"runtime"
	"sync"
	"time"

	"github.com/meridian-video/meridian/geo"
	"github.com/meridian-video/meridian/relay/tree"
)

// world is the network with its rooms and the trees planned for them.
type world struct {
	opt   options
	net   *network
	rooms []*room
	trees []*planned
}

// planned is the tree of one origin in one room.
type planned struct {
	room *room
	in   tree.Input
	tree *tree.Tree
	took time.Duration
}

func newWorld(o options) *world {
	rng := rand.New(rand.NewPCG(o.Seed, 1))
	w := &world{opt: o, net: newNetwork(o.Sites, rng)}
	w.rooms = newCrowd(w.net, rng).rooms(o.Rooms, o.People)
	for _, r := range w.rooms {
		for _, origin := range r.origins {
			if len(r.nodes) > 1 {
				w.trees = append(w.trees, &planned{room: r, in: tree.Input{Origin: origin}})
			}
		}
	}
	parallel(w.trees, func(p *planned) {
		in := p.room.input(w.net, p.in.Origin, o.FanOut)
		began := time.Now()
		p.tree = tree.Plan(in)
		p.took = time.Since(began)
	})
	return w
}

// parallel does something with each of a list, on all processors.
func parallel[T any](all []T, do func(T)) {
	var g sync.WaitGroup
	workers := runtime.GOMAXPROCS(0)
	for k := range workers {
		g.Go(func() {
			for i := k; i < len(all); i += workers {
				do(all[i])
			}
		})
	}
	g.Wait()
}

// again is the question whose answer a tree was, with the tree as what is there now.
func (w *world) again(p *planned) tree.Input {
	in := p.room.input(w.net, p.in.Origin, w.opt.FanOut)
	in.Current = make(map[geo.NodeID]geo.NodeID, len(p.tree.Edges))
	for _, e := range p.tree.Edges {
		in.Current[e.Node] = e.Parent
	}
	return in
}

// delay is the one-way delay along a path, with a millisecond for each node passed.
func (n *network) delay(path []geo.NodeID) time.Duration {
	d := time.Duration(len(path)-2) * time.Millisecond
	for i := 1; i < len(path); i++ {
		d += n.rtt(path[i-1], path[i]) / 2
	}
	return d
}

// sample is every k-th of a list, so many that there are about n.
func sample[T any](all []T, n int) []T {
	var out []T
	step := max(1, len(all)/max(n, 1))
	for i := step / 2; i < len(all); i += step {
		out = append(out, all[i])
	}
	return out
}
