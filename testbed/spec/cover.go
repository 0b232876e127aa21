package spec

import (
	"bufio"
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"regexp"
	"strconv"
	"strings"
)

// Cover is a test that says what it covers.
type Cover struct {
	ID   string
	File string // from the top of the repository
	Test string // as the runner prints it, a subtest after a slash
}

var (
	// claim is the line above a test, without its slashes.
	claim = regexp.MustCompile(`^Covers (` + identifier + `(?:, ` + identifier + `)*)\.$`)
	// attempt is what was meant to be one.
	attempt = regexp.MustCompile(`^Covers?:? ` + identifier)
	// goTest is the name of a function that go test runs.
	goTest = regexp.MustCompile(`^(Test|Fuzz)[^a-z]`)
	// nodeTest is the line of a test of node's runner.
	nodeTest = regexp.MustCompile(`^\s*(?:await )?(?:test|t\.test)\("((?:[^"\\]|\\.)*)"`)
)

// Read finds the claims of all tests in Go and TypeScript below the folders. A
// claim that is misspelt, or stands above no test, is an error.
func Read(fsys fs.FS, folders ...string) (all []Cover, err error) {
	for _, folder := range folders {
		err = fs.WalkDir(fsys, folder, func(name string, d fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case d.IsDir() && (d.Name() == "node_modules" || d.Name() == "testdata"):
				return fs.SkipDir
			case d.IsDir():
				return nil
			}
			found, err := readFile(fsys, name)
			all = append(all, found...)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

func readFile(fsys fs.FS, name string) ([]Cover, error) {
	var read func(string, []byte) ([]Cover, error)
	switch {
	case strings.HasSuffix(name, "_test.go"):
		read = readGo
	case strings.HasSuffix(name, ".test.ts"):
		read = readTypeScript
	default:
		return nil, nil
	}
	source, err := fs.ReadFile(fsys, name)
	if err != nil || !bytes.Contains(source, []byte("Cover")) {
		return nil, err
	}
	return read(name, source)
}

// readGo takes claims above a test function and above a t.Run with a literal
// name in one.
func readGo(name string, source []byte) (all []Cover, err error) {
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, name, source, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	line := func(p token.Pos) int { return fset.Position(p).Line }
	tests := make(map[int]string) // by the line they begin in
	for _, d := range file.Decls {
		f, ok := d.(*ast.FuncDecl)
		if !ok || f.Recv != nil || !goTest.MatchString(f.Name.Name) {
			continue
		}
		tests[line(f.Pos())] = f.Name.Name
		ast.Inspect(f, func(n ast.Node) bool {
			if sub, ok := subtest(n); ok {
				tests[line(n.Pos())] = f.Name.Name + "/" + sub
			}
			return true
		})
	}
	for _, group := range file.Comments {
		test := tests[line(group.End())+1]
		for _, c := range group.List {
			found, err := read(strings.TrimSpace(strings.TrimPrefix(c.Text, "//")), test, name, line(c.Pos()))
			if err != nil {
				return nil, err
			}
			all = append(all, found...)
		}
	}
	return all, nil
}

// subtest is the name of what t.Run runs. One within another loses the outer
// name, which the reader of the table can find.
func subtest(n ast.Node) (string, bool) {
	call, ok := n.(*ast.CallExpr)
	if !ok || len(call.Args) != 2 {
		return "", false
	}
	run, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || run.Sel.Name != "Run" {
		return "", false
	}
	literal, ok := call.Args[0].(*ast.BasicLit)
	if !ok || literal.Kind != token.STRING {
		return "", false
	}
	name, err := strconv.Unquote(literal.Value)
	return name, err == nil
}

// readTypeScript takes claims in the lines straight above a test.
func readTypeScript(name string, source []byte) (all []Cover, err error) {
	lines := bufio.NewScanner(bytes.NewReader(source))
	lines.Buffer(nil, len(source)+1)
	var comments []string
	for n := 1; lines.Scan(); n++ {
		if comment, ok := strings.CutPrefix(strings.TrimSpace(lines.Text()), "//"); ok {
			comments = append(comments, strings.TrimSpace(comment))
			continue
		}
		var test string
		if m := nodeTest.FindStringSubmatch(lines.Text()); m != nil {
			test = strings.ReplaceAll(m[1], `\"`, `"`)
		}
		for i, c := range comments {
			found, err := read(c, test, name, n-len(comments)+i)
			if err != nil {
				return nil, err
			}
			all = append(all, found...)
		}
		comments = nil
	}
	return all, lines.Err()
}

// read makes covers of one line of a comment.
func read(comment, test, file string, line int) (all []Cover, err error) {
	m := claim.FindStringSubmatch(comment)
	switch {
	case m == nil && attempt.MatchString(comment):
		return nil, fmt.Errorf("%s:%d: %q is to read “Covers F-075, F-085.”", file, line, comment)
	case m != nil && test == "":
		return nil, fmt.Errorf("%s:%d: %q stands above no test", file, line, comment)
	case m == nil:
		return nil, nil
	}
	for _, id := range strings.Split(m[1], ", ") {
		all = append(all, Cover{id, path.Clean(file), test})
	}
	return all, nil
}
