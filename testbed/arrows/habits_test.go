package arrows

import (
	"go/ast"
	"go/parser"
	"go/token"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A test that sleeps is slow on a fast machine and wrong on a slow one: wait for
// a condition, or use a bubble, where sleeping takes no time. Files with bubbles
// may sleep, and so may files without tests beside them, which serve bubbles.
func TestTestsDoNotSleep(t *testing.T) {
	all := sources(t)
	bubbles := make(map[string]bool)
	for _, s := range all {
		bubbles[s.pkg] = bubbles[s.pkg] || s.inTest && imported(s.syntax, "testing/synctest") != ""
	}
	for _, s := range all {
		if !s.inTest && !below(s.pkg, "testbed") || imported(s.syntax, "testing/synctest") != "" {
			continue
		}
		if bubbles[s.pkg] && !hasTests(s.syntax) {
			continue
		}
		for _, at := range sleeps(s.syntax) {
			t.Errorf("%s:%d: sleeps outside a synctest bubble; wait for a condition", s.file, line(at))
		}
	}
}

// hasTests says whether a file declares functions that go test runs.
func hasTests(f *ast.File) bool {
	return slices.ContainsFunc(f.Decls, func(d ast.Decl) bool {
		f, ok := d.(*ast.FuncDecl)
		return ok && f.Recv == nil && runnable.MatchString(f.Name.Name)
	})
}

var runnable = regexp.MustCompile(`^(Test|Benchmark|Fuzz|Example)([^a-z]|$)`)

// sleeps finds time.Sleep under any name, called or passed on, and a timer that
// is awaited alone.
func sleeps(f *ast.File) []ast.Node {
	name := imported(f, "time")
	if name == "" {
		return nil
	}
	var found []ast.Node
	cases := make(map[ast.Stmt]bool)
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			if of(n, name, "Sleep") {
				found = append(found, n)
			}
		case *ast.Ident:
			if name == "." && n.Name == "Sleep" {
				found = append(found, n)
			}
		case *ast.CommClause: // a timer is right as one case of several
			cases[n.Comm] = true
		case *ast.ExprStmt:
			receive, ok := n.X.(*ast.UnaryExpr)
			if ok && !cases[n] && receive.Op == token.ARROW && timer(receive.X, name) {
				found = append(found, n)
			}
		}
		return true
	})
	return found
}

// timer says whether an expression is the channel of a timer made on the spot.
func timer(e ast.Expr, name string) bool {
	if field, ok := e.(*ast.SelectorExpr); ok && field.Sel.Name == "C" {
		e = field.X
	}
	call, ok := e.(*ast.CallExpr)
	return ok && (of(call.Fun, name, "After") || of(call.Fun, name, "Tick") || of(call.Fun, name, "NewTimer") || of(call.Fun, name, "NewTicker"))
}

func of(e ast.Expr, pkg, name string) bool {
	s, ok := e.(*ast.SelectorExpr)
	if !ok || s.Sel.Name != name {
		return false
	}
	id, ok := s.X.(*ast.Ident)
	return ok && id.Name == pkg
}

// imported returns the name by which a file uses a package, "" for not at all.
func imported(f *ast.File, path string) string {
	for _, spec := range f.Imports {
		if strings.Trim(spec.Path.Value, `"`) != path {
			continue
		}
		if spec.Name != nil {
			return spec.Name.Name
		}
		return path[strings.LastIndexByte(path, '/')+1:]
	}
	return ""
}

func TestSleepsAreFound(t *testing.T) {
	tests := map[string]int{
		`import "time"; func f() { time.Sleep(1) }`:                                        1,
		`import clock "time"; func f() { clock.Sleep(1) }`:                                 1,
		`import . "time"; func f() { Sleep(1) }`:                                           1,
		`import "time"; var nap = time.Sleep`:                                              1,
		`import "time"; func f() { <-time.After(1) }`:                                      1,
		`import "time"; func f() { <-time.NewTimer(1).C }`:                                 1,
		`import "time"; func f() { for { select { default: time.Sleep(1) } } }`:            1,
		`import "time"; func f(c chan int) { select { case <-c: case <-time.After(1): } }`: 0,
		`import "time"; func f(t *time.Ticker) { <-t.C }`:                                  0,
		`import "x"; func f() { x.Sleep(1) }`:                                              0,
	}
	for code, want := range tests {
		f, err := parser.ParseFile(token.NewFileSet(), "x.go", "package x; "+code, 0)
		if err != nil {
			t.Fatal(err)
		}
		if got := len(sleeps(f)); got != want {
			t.Errorf("%s: found %d, want %d", code, got, want)
		}
	}
}

// A test that skips itself guards nothing and looks as if it did.
func TestTestsDoNotSkip(t *testing.T) {
	for _, s := range sources(t) {
		if !s.inTest {
			continue
		}
		ast.Inspect(s.syntax, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			for _, who := range []string{"t", "b", "f", "tb"} {
				if of(call.Fun, who, "Skip") || of(call.Fun, who, "Skipf") || of(call.Fun, who, "SkipNow") {
					t.Errorf("%s:%d: skips itself", s.file, line(call))
				}
			}
			return true
		})
	}
}

// marks are comments that put something off or silence a linter.
var marks = regexp.MustCompile(`\b(` + strings.Join([]string{"TO" + "DO", "FIX" + "ME", "no" + "lint", "lint:" + "ignore"}, "|") + `)\b`)

func TestNothingIsPutOff(t *testing.T) {
	for _, s := range sources(t) {
		for _, group := range s.syntax.Comments {
			if i := slices.IndexFunc(group.List, func(c *ast.Comment) bool { return marks.MatchString(c.Text) }); i >= 0 {
				t.Errorf("%s:%d: %s", s.file, line(group.List[i]), group.List[i].Text)
			}
		}
	}
}
