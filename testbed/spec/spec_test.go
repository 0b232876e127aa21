package spec

import (
	"flag"
	"os"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"
)

var update = flag.Bool("update", false, "write TABLE.md anew")

// folders is where tests are.
var folders = []string{"control", "edge", "relay", "turn", "geo", "ops", "testbed"}

// TestEveryRequirementIsShown is what the package is for.
func TestEveryRequirementIsShown(t *testing.T) {
	covers, err := Read(os.DirFS("../.."), folders...)
	if err != nil {
		t.Fatal(err)
	}
	if err := Judge(lists, covers, open); err != nil {
		t.Error(err)
	}
	table := Table(lists, covers, open)
	if *update {
		if err := os.WriteFile("TABLE.md", []byte(table), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	written, err := os.ReadFile("TABLE.md")
	if err != nil {
		t.Fatal(err)
	}
	if string(written) != table {
		t.Error("TABLE.md is not what the sources give: go test ./testbed/spec -update")
	}
}

func TestClaimsAreFound(t *testing.T) {
	files := fstest.MapFS{
		"a/a_test.go": {Data: []byte(`package a

// TestOne does something.
// Covers F-001, GC-A02.
func TestOne(t *testing.T) {
	// Covers F-003.
	t.Run("a part", func(t *testing.T) {})
}

// Covers F-004.
func FuzzTwo(f *testing.F) {}
`)},
		"a/web/b.test.ts":          {Data: []byte("// Covers F-005.\ntest(\"says \\\"so\\\"\", () => {\n});\n\n// Covers F-006.\n// It waits.\ntest(\"waits\", async () => {});\n")},
		"a/node_modules/x.test.ts": {Data: []byte("// Covers F-099.\ntest(\"not ours\", () => {});\n")},
		"a/a.go":                   {Data: []byte("package a\n\n// Covers F-098.\nfunc TestNot() {}\n")},
		"b/elsewhere_test.go":      {Data: []byte("package b\n\n// Covers F-097.\nfunc TestNot() {}\n")},
	}
	got, err := Read(files, "a")
	want := []Cover{
		{"F-001", "a/a_test.go", "TestOne"}, {"GC-A02", "a/a_test.go", "TestOne"}, {"F-003", "a/a_test.go", "TestOne/a part"},
		{"F-004", "a/a_test.go", "FuzzTwo"},
		{"F-005", "a/web/b.test.ts", `says "so"`}, {"F-006", "a/web/b.test.ts", "waits"},
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, %v", got, err)
	}
}

// What was meant as a claim and is none would be a gap that nobody sees.
func TestClaimsThatAreNone(t *testing.T) {
	for name, source := range map[string]string{
		"a_test.go": "package a\n\n// Covers F-001 and F-002.\nfunc TestOne(t *testing.T) {}\n",
		"b_test.go": "package a\n\n// Covers F-001.\n\nfunc TestOne(t *testing.T) {}\n",
		"c_test.go": "package a\n\n// Covers F-001.\nfunc help(t *testing.T) {}\n",
		"d_test.go": "package a\n\nfunc TestOne(t *testing.T) {\n\t// Covers F-001.\n\tt.Run(name, nil)\n}\n",
		"e.test.ts": "// Covers F-001.\n\ntest(\"x\", () => {});\n",
		"f.test.ts": "// Covers: F-001\ntest(\"x\", () => {});\n",
		"g_test.go": "package a\n\n// Covers F-001.\nfunc TestOne(",
	} {
		if got, err := Read(fstest.MapFS{name: {Data: []byte(source)}}, "."); err == nil {
			t.Errorf("%s: %v from\n%s", name, got, source)
		}
	}
}

func TestJudgement(t *testing.T) {
	row := func(id string, where Place, e Excuse) Requirement {
		return Requirement{id, "feature " + id, "", where, e}
	}
	some := []List{{"x", []Requirement{
		row("F-001", Page, ""), row("F-002", Page, Later), row("F-003", Facade, ""), row("F-004", Page, ""),
	}}}
	all := []Cover{{ID: "F-001"}}
	for _, c := range []struct {
		name   string
		lists  []List
		covers []Cover
		open   map[string]string
		want   string // part of the complaint; empty: none
	}{
		{"as it should be", some, all, map[string]string{"F-004": "work"}, ""},
		{"a facade's may have tests", some, append(all, Cover{ID: "F-003"}), map[string]string{"F-004": "work"}, ""},
		{"nobody shows it", some, all, nil, "F-004 (feature F-004) has no test"},
		{"shown meanwhile", some, append(all, Cover{ID: "F-004"}), map[string]string{"F-004": "work"}, "F-004 (feature F-004) has a test"},
		{"excused and shown", some, append(all, Cover{ID: "F-002"}), map[string]string{"F-004": "work"}, "needs no excuse"},
		{"excused and open", some, all, map[string]string{"F-004": "work", "F-002": "work"}, "nobody waits"},
		{"a facade's, open", some, all, map[string]string{"F-004": "work", "F-003": "work"}, "nobody waits"},
		{"a partner's is due", append(some, List{"y", []Requirement{row("F-006", Partner, "")}}), all, map[string]string{"F-004": "work"}, "F-006 (feature F-006) has no test"},
		{"open for no reason", some, all, map[string]string{"F-004": ""}, "nothing says what it lacks"},
		{"unknown, covered", some, append(all, Cover{ID: "F-005", Test: "TestX"}), map[string]string{"F-004": "work"}, "TestX covers F-005"},
		{"unknown, open", some, all, map[string]string{"F-004": "work", "F-005": "work"}, "F-005 is open"},
		{"twice", append(some, List{"y", []Requirement{row("F-003", Page, Later)}}), all, map[string]string{"F-004": "work"}, "F-003 stands twice"},
		{"no id", append(some, List{"y", []Requirement{row("75", Page, Later)}}), all, map[string]string{"F-004": "work"}, "75 stands twice or is no id"},
	} {
		err := Judge(c.lists, c.covers, c.open)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestTableSaysWhatShowsARow(t *testing.T) {
	got := Table([]List{{"Words", []Requirement{
		{"F-001", "Say", "it is heard", Page, ""}, {"F-002", "Write", "it is read", Page, ""}, {"F-003", "Draw", "it is seen", Page, Later}, {"F-004", "Call", "it rings", Facade, ""},
		{"F-005", "Wait", "it waits", Partner, ""},
	}}}, []Cover{{"F-001", "b/x_test.go", "TestLater"}, {"F-001", "a/x_test.go", "TestFirst"}}, map[string]string{"F-005": "a chair"})
	for _, want := range []string{
		"1 of 5 rows of “Words” have a test.",
		"| F-001 | Say | it is heard | page | `a` TestFirst<br>`b` TestLater |\n",
		"| page | **open** |", "| page | a later round of the page |", "| facade | with the facade requirements |",
		"| partner | **open**: a chair |",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
}
