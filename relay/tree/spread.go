package tree

import (
	"cmp"
	"slices"
	"time"
)

// detour moves nodes that the origin serves to the node their shorter way leads over.
func (p *plan) detour() {
	for i, over := range p.via {
		if over != none && p.parent[i] == p.origin {
			p.via[over] = none
		}
	}
	for i, over := range p.via {
		if over == none || p.parent[i] != p.origin || p.height(i)+2 > MaxHops {
			continue
		}
		if p.parent[over] != p.origin {
			p.put(over, p.origin, Direct)
		}
		p.put(i, over, Detour)
	}
}

// height is the number of links from a node to the farthest it serves.
func (p *plan) height(i int) int {
	if p.kids[i] == 0 {
		return 0
	}
	h := 0
	for child, parent := range p.parent {
		if parent == i {
			h = max(h, 1+p.height(child))
		}
	}
	return h
}

// spread moves children of the origin below others until no more are left than its
// fan-out allows: one after the other whom it delays least.
func (p *plan) spread() {
	var top []int
	for i, parent := range p.parent {
		if parent == p.origin {
			top = append(top, i)
		}
	}
	over := len(top) - p.fanOut
	if over <= 0 {
		return
	}
	slices.SortFunc(top, func(a, b int) int { return cmp.Compare(p.luck[a], p.luck[b]) })
	stays, moved := p.divide(top, p.added(top), over)
	for _, i := range moved {
		best, least := none, time.Duration(0)
		for _, to := range stays {
			d := p.delay[to] + p.cost(to, i)
			if p.carries(to) && p.kids[to] < p.fanOut && d < never && (best == none || d < least) {
				best, least = to, d
			}
		}
		if best != none {
			p.put(i, best, Spread)
		}
	}
}

// added is what it costs each node to be served by each other, in steps; never/step when
// that cannot be.
func (p *plan) added(top []int) [][]time.Duration {
	out := make([][]time.Duration, len(top))
	for x, i := range top {
		movable := p.height(i)+2 <= MaxHops
		out[x] = make([]time.Duration, len(top))
		for y, to := range top {
			out[x][y] = never / step
			if movable && x != y && p.carries(to) {
				out[x][y] = min(out[x][y], (p.delay[to]+p.cost(to, i)-p.delay[i])/step)
			}
		}
	}
	return out
}

// divide takes as many nodes out of top as are too many, each time the one that loses
// least by being served by one of the rest.
func (p *plan) divide(top []int, added [][]time.Duration, over int) (stays, moved []int) {
	gone := make([]bool, len(top))
	for range over {
		out, least := none, never/step
		for x := range top {
			if gone[x] {
				continue
			}
			for y := range top {
				if !gone[y] && added[x][y] < least {
					out, least = x, added[x][y]
				}
			}
		}
		if out == none {
			break
		}
		gone[out] = true
	}
	for x, i := range top {
		if gone[x] {
			moved = append(moved, i)
		} else {
			stays = append(stays, i)
		}
	}
	return stays, moved
}
