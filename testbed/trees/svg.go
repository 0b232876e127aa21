package main

import (
	"fmt"
	"html"
	"strings"
)

// sheet is an SVG in the making.
type sheet struct {
	b             strings.Builder
	width, height float64
}

// style is that of a page on light paper.
const style = `text{font:13px system-ui,sans-serif;fill:#1b1f24}.h{font-size:16px;font-weight:600}.s{font-size:12px;fill:#57606a}.e{text-anchor:end}.m{text-anchor:middle}
.axis{stroke:#8c959f;fill:none}.grid{stroke:#eaeef2;fill:none}.land{fill:#e9ecea;stroke:none}.site{fill:#b3bac2}
.l{fill:none;stroke-width:2;stroke-linejoin:round}.edge{fill:none;stroke-width:1.2;stroke-opacity:.75}
.c1{stroke:#0969da}.c2{stroke:#8250df}.c3{stroke:#bc6c00}.c4{stroke:#8c959f}.f1{fill:#0969da}.f2{fill:#8250df}.f3{fill:#bc6c00}.f4{fill:#8c959f}.dash{stroke-dasharray:5 4}.ring{fill:#fff;stroke:#1b1f24}.origin{fill:#cf222e}`

func (s *sheet) add(format string, args ...any) { fmt.Fprintf(&s.b, format+"\n", args...) }

// text writes escaped text; class is of the style above.
func (s *sheet) text(x, y float64, class, text string) {
	s.add(`<text x="%.1f" y="%.1f" class="%s">%s</text>`, x, y, class, html.EscapeString(text))
}

// key explains a colour.
func (s *sheet) key(x, y float64, class, text string) {
	s.add(`<path d="M%.1f %.1fh22" class="l %s"/>`, x, y-4, class)
	s.text(x+28, y, "s", text)
}

func (s *sheet) String() string {
	return fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %[1]g %[2]g" width="%[1]g" height="%[2]g" role="img">
<style>%[3]s</style>
<rect width="100%%" height="100%%" fill="#fff"/>
%[4]s</svg>
`, s.width, s.height, style, s.b.String())
}
