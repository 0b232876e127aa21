package arrows

import (
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// root is the top of the repository.
const root = "../.."

// source is one Go file of ours.
type source struct {
	pkg    string // import path without the module
	file   string // path from the top
	inTest bool
	syntax *ast.File
}

var fset = token.NewFileSet()

// sources parses every Go file that `go list` knows, those of other platforms
// and build tags too.
func sources(t *testing.T) []source {
	t.Helper()
	list := exec.Command("go", "list", "-e", "-json=ImportPath,Dir,GoFiles,CgoFiles,IgnoredGoFiles,TestGoFiles,XTestGoFiles", "./...")
	list.Dir = root
	list.Stderr = os.Stderr
	out, err := list.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := list.Start(); err != nil {
		t.Fatal(err)
	}
	var all []source
	for d := json.NewDecoder(out); ; {
		var p struct {
			ImportPath, Dir                                              string
			GoFiles, CgoFiles, IgnoredGoFiles, TestGoFiles, XTestGoFiles []string
		}
		err := d.Decode(&p)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		pkg := strings.TrimPrefix(p.ImportPath, module)
		for _, name := range slices.Concat(p.GoFiles, p.CgoFiles, p.IgnoredGoFiles, p.TestGoFiles, p.XTestGoFiles) {
			syntax, err := parser.ParseFile(fset, filepath.Join(p.Dir, name), nil, parser.ParseComments|parser.SkipObjectResolution)
			if err != nil {
				t.Errorf("%v", err)
				continue
			}
			all = append(all, source{pkg, pkg + "/" + name, strings.HasSuffix(name, "_test.go"), syntax})
		}
	}
	if err := list.Wait(); err != nil {
		t.Fatal(err)
	}
	if len(all) == 0 {
		t.Fatal("go list found nothing")
	}
	return all
}

func line(n ast.Node) int { return fset.Position(n.Pos()).Line }

func TestArrows(t *testing.T) {
	for _, s := range sources(t) {
		r, ok := ruleOf(s.pkg)
		if !ok {
			t.Errorf("%s: no rule names this folder", s.pkg)
			continue
		}
		for _, spec := range s.syntax.Imports {
			path, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			target, ours := strings.CutPrefix(path, module)
			if ours && !r.allows(s.pkg, target, s.inTest) {
				t.Errorf("%s:%d: arrow %s → %s: %s", s.file, line(spec), s.pkg, target, r.why)
			}
		}
	}
}

// TestRules guards the table itself.
func TestRules(t *testing.T) {
	tests := []struct {
		from, to string
		inTest   bool
		want     bool
	}{
		{"edge", "relay", false, true},
		{"edge/room", "control/client", false, true},
		{"edge/room", "control/store", false, false},
		{"edge/rtc", "edge/sfu", false, true},
		{"edge/rtc", "edge/room", false, false},
		{"edge/sfu", "geo", false, false},
		{"edge/sfu", "edge/sfu", true, true},
		{"control/store", "control/state", false, true},
		{"control/state", "edge/sfu", false, false},
		{"control/api", "turn/credential", false, false},
		{"relay", "relay/wire", false, true},
		{"relay/wire", "relay", false, false},
		{"relay/tree", "geo", false, true},
		{"relay/tree", "relay/wire", false, false},
		{"relay", "edge/sfu", false, false},
		{"turn", "geo", false, true},
		{"geo", "control/token", false, false},
		{"geo", "testbed/simnet", true, true},
		{"geo", "testbed/simnet", false, false},
		{"ops/node", "edge", false, true},
		{"ops/dev", "testbed/simnet", false, false},
		{"ops/dev", "testbed/cluster", true, false},
		{"testbed/cluster", "ops/dev", false, true},
		{"testbed/simnet", "geo", true, false},
	}
	for _, test := range tests {
		r, ok := ruleOf(test.from)
		if !ok || r.allows(test.from, test.to, test.inTest) != test.want {
			t.Errorf("%s → %s (test %v): want %v", test.from, test.to, test.inTest, test.want)
		}
	}
	if _, ok := ruleOf("media"); ok {
		t.Error("an unknown folder has a rule")
	}
	if _, ok := ruleOf("geography"); ok {
		t.Error("a folder is taken for another by its first letters")
	}
}

func TestPackagesSayWhatTheyAreFor(t *testing.T) {
	documented := make(map[string]bool)
	for _, s := range sources(t) {
		if s.inTest {
			continue
		}
		text := s.syntax.Doc.Text()
		want := "Package " + s.syntax.Name.Name + " "
		if s.syntax.Name.Name == "main" {
			want = "Command " + s.pkg[strings.LastIndexByte(s.pkg, '/')+1:] + " "
		}
		documented[s.pkg] = documented[s.pkg] || strings.HasPrefix(text, want)
	}
	for pkg, ok := range documented {
		if !ok {
			t.Errorf("%s has no comment that begins with Package or Command and its name", pkg)
		}
	}
}
