package tree

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/meridian-video/meridian/geo"
)

// Way says why a node has its parent.
type Way string

// The ways.
const (
	Direct Way = "direct" // from the origin
	Site   Way = "site"   // from a node of the same POP
	Hub    Way = "hub"    // from a node of the same region
	Detour Way = "detour" // over a node that shortens the way
	Spread Way = "spread" // from another node, as the origin's fan-out is used up
	Rescue Way = "rescue" // from whoever is reached, as nothing else reaches the node
	Kept   Way = "kept"   // from the parent it has, which is good enough
)

// Edge is one link of a tree.
type Edge struct {
	Node, Parent geo.NodeID
	Way          Way
	Hops         int           // links from the origin
	Delay        time.Duration // from the origin: one way, with what loss and hops cost
	Carries      bool          // the node does not want the tracks itself
}

// Tree says from whom each node takes the tracks of an origin.
type Tree struct {
	Origin geo.NodeID
	// Edges stand parents before children. A node without an edge cannot be reached.
	Edges []Edge

	at map[geo.NodeID]int
}

func (t *Tree) index() {
	t.at = make(map[geo.NodeID]int, len(t.Edges))
	for i, e := range t.Edges {
		t.at[e.Node] = i
	}
}

// Edge is the link to a node; false for the origin and for whom the tree does not reach.
func (t *Tree) Edge(node geo.NodeID) (Edge, bool) {
	i, ok := t.at[node]
	if !ok {
		return Edge{}, false
	}
	return t.Edges[i], true
}

// Path is the way to a node, the origin first; nil when the tree does not reach it.
func (t *Tree) Path(node geo.NodeID) []geo.NodeID {
	path := []geo.NodeID{node}
	for node != t.Origin {
		e, ok := t.Edge(node)
		if !ok {
			return nil
		}
		node = e.Parent
		path = append(path, node)
	}
	slices.Reverse(path)
	return path
}

// Children are whom a node serves.
func (t *Tree) Children(node geo.NodeID) []geo.NodeID {
	var out []geo.NodeID
	for _, e := range t.Edges {
		if e.Parent == node {
			out = append(out, e.Node)
		}
	}
	return out
}

// below are the nodes that get the tracks through a node.
func (t *Tree) below(node geo.NodeID) map[geo.NodeID]bool {
	out := make(map[geo.NodeID]bool)
	for _, e := range t.Edges { // parents come first
		if e.Parent == node || out[e.Parent] {
			out[e.Node] = true
		}
	}
	return out
}

// String draws the tree, a line for each node.
func (t *Tree) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n", t.Origin)
	t.draw(&b, t.Origin, 1)
	return b.String()
}

func (t *Tree) draw(b *strings.Builder, node geo.NodeID, depth int) {
	for _, child := range t.Children(node) {
		e, _ := t.Edge(child)
		carries := ""
		if e.Carries {
			carries = ", carries"
		}
		fmt.Fprintf(b, "%s%s %s %v%s\n", strings.Repeat("  ", depth), child, e.Way, e.Delay.Round(100*time.Microsecond), carries)
		t.draw(b, child, depth+1)
	}
}
