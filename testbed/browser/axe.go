package browser

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
)

// axeFile is Deque's accessibility checker (axe-core, MPL 2.0), a development
// dependency of the admin page.
const axeFile = "../../control/admin/web/node_modules/axe-core/axe.min.js"

// Violation is a rule of accessibility that a page breaks.
type Violation struct {
	ID, Impact, Help string
	Targets          []string // selectors of what breaks it
}

// Axe checks the page as it stands, by all rules but experimental ones.
func (p *Page) Axe(t testing.TB) []Violation {
	t.Helper()
	source, err := os.ReadFile(axeFile)
	if err != nil {
		t.Fatalf("the accessibility checker is not installed (run npm ci in control/admin/web): %v", err)
	}
	p.do(func(ctx context.Context) error {
		_, err := p.drive.eval(ctx, string(source)+"; 'loaded'")
		return err
	})
	found, err := Eval[[]Violation](p, `axe.run(document, {resultTypes: ["violations"]}).then(r => r.violations.map(v =>
		({ID: v.id, Impact: v.impact, Help: v.help, Targets: v.nodes.map(n => n.target.join(" ") + " " + n.failureSummary)})))`)
	if err != nil {
		t.Fatalf("check %s: %v", p.Name, err)
	}
	return found
}

func (v Violation) String() string {
	return fmt.Sprintf("%s (%s): %s\n    %s", v.ID, v.Impact, v.Help, strings.Join(v.Targets, "\n    "))
}

// Scheme has the page believe that its reader prefers dark or light colours, and
// no movement; Chromium only.
func (p *Page) Scheme(dark bool) {
	p.t.Helper()
	c, ok := p.drive.(*chromium)
	if !ok {
		p.t.Fatalf("browser %s knows no schemes", p.Name)
	}
	p.do(func(ctx context.Context) error { return c.scheme(ctx, dark) })
}
