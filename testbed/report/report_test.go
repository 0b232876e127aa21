package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const module = `"Package":"github.com/meridian-video/meridian/geo"`

func read(t *testing.T, lines ...string) (*report, string) {
	t.Helper()
	var out bytes.Buffer
	r := newReport(&out)
	if err := r.read(strings.NewReader(strings.Join(lines, "\n"))); err != nil {
		t.Fatal(err)
	}
	r.finish()
	return r, out.String()
}

func TestReport(t *testing.T) {
	tests := []struct {
		name                    string
		events                  []string
		passed, failed, skipped int
		says, not               string
	}{
		{
			name: "a good package",
			events: []string{
				`{"Action":"run",` + module + `,"Test":"TestA"}`,
				`{"Action":"output",` + module + `,"Test":"TestA","Output":"noise\n"}`,
				`{"Action":"pass",` + module + `,"Test":"TestA"}`,
				`{"Action":"pass",` + module + `,"Elapsed":0.25}`,
			},
			passed: 1, says: "ok    geo", not: "noise",
		},
		{
			name: "a failing test shows its output",
			events: []string{
				`{"Action":"output",` + module + `,"Test":"TestA","Output":"quiet\n"}`,
				`{"Action":"pass",` + module + `,"Test":"TestA"}`,
				`{"Action":"output",` + module + `,"Test":"TestB","Output":"got 1, want 2\n"}`,
				`{"Action":"fail",` + module + `,"Test":"TestB"}`,
				`{"Action":"fail",` + module + `,"Elapsed":0.25}`,
			},
			passed: 1, failed: 1, says: "got 1, want 2", not: "quiet",
		},
		{
			name: "a crash shows the running test",
			events: []string{
				`{"Action":"run",` + module + `,"Test":"TestA"}`,
				`{"Action":"output",` + module + `,"Test":"TestA","Output":"panic: boom\n"}`,
				`{"Action":"fail",` + module + `,"Elapsed":0.25}`,
			},
			failed: 1, says: "panic: boom",
		},
		{
			name: "a build that fails",
			events: []string{
				`{"Action":"build-output","ImportPath":"x/geo","Output":"geo.go:1: undefined: x\n"}`,
				`{"Action":"fail",` + module + `,"FailedBuild":"x/geo"}`,
			},
			failed: 1, says: "undefined: x",
		},
		{
			name: "a skipped test is named",
			events: []string{
				`{"Action":"skip",` + module + `,"Test":"TestA"}`,
				`{"Action":"pass",` + module + `}`,
			},
			skipped: 1, says: "skip  geo TestA",
		},
		{
			name:   "a package that never ended",
			events: []string{`{"Action":"run",` + module + `,"Test":"TestA"}`},
			failed: 1, says: "FAIL  geo",
		},
		{name: "text of the go command", events: []string{"go: updates to go.mod needed"}, says: "updates to go.mod"},
	}
	for _, test := range tests {
		r, out := read(t, test.events...)
		if r.passed != test.passed || r.failed != test.failed || r.skipped != test.skipped {
			t.Errorf("%s: %d passed, %d failed, %d skipped", test.name, r.passed, r.failed, r.skipped)
		}
		if !strings.Contains(out, test.says) || test.not != "" && strings.Contains(out, test.not) {
			t.Errorf("%s: says\n%s", test.name, out)
		}
	}
}

func TestCountsAreAppended(t *testing.T) {
	file := filepath.Join(t.TempDir(), "counts")
	for range 2 {
		r, _ := read(t, `{"Action":"pass",`+module+`,"Test":"TestA"}`, `{"Action":"pass",`+module+`}`)
		if err := r.appendCounts(file); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(file); err != nil || string(got) != "1 0 0\n1 0 0\n" {
		t.Errorf("%q, %v", got, err)
	}
}
