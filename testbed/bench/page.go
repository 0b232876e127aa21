//go:build linux

package main

import (
	"fmt"
	"html"
	"strings"
)

// page is an SVG that grows downwards, panel by panel.
type page struct {
	b strings.Builder
	y float64
}

const (
	pageWidth = 760.0
	leftEdge  = 200.0 // of the bars; names are left of it
	rightEdge = 610.0 // of the longest bar; values are right of it
	rowHeight = 22.0
)

// style has two colour schemes; the viewer's system chooses.
const style = `text{font:13px system-ui,sans-serif;fill:var(--ink)}
.h{font-size:15px;font-weight:600}.s{font-size:12px;fill:var(--soft)}.e{text-anchor:end}.m{text-anchor:middle}
svg{--ink:#1b1f24;--soft:#57606a;--line:#d0d7de;--page:#fff;--a:#0969da;--b:#8250df;--c:#bf8700;--d:#57606a;--floor:#cf222e}
@media(prefers-color-scheme:dark){svg{--ink:#e6edf3;--soft:#9198a1;--line:#3d444d;--page:#0d1117;--a:#4493f8;--b:#ab7df8;--c:#d29922;--d:#9198a1;--floor:#f85149}}
.page{fill:var(--page)}.line{stroke:var(--line);stroke-width:1;fill:none}.floor{stroke:var(--floor);stroke-width:1.5;stroke-dasharray:4 3;fill:none}
.a{fill:var(--a)}.b{fill:var(--b)}.c{fill:var(--c)}.d{fill:var(--d)}.light{opacity:.45}
.ta{stroke:var(--a)}.tb{stroke:var(--b)}.tc{stroke:var(--c)}.td{stroke:var(--d)}.trend{fill:none;stroke-width:2}`

func (p *page) add(format string, args ...any) { fmt.Fprintf(&p.b, format+"\n", args...) }

// text writes escaped text; class is of the style above.
func (p *page) text(x, y float64, class, s string) {
	p.add(`<text x="%.1f" y="%.1f" class="%s">%s</text>`, x, y, class, html.EscapeString(s))
}

// heading begins a panel.
func (p *page) heading(title, note string) {
	p.y += 34
	p.text(24, p.y, "h", title)
	p.y += 18
	p.text(24, p.y, "s", note)
	p.y += 12
}

// bar is one row of a panel of bars.
type bar struct {
	name, class string
	value       float64
	dark        float64 // the part that is drawn dark; the rest is light
	label       string
}

// bars draws rows to one scale. A mark above 0 is a line through all of them.
func (p *page) bars(rows []bar, mark float64, markName string) {
	largest := mark
	for _, r := range rows {
		largest = max(largest, r.value)
	}
	if largest <= 0 {
		return
	}
	scale := (rightEdge - leftEdge) / largest
	top := p.y
	for _, r := range rows {
		p.text(leftEdge-8, p.y+15, "e", r.name)
		p.add(`<rect x="%.1f" y="%.1f" width="%.1f" height="14" rx="2" class="%s light"/>`, leftEdge, p.y+4, r.value*scale, r.class)
		p.add(`<rect x="%.1f" y="%.1f" width="%.1f" height="14" rx="2" class="%s"/>`, leftEdge, p.y+4, r.dark*scale, r.class)
		p.text(leftEdge+r.value*scale+6, p.y+15, "", r.label)
		p.y += rowHeight
	}
	if mark > 0 {
		x := leftEdge + mark*scale
		p.add(`<path d="M%.1f %.1fV%.1f" class="floor"/>`, x, top, p.y+2)
		p.text(x, p.y+15, "s m", markName)
		p.y += 16
	}
}

// trend is one line of a panel of lines.
type trend struct {
	name, class string
	x, y        []float64
}

const plotHeight = 150.0

// lines draws trends over one axis, both from zero.
func (p *page) lines(trends []trend, mark float64, markName, across string) {
	right, top := 0.0, mark
	for _, t := range trends {
		for i := range t.x {
			right, top = max(right, t.x[i]), max(top, t.y[i])
		}
	}
	if right <= 0 || top <= 0 {
		return
	}
	top *= 1.15
	const left = 70.0
	at := func(x, y float64) (float64, float64) {
		return left + x/right*(rightEdge-left), p.y + plotHeight*(1-y/top)
	}
	p.add(`<path d="M%.1f %.1fV%.1fH%.1f" class="line"/>`, left, p.y, p.y+plotHeight, rightEdge)
	if mark > 0 {
		_, y := at(0, mark)
		p.add(`<path d="M%.1f %.1fH%.1f" class="floor"/>`, left, y, rightEdge)
		p.text(rightEdge+6, y+4, "s", markName)
	}
	for _, t := range trends {
		p.trend(t, at)
	}
	for _, t := range trends[:1] {
		for _, v := range t.x {
			x, _ := at(v, 0)
			p.text(x, p.y+plotHeight+16, "s m", fmt.Sprintf("%.0f", v))
		}
	}
	p.text(rightEdge+24, p.y+plotHeight+16, "s", across)
	p.y += plotHeight + 22
}

func (p *page) trend(t trend, at func(x, y float64) (float64, float64)) {
	var points []string
	for i := range t.x {
		x, y := at(t.x[i], t.y[i])
		points = append(points, fmt.Sprintf("%.1f,%.1f", x, y))
		p.add(`<circle cx="%.1f" cy="%.1f" r="3.5" class="%s"/>`, x, y, t.class)
		p.text(x, y-8, "s m", fmt.Sprintf("%.1f", t.y[i]))
	}
	p.add(`<polyline points="%s" class="trend t%s"/>`, strings.Join(points, " "), t.class)
	x, y := at(t.x[len(t.x)-1], t.y[len(t.y)-1])
	p.text(max(x, rightEdge)+6, y+4, "", t.name)
}

// finish closes the page and returns it.
func (p *page) finish() string {
	height := p.y + 24
	return fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %[1]g %[2]g" width="%[1]g" height="%[2]g" role="img">
<style>%[3]s</style>
<rect width="100%%" height="100%%" class="page"/>
%[4]s</svg>
`, pageWidth, height, style, p.b.String())
}
