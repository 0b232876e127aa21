package tree

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/meridian-video/meridian/geo"
)

// world is a random room in a random network: sites on a plane, one to three nodes on
// each, regions by quarter, some ways longer, lossy or cut.
type world struct {
	in    Input
	links map[[2]geo.NodeID]Link
}

func draw(t *rapid.T, sites int, cuts bool) world {
	w := world{links: map[[2]geo.NodeID]Link{}}
	w.in = Input{Key: rapid.StringMatching(`[a-z]{4}`).Draw(t, "key"), FanOut: rapid.IntRange(4, 16).Draw(t, "fan-out")}
	type point struct{ x, y float64 }
	var at []point
	for i := range rapid.IntRange(2, sites).Draw(t, "sites") {
		p := point{rapid.Float64Range(0, 200).Draw(t, "x"), rapid.Float64Range(0, 100).Draw(t, "y")}
		for k := range rapid.IntRange(1, 3).Draw(t, "nodes") {
			w.in.Nodes = append(w.in.Nodes, Node{
				ID: geo.NodeID(fmt.Sprintf("n%d-%d", i, k)), POP: geo.POP(fmt.Sprintf("n%d", i)),
				Region: fmt.Sprintf("r%d%d", int(p.x/70), int(p.y/60)), Wants: rapid.IntRange(0, 9).Draw(t, "wants") < 8,
				Load: float64(rapid.IntRange(0, 9).Draw(t, "load")) / 10, Draining: rapid.IntRange(0, 19).Draw(t, "draining") == 0,
			})
			at = append(at, p)
		}
	}
	w.in.Origin = w.in.Nodes[rapid.IntRange(0, len(w.in.Nodes)-1).Draw(t, "origin")].ID
	for i, a := range w.in.Nodes {
		for k, b := range w.in.Nodes[:i] {
			l := Link{RTT: time.Duration((1 + math.Hypot(at[i].x-at[k].x, at[i].y-at[k].y)) * float64(time.Millisecond))}
			switch (i*31 + k*17) % 40 {
			case 0:
				l.RTT *= 3
			case 1:
				l.Loss = 0.03
			case 2:
				l.RTT = 0
			case 3, 4, 5:
				l.Down = cuts
			}
			w.links[pair(a.ID, b.ID)] = l
		}
	}
	w.in.Link = func(a, b geo.NodeID) Link { return w.links[pair(a, b)] }
	return w
}

func pair(a, b geo.NodeID) [2]geo.NodeID { return [2]geo.NodeID{min(a, b), max(a, b)} }

// check fails unless the tree is one: every node once, below its parent, within three
// links, on ways that exist.
func check(t *rapid.T, in Input, tree *Tree) {
	t.Helper()
	seen := map[geo.NodeID]int{in.Origin: 0}
	for _, e := range tree.Edges {
		hops, ok := seen[e.Parent]
		if _, twice := seen[e.Node]; !ok || twice || e.Hops != hops+1 || e.Hops > MaxHops {
			t.Fatalf("edge %+v in\n%v", e, tree)
		}
		seen[e.Node] = e.Hops
		if in.Link(e.Node, e.Parent).Down {
			t.Fatalf("%v uses a cut link", e)
		}
	}
	for _, n := range in.Nodes {
		if n.Draining && n.ID != in.Origin && len(tree.Children(n.ID)) > 0 {
			t.Fatalf("%s drains and carries in\n%v", n.ID, tree)
		}
	}
}

// reachable counts who wants the tracks and has a way of one or two links to the origin.
func reachable(in Input) []geo.NodeID {
	var out []geo.NodeID
	for _, n := range in.Nodes {
		way := func(over Node) bool {
			return over.ID != n.ID && !over.Draining && over.Load <= busy && over.Wants && !in.Link(in.Origin, over.ID).Down && !in.Link(over.ID, n.ID).Down
		}
		if n.Wants && n.ID != in.Origin && (!in.Link(in.Origin, n.ID).Down || slices.ContainsFunc(in.Nodes, way)) {
			out = append(out, n.ID)
		}
	}
	return out
}

func TestPlanReachesEverybodyWithinBounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := draw(t, 40, false)
		tree := Plan(w.in)
		check(t, w.in, tree)
		idle := 0
		for _, n := range w.in.Nodes {
			if _, ok := tree.Edge(n.ID); n.Wants && n.ID != w.in.Origin && !ok {
				t.Fatalf("%s is not reached:\n%v", n.ID, tree)
			}
			if !n.Draining && n.Load <= busy && n.Wants {
				idle++
			}
		}
		// Where most can carry, the bound holds as well.
		if idle*4 < len(w.in.Nodes)*3 || len(w.in.Nodes) > w.in.FanOut*w.in.FanOut {
			return
		}
		for _, n := range w.in.Nodes {
			if served := len(tree.Children(n.ID)); served > w.in.FanOut {
				t.Fatalf("%s serves %d of %d, bound %d:\n%v", n.ID, served, len(w.in.Nodes), w.in.FanOut, tree)
			}
		}
	})
}

func TestPlanGoesAroundCuts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := draw(t, 20, true)
		tree := Plan(w.in)
		check(t, w.in, tree)
		for _, id := range reachable(w.in) {
			if _, ok := tree.Edge(id); !ok {
				t.Fatalf("%s is not reached:\n%v", id, tree)
			}
		}
	})
}

func TestPlanDoesNotDependOnOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := draw(t, 20, true)
		want := Plan(w.in)
		other := w.in
		other.Nodes = rapid.Permutation(append(slices.Clone(w.in.Nodes), w.in.Nodes[0])).Draw(t, "order")
		if got := Plan(other); got.String() != want.String() {
			t.Fatalf("got\n%v\nwant\n%v", got, want)
		}
	})
}

// A tree that is kept while somebody goes is still a tree, and what it keeps is not worth
// giving up.
func TestPlanKeepsATreeWhenANodeLeaves(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := draw(t, 20, true)
		before := Plan(w.in)
		w.in.Current = map[geo.NodeID]geo.NodeID{}
		for _, e := range before.Edges {
			w.in.Current[e.Node] = e.Parent
		}
		if again := Plan(w.in); again.String() != before.String() {
			t.Fatalf("unprovoked change: got\n%v\nwant\n%v", again, before)
		}
		leaver := rapid.IntRange(0, len(w.in.Nodes)-1).Draw(t, "leaver")
		if w.in.Nodes[leaver].ID == w.in.Origin {
			return
		}
		w.in.Nodes = slices.Delete(slices.Clone(w.in.Nodes), leaver, leaver+1)
		kept := Plan(w.in)
		check(t, w.in, kept)
		w.in.Current = nil
		fresh := Plan(w.in)
		for _, e := range fresh.Edges {
			got, ok := kept.Edge(e.Node)
			if !ok && !e.Carries {
				t.Fatalf("%s is lost by keeping", e.Node)
			}
			if ok && got.Way == Kept && got.Parent == "" {
				t.Fatalf("%s keeps nobody", e.Node)
			}
		}
	})
}

// Nodes that only nodes behind them could serve are found, too.
func TestParentsAreOthersThanThoseServed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := draw(t, 12, true)
		tree := Plan(w.in)
		for _, n := range w.in.Nodes {
			if n.ID == w.in.Origin || !n.Wants {
				continue
			}
			parents := Parents(w.in, n.ID)
			if e, ok := tree.Edge(n.ID); ok && parents[0].Node != e.Parent {
				t.Fatalf("%s: first parent %v, in the plan %v", n.ID, parents[0], e)
			}
			below := tree.below(n.ID)
			seen := map[geo.NodeID]bool{n.ID: true}
			for _, p := range parents {
				if seen[p.Node] || below[p.Node] != p.Below || p.Hops > MaxHops {
					t.Fatalf("%s: parents %+v in\n%v", n.ID, parents, tree)
				}
				seen[p.Node] = true
			}
			if !seen[w.in.Origin] {
				t.Fatalf("%s: the origin is not among %+v", n.ID, parents)
			}
		}
	})
}

// What everybody planned for the loss of a parent is what everybody plans after it.
func TestBackupsAreThePlanAfterTheLoss(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := draw(t, 12, false)
		tree := Plan(w.in)
		for _, e := range tree.Edges {
			if e.Parent == w.in.Origin || e.Carries {
				continue
			}
			parents := Parents(w.in, e.Node)
			lost := w.in
			lost.Nodes = slices.DeleteFunc(slices.Clone(w.in.Nodes), func(n Node) bool { return n.ID == e.Parent })
			after, ok := Plan(lost).Edge(e.Node)
			if !ok || len(tree.Children(e.Node)) > 0 {
				continue
			}
			if parents[1].Node != after.Parent {
				t.Fatalf("%s: backup %+v, after the loss of %s: %+v", e.Node, parents[1], e.Parent, after)
			}
		}
	})
}
