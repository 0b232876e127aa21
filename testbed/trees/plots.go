package main

import (
	"fmt"
	"math"
	"strings"
	"time"
)

const (
	plotLeft  = 80.0
	plotRight = 620.0
	plotWide  = plotRight - plotLeft
)

// drawPlots shows what trees add in delay, what they save between regions, and how deep
// they are.
func drawPlots(r *result) string {
	s := &sheet{width: 760, height: 1010}
	w := r.world
	s.text(24, 30, "h", "Distribution trees of a simulated world")
	s.text(24, 50, "s", fmt.Sprintf("%d sites, %d rooms, %d people; simulated round trips, seed %d", len(w.net.sites), len(w.rooms), r.calls.people+r.webinars.people, w.opt.Seed))
	drawAdded(s, r, 80)
	drawCopies(s, r, 410)
	drawDepth(s, r, 740)
	return s.String()
}

// drawAdded draws the distributions of added delay.
func drawAdded(s *sheet, r *result, top float64) {
	const low, high, tall = -60, 60, 220.0
	s.text(24, top, "h", "Delay beside the direct way")
	s.text(24, top+18, "s", "Share of people whose way through the tree is longer than the direct one by at most so much")
	y0 := top + 36 + tall
	at := func(ms int) float64 { return plotLeft + float64(ms-low)/(high-low)*plotWide }
	for p := 0; p <= 100; p += 25 {
		y := y0 - float64(p)/100*tall
		s.add(`<path d="M%.1f %.1fH%.1f" class="grid"/>`, plotLeft, y, plotRight)
		s.text(plotLeft-8, y+4, "s e", fmt.Sprintf("%d %%", p))
	}
	for ms := low; ms <= high; ms += 20 {
		s.add(`<path d="M%.1f %.1fv5" class="axis"/>`, at(ms), y0)
		s.text(at(ms), y0+19, "s m", signed(ms))
	}
	s.text(plotRight+24, y0+19, "s", "ms, one way")
	s.add(`<path d="M%.1f %.1fH%.1f" class="axis"/>`, plotLeft, y0, plotRight)
	for i, k := range []*kind{&r.calls, &r.webinars} {
		var b strings.Builder
		for ms := low; ms <= high; ms++ {
			verb := "L"
			if ms == low {
				verb = "M"
			}
			fmt.Fprintf(&b, "%s%.1f %.1f", verb, at(ms), y0-tall*k.added.below(time.Duration(ms)*time.Millisecond))
		}
		s.add(`<path d="%s" class="l c%d"/>`, b.String(), i+1)
		s.key(plotLeft+24, top+56+float64(i)*20, fmt.Sprintf("c%d", i+1), k.name)
	}
}

func signed(n int) string {
	if n == 0 {
		return "0"
	}
	return fmt.Sprintf("%+d", n)
}

// drawCopies draws the copies between regions for each class of rooms.
func drawCopies(s *sheet, r *result, top float64) {
	const tall, low, high = 220.0, 0.3, 300.0
	s.text(24, top, "h", "Copies of a track between regions")
	s.text(24, top+18, "s", "Average for a tree, by the nodes in the room; the scale is logarithmic")
	y0 := top + 36 + tall
	level := func(v float64) float64 { return y0 - tall*math.Log(max(v, low)/low)/math.Log(high/low) }
	for _, v := range []float64{1, 10, 100} {
		s.add(`<path d="M%.1f %.1fH%.1f" class="grid"/>`, plotLeft, level(v), plotRight)
		s.text(plotLeft-8, level(v)+4, "s e", fmt.Sprintf("%.0f", v))
	}
	s.add(`<path d="M%.1f %.1fH%.1f" class="axis"/>`, plotLeft, y0, plotRight)
	series := []struct {
		name, class string
		of          func(*kind) int
	}{
		{"all from the origin", "c4", func(k *kind) int { return k.farStar }},
		{"tree", "c1", func(k *kind) int { return k.far }},
		{"one for each region", "c3 dash", func(k *kind) int { return k.farBound }},
	}
	step := plotWide / float64(len(r.sizes))
	for i, line := range series {
		var b strings.Builder
		for j := range r.sizes {
			k := &r.sizes[j]
			if k.trees == 0 {
				continue
			}
			verb := "L"
			if b.Len() == 0 {
				verb = "M"
			}
			fmt.Fprintf(&b, "%s%.1f %.1f", verb, plotLeft+(float64(j)+0.5)*step, level(float64(line.of(k))/float64(k.trees)))
		}
		s.add(`<path d="%s" class="l %s"/>`, b.String(), line.class)
		s.key(plotLeft+24, top+56+float64(i)*20, line.class, line.name)
	}
	sizeLabels(s, r, y0)
}

func sizeLabels(s *sheet, r *result, y float64) {
	step := plotWide / float64(len(r.sizes))
	for j := range r.sizes {
		label := strings.Replace(r.sizes[j].name, " and more", "+", 1)
		s.text(plotLeft+(float64(j)+0.5)*step, y+19, "s m", label)
	}
	s.text(plotRight+10, y+19, "s", "nodes in the room")
}

// drawDepth draws how many links lie between the origin and the nodes.
func drawDepth(s *sheet, r *result, top float64) {
	const tall = 160.0
	s.text(24, top, "h", "Links from the origin")
	s.text(24, top+18, "s", "Share of the nodes, by the nodes in the room")
	y0 := top + 60 + tall
	for p := 0; p <= 100; p += 50 {
		y := y0 - float64(p)/100*tall
		s.add(`<path d="M%.1f %.1fH%.1f" class="grid"/>`, plotLeft, y, plotRight)
		s.text(plotLeft-8, y+4, "s e", fmt.Sprintf("%d %%", p))
	}
	step := plotWide / float64(len(r.sizes))
	for j := range r.sizes {
		k := &r.sizes[j]
		y := y0
		for hops := 1; hops < len(k.hops); hops++ {
			h := tall * ratio(k.hops[hops], k.copies)
			y -= h
			s.add(`<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" class="f%d"/>`, plotLeft+float64(j)*step+step*0.2, y, step*0.6, h, hops)
		}
	}
	for i, text := range []string{"one link", "two", "three"} {
		s.key(plotLeft+float64(i)*100, top+42, fmt.Sprintf("c%d", i+1), text)
	}
	s.add(`<path d="M%.1f %.1fH%.1f" class="axis"/>`, plotLeft, y0, plotRight)
	sizeLabels(s, r, y0)
}
