package tree

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/meridian-video/meridian/geo"
)

// network plays the subscriptions of nodes that each see the network in their own way: a
// node asks its parents in turn; who is asked and has not got the tracks asks its own,
// with the path so far; a node refuses who is on its way, and ways of more than three
// links.
type network struct {
	views   map[geo.NodeID]Input
	paths   map[geo.NodeID][]geo.NodeID // the way of who has the tracks, itself first, the origin last
	origin  geo.NodeID
	refused int
}

// subscribe gets the tracks for the last node of a path, and says whether it did.
func (w *network) subscribe(path []geo.NodeID) bool {
	self := path[len(path)-1]
	for _, p := range Parents(w.views[self], self) {
		if w.ask(path, p.Node) {
			return true
		}
		w.refused++
	}
	return false
}

func (w *network) ask(path []geo.NodeID, parent geo.NodeID) bool {
	if _, lives := w.views[parent]; !lives || slices.Contains(path, parent) || len(path) > MaxHops {
		return false
	}
	self := path[len(path)-1]
	if parent == w.origin {
		w.paths[self] = []geo.NodeID{self, parent}
		return true
	}
	if w.paths[parent] == nil && !w.subscribe(append(slices.Clone(path), parent)) {
		return false
	}
	rest := w.paths[parent]
	for _, id := range path {
		if slices.Contains(rest, id) {
			return false
		}
	}
	if len(path)-1+len(rest) > MaxHops {
		return false
	}
	w.paths[self] = append([]geo.NodeID{self}, rest...)
	return true
}

// blur is the network as one node sees it: round trips up to a quarter off, loads and
// regions' nodes not yet heard of.
func blur(t *rapid.T, in Input, self geo.NodeID) Input {
	seed := rapid.Uint64().Draw(t, "view")
	roll := func(n uint64) uint64 { // splitmix64
		seed += 0x9e3779b97f4a7c15
		z := seed
		z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
		z = (z ^ z>>27) * 0x94d049bb133111eb
		return (z ^ z>>31) % n
	}
	known := in.Link
	off := make(map[[2]geo.NodeID]float64)
	nodes := in.Nodes
	in.Nodes = nil
	for _, n := range nodes {
		n.Load = min(1, max(0, n.Load+float64(roll(21))/100-0.1))
		n.Wants = n.Wants && (n.ID == self || roll(20) > 0)
		in.Nodes = append(in.Nodes, n)
	}
	for i, a := range nodes {
		for _, b := range nodes[:i] {
			off[pair(a.ID, b.ID)] = 0.75 + float64(roll(51))/100
		}
	}
	in.Link = func(a, b geo.NodeID) Link {
		l := known(a, b)
		l.RTT = time.Duration(float64(l.RTT) * off[pair(a, b)])
		return l
	}
	return in
}

func TestDifferentViewsEndInATree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := draw(t, 12, false)
		net := &network{views: map[geo.NodeID]Input{}, paths: map[geo.NodeID][]geo.NodeID{}, origin: w.in.Origin}
		for _, n := range w.in.Nodes {
			net.views[n.ID] = blur(t, w.in, n.ID)
		}
		net.join(t, w.in)

		// Somebody dies: who took the tracks from it asks again, before anybody has heard.
		dead := w.in.Nodes[rapid.IntRange(0, len(w.in.Nodes)-1).Draw(t, "dead")].ID
		if dead == w.in.Origin {
			return
		}
		delete(net.views, dead)
		for id, path := range net.paths {
			if slices.Contains(path, dead) {
				delete(net.paths, id)
			}
		}
		net.join(t, w.in)
	})
}

// join lets everybody ask who wants the tracks and has not got them.
func (w *network) join(t *rapid.T, in Input) {
	t.Helper()
	for _, n := range in.Nodes {
		if _, lives := w.views[n.ID]; lives && n.Wants && n.ID != w.origin && w.paths[n.ID] == nil {
			if !w.subscribe([]geo.NodeID{n.ID}) {
				t.Fatalf("%s does not get the tracks", n.ID)
			}
		}
	}
	for id, path := range w.paths {
		if len(path)-1 > MaxHops || path[len(path)-1] != w.origin || len(slices.Compact(slices.Sorted(slices.Values(path)))) != len(path) {
			t.Fatalf("%s: way %v", id, path)
		}
	}
}
