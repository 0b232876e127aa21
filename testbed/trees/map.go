package main

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/meridian-video/meridian/geo"
	"github.com/meridian-video/meridian/geo/atlas"
	"github.com/meridian-video/meridian/relay/tree"
)

// The map is equirectangular, from 80° north to 58° south.
const (
	mapWidth = 1000.0
	mapTop   = 64.0
	north    = 80.0
	south    = -58.0
)

func project(p atlas.Point) (x, y float64) {
	return (p.Lon + 180) / 360 * mapWidth, mapTop + (north-p.Lat)/360*mapWidth
}

// drawMap shows the tree of one webinar.
func drawMap(w *world) string {
	p := w.showcase()
	s := &sheet{width: mapWidth, height: mapTop + (north-south)/360*mapWidth + 56}
	if p == nil {
		return s.String()
	}
	n := len(p.room.nodes)
	origin := w.net.sites[w.net.site(p.tree.Origin)]
	s.text(24, 28, "h", fmt.Sprintf("One tree: a webinar of %d people on %d nodes, published in %s", p.room.size, n, origin.Name))
	far := 0
	for _, e := range p.tree.Edges {
		if w.net.far(e.Node, e.Parent) {
			far++
		}
	}
	s.text(24, 48, "s", fmt.Sprintf("%d copies cross between regions; if every node took the tracks from the origin, %d would.", far, w.farStar(p)))
	s.add(`<clipPath id="map"><path d="M0 %gH%gV%gH0Z"/></clipPath><g clip-path="url(#map)">`, mapTop, mapWidth, s.height-52)
	for _, ring := range atlas.Land() {
		s.add(`<path d="%sZ" class="land"/>`, trace(ring))
	}
	for _, c := range w.net.sites {
		x, y := project(c.Point)
		s.add(`<circle cx="%.1f" cy="%.1f" r="1.3" class="site"/>`, x, y)
	}
	for _, e := range slices.Backward(p.tree.Edges) { // the long links on top
		s.add(`<path d="%s" class="edge c%d"/>`, trace(atlas.Arc(w.place(e.Parent), w.place(e.Node), steps(w.net.length(e.Parent, e.Node)))), e.Hops)
	}
	for _, e := range slices.Backward(p.tree.Edges) {
		w.dot(s, p.tree, e)
	}
	x, y := project(origin.Point)
	s.add(`<circle cx="%.1f" cy="%.1f" r="6" class="origin"/>`, x, y)
	s.add("</g>")
	w.legend(s)
	return s.String()
}

func (w *world) place(id geo.NodeID) atlas.Point { return w.net.sites[w.net.site(id)].Point }

// dot draws a node: larger the more it serves, a ring when it only carries.
func (w *world) dot(s *sheet, t *tree.Tree, e tree.Edge) {
	x, y := project(w.place(e.Node))
	class := fmt.Sprintf("f%d", e.Hops)
	if e.Carries {
		class = "ring"
	}
	s.add(`<circle cx="%.1f" cy="%.1f" r="%.1f" class="%s"/>`, x, y, 1.8+0.9*math.Sqrt(float64(len(t.Children(e.Node)))), class)
}

func (w *world) legend(s *sheet) {
	y := s.height - 20
	s.add(`<circle cx="30" cy="%.1f" r="6" class="origin"/>`, y-4)
	s.text(42, y, "s", "origin")
	for i, text := range []string{"first link", "second", "third"} {
		s.key(110+float64(i)*120, y, fmt.Sprintf("c%d", i+1), text)
	}
	s.text(460, y, "s", "Dots grow with the nodes they serve. A ring carries only; grey: the other sites.")
}

// showcase is a tree with something of everything: the first of a webinar in many
// regions, with a detour, and not too full to see.
func (w *world) showcase() *planned {
	var best *planned
	score := func(p *planned) int {
		regions, _ := p.room.spans(w.net)
		points := regions
		if k := len(p.room.nodes); k < 50 || k > 90 {
			points -= 20
		}
		if slices.ContainsFunc(p.tree.Edges, func(e tree.Edge) bool { return e.Way == tree.Detour && e.Hops == 2 }) {
			points += 3
		}
		return points
	}
	most := 0
	for _, p := range w.trees {
		if k := len(p.room.nodes); !p.room.webinar || k < 10 || k > 150 {
			continue
		}
		if got := score(p); best == nil || got > most {
			best, most = p, got
		}
	}
	return best
}

// farStar counts the copies between regions if everybody were served by the origin.
func (w *world) farStar(p *planned) int {
	far := 0
	for _, id := range p.room.nodes {
		if w.net.far(id, p.tree.Origin) {
			far++
		}
	}
	return far
}

// steps is how finely a way of so many km is drawn.
func steps(km float64) int { return 1 + int(km/350) }

// trace is the path of a line on the map, interrupted where it leaves it at one side.
func trace(points []atlas.Point) string {
	var b strings.Builder
	verb := "M"
	for i, p := range points {
		if i > 0 && math.Abs(p.Lon-points[i-1].Lon) > 180 {
			verb = "M"
		}
		x, y := project(p)
		fmt.Fprintf(&b, "%s%.1f %.1f", verb, x, y)
		verb = "L"
	}
	return b.String()
}
