package tree

import (
	"cmp"
	"slices"
	"time"

	"github.com/meridian-video/meridian/geo"
)

const (
	// MaxHops is how many links lie between an origin and a node at most, as in relay.
	MaxHops = 3
	// DefaultFanOut is how many copies of a track a node sends at most: of a picture of
	// 2.5 Mbit/s 40 Mbit/s. With fewer the last of 300 nodes find no place near their way.
	DefaultFanOut = 16
)

// Node is a node as the planner sees it.
type Node struct {
	ID     geo.NodeID
	POP    geo.POP // "": a site of its own
	Region string  // "": a region of its own
	// Wants says that people of the room are on it. The others may carry a detour.
	Wants bool
	// Load is from 0 to 1; above 0.8 a node carries nothing for others.
	Load float64
	// Draining nodes are served and carry nothing for others.
	Draining bool
}

// NodeOf describes a member of the network.
func NodeOf(n geo.Node, wants bool) Node {
	return Node{ID: n.ID, POP: n.POP, Region: n.Region, Wants: wants, Load: n.Load, Draining: n.Draining || n.Full && !wants}
}

// Link is what is known of the way between two nodes.
type Link struct {
	RTT  time.Duration // 0: unknown
	Loss float64       // share of packets lost, before repair
	Down bool          // silent or cut
}

// Input is one question to the planner.
type Input struct {
	// Key is the room: it decides which of equally good nodes carries, so that rooms
	// share the work.
	Key    string
	Origin geo.NodeID
	// Nodes are those of the room and those that may carry a detour, in any order.
	Nodes []Node
	// Link describes the way between two nodes, the same in either direction: measured
	// where there is a link, else estimated. nil: nothing is known.
	Link func(a, b geo.NodeID) Link
	// Current are the parents that nodes have, as far as known; a parent is given up only
	// for a reason. A node knows its own.
	Current map[geo.NodeID]geo.NodeID
	// FanOut bounds the children of a node; 0: DefaultFanOut. Reaching everybody goes
	// before it.
	FanOut int
}

// without is the input after the loss of a node, or of the link between self and the
// origin when that is what is lost. Nodes of the set below carry nothing.
func (in Input) without(lost, self geo.NodeID, below map[geo.NodeID]bool) Input {
	nodes := make([]Node, 0, len(in.Nodes))
	for _, n := range in.Nodes {
		if n.ID == lost && lost != in.Origin {
			continue
		}
		n.Draining = n.Draining || below[n.ID]
		nodes = append(nodes, n)
	}
	in.Nodes, in.Current = nodes, nil
	if lost == in.Origin {
		known := in.link
		in.Link = func(a, b geo.NodeID) Link {
			l := known(a, b)
			l.Down = l.Down || a == lost && b == self || a == self && b == lost
			return l
		}
	}
	return in
}

func (in Input) link(a, b geo.NodeID) Link {
	if in.Link == nil {
		return Link{}
	}
	return in.Link(a, b)
}

// sorted are the nodes by id, each once, the origin among them.
func (in Input) sorted() []Node {
	nodes := make([]Node, len(in.Nodes), len(in.Nodes)+1)
	copy(nodes, in.Nodes)
	if !slices.ContainsFunc(nodes, func(n Node) bool { return n.ID == in.Origin }) {
		nodes = append(nodes, Node{ID: in.Origin})
	}
	order := func(a, b Node) int {
		return cmp.Or(cmp.Compare(a.ID, b.ID), first(a.Wants, b.Wants), cmp.Compare(b.Load, a.Load))
	}
	if !slices.IsSortedFunc(nodes, order) {
		slices.SortFunc(nodes, order)
	}
	return slices.CompactFunc(nodes, func(a, b Node) bool { return a.ID == b.ID })
}

// first orders true before false.
func first(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	default:
		return 1
	}
}
