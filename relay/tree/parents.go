package tree

import (
	"slices"
	"time"

	"github.com/meridian-video/meridian/geo"
)

// maxParents bounds what Parents plans for: a backup, and one for the backup. The origin
// itself comes after them.
const maxParents = 3

// Parent is a node from which another may take the tracks.
type Parent struct {
	Node  geo.NodeID
	Way   Way
	Hops  int           // links from the origin to the node that asks
	Delay time.Duration // from the origin to the node that asks, as in Edge
	// Below says that the parent gets the tracks through the node that asks, and can
	// serve it only when that has stopped serving and the parent found another way.
	Below bool
}

// Parents says from whom self should take the tracks, best first. The first is its place
// in Plan. Each other one is its place in a plan without those before it, so that all
// who lose the same parent agree on what comes after: the backup of a region's nodes is
// the region's next hub, whose own backup the origin is, and when the loss is known
// everywhere nobody moves again. The origin is always among them. Who gets
// the tracks through self is a parent only when there is no other beside the origin.
//
// A node that people of the room are not on may ask as well, since it carries a detour.
//
// It is a plan for each parent: keep the answer until the input changes.
func Parents(in Input, self geo.NodeID) []Parent {
	if self == in.Origin {
		return nil
	}
	in = in.wanting(self)
	whole := in
	t := Plan(in)
	below := t.below(self)
	var out []Parent
	for len(out) < maxParents {
		p, ok := t.parent(self)
		if !ok || below[p.Node] || holds(out, p.Node) {
			break
		}
		out = append(out, p)
		in = in.without(p.Node, self, below)
		t = Plan(in)
	}
	if !holds(out, in.Origin) {
		out = append(out, Parent{Node: in.Origin, Way: Direct, Hops: 1, Delay: in.direct(self)})
	}
	if len(out) > 1 {
		return out
	}
	p, ok := Plan(whole.without(in.Origin, self, nil)).parent(self)
	if ok {
		p.Below = below[p.Node]
		out = append(out, p)
	}
	return out
}

func holds(parents []Parent, node geo.NodeID) bool {
	return slices.ContainsFunc(parents, func(p Parent) bool { return p.Node == node })
}

func (t *Tree) parent(self geo.NodeID) (Parent, bool) {
	e, ok := t.Edge(self)
	return Parent{Node: e.Parent, Way: e.Way, Hops: e.Hops, Delay: e.Delay}, ok
}

// wanting is the input with self among those who want the tracks.
func (in Input) wanting(self geo.NodeID) Input {
	i := slices.IndexFunc(in.Nodes, func(n Node) bool { return n.ID == self })
	if i >= 0 && in.Nodes[i].Wants {
		return in
	}
	in.Nodes = slices.Clone(in.Nodes)
	if i < 0 {
		in.Nodes = append(in.Nodes, Node{ID: self, Wants: true})
	} else {
		in.Nodes[i].Wants = true
	}
	return in
}

// direct is the cost of the link from the origin to a node.
func (in Input) direct(self geo.NodeID) time.Duration {
	p := newPlan(in)
	i := slices.IndexFunc(p.nodes, func(n Node) bool { return n.ID == self })
	if i < 0 {
		return never
	}
	return p.cost(p.origin, i)
}
