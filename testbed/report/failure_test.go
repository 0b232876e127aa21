package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestADigestKeepsWhatTells(t *testing.T) {
	f := failure{pkg: "geo", test: "TestA"}
	for i := range 500 {
		f.output = append(f.output, fmt.Sprintf("noise %d\n", i))
		if i == 100 {
			f.output = append(f.output, "    pick_test.go:12: got 1, want 2\n", "\n")
		}
	}
	got := f.digest()
	marks := 0
	for _, line := range got {
		if strings.Contains(line, "… ") {
			marks++
		}
	}
	if len(got)-marks != mostLines {
		t.Errorf("%d lines and %d marks", len(got)-marks, marks)
	}
	for _, want := range []string{"    pick_test.go:12: got 1, want 2", "noise 499", "    … 101 lines"} {
		if !slices.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, strings.Join(got, "\n"))
		}
	}
}

func TestADigestOfManyMessagesKeepsTheFirstAndTheEnd(t *testing.T) {
	var f failure
	for i := range 200 {
		f.output = append(f.output, fmt.Sprintf("    a_test.go:%d: wrong\n", i))
	}
	got := f.digest()
	if got[0] != "    a_test.go:0: wrong" || got[len(got)-1] != "    a_test.go:199: wrong" {
		t.Errorf("from %q to %q", got[0], got[len(got)-1])
	}
}

func TestALongLineIsCut(t *testing.T) {
	f := failure{output: []string{strings.Repeat("й", 4000) + "\n"}}
	if got := f.digest()[0]; len(got) > mostWidth+len("…") || !strings.HasPrefix(got, "йй") || !strings.HasSuffix(got, "й…") {
		t.Errorf("%d bytes: %s", len(got), got)
	}
}

func TestBriefIsTheLineThatSaysWhy(t *testing.T) {
	tests := []struct {
		name   string
		output []string
		want   string
	}{
		{"a message", []string{"=== RUN   TestA\n", "log\n", "    a_test.go:3: joined\n", "    a_test.go:4: wrong\n", "        by much\n", "--- FAIL: TestA\n"}, "a_test.go:4: wrong"},
		{"a crash", []string{"=== RUN   TestA\n", "panic: boom\n", "\t/src/a_test.go:9 +0x1\n"}, "panic: boom"},
		{"a compiler", []string{"# x/geo\n", "geo/geo.go:1:2: undefined: x\n"}, "geo/geo.go:1:2: undefined: x"},
		{"neither", []string{"--- FAIL: TestA\n", "exit status 2\n"}, "exit status 2"},
		{"nothing", nil, "it said nothing"},
	}
	for _, test := range tests {
		if got := (failure{output: test.output}).brief(); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}

func TestATestThatFailedForASubtestIsNotNamed(t *testing.T) {
	r, out := read(t,
		`{"Action":"output",`+module+`,"Test":"TestA/b","Output":"    a_test.go:3: wrong\n"}`,
		`{"Action":"fail",`+module+`,"Test":"TestA/b"}`,
		`{"Action":"output",`+module+`,"Test":"TestA","Output":"--- FAIL: TestA\n"}`,
		`{"Action":"fail",`+module+`,"Test":"TestA"}`,
		`{"Action":"fail",`+module+`,"Elapsed":1}`,
	)
	if r.failed != 2 || len(r.failures) != 1 || !strings.Contains(out, "s: TestA/b\n") {
		t.Errorf("%d failed, %d failures:\n%s", r.failed, len(r.failures), out)
	}
	dir := t.TempDir()
	list := filepath.Join(dir, "failures")
	if err := r.appendFailures(list); err != nil {
		t.Fatal(err)
	}
	if got, _ := os.ReadFile(list); string(got) != "geo TestA/b: a_test.go:3: wrong\n" {
		t.Errorf("listed as %q", got)
	}
	file, err := r.failures[0].save(filepath.Join(dir, "outputs"))
	if err != nil || filepath.Base(file) != "geo-TestA-b.txt" {
		t.Errorf("saved as %s, %v", file, err)
	}
	if got, _ := os.ReadFile(file); string(got) != "    a_test.go:3: wrong\n" {
		t.Errorf("saved %q", got)
	}
}
