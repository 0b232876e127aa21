package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

// event is a line of `go test -json` (go doc test2json).
type event struct {
	Action      string
	Package     string
	ImportPath  string // of build output
	Test        string
	Output      string
	Elapsed     float64 // seconds
	FailedBuild string
}

// report gathers the events of one run.
type report struct {
	out io.Writer

	passed, failed, skipped int
	packages                int

	running  map[string]*run     // by package
	builds   map[string][]string // output of the compiler by import path
	skips    []string
	failures []failure
	outputs  string // directory for the whole output of failures; "" is none
}

// run is one package while it runs.
type run struct {
	output  map[string][]string // by test; "" is the package's own
	passed  int
	failing []string // in the order they failed
	last    string   // the latest test to start, for a crash
}

func newReport(out io.Writer) *report {
	return &report{out: out, running: make(map[string]*run), builds: make(map[string][]string)}
}

// read handles events until the end. Lines that are no events are passed on.
func (r *report) read(in io.Reader) error {
	lines := bufio.NewReader(in)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			var e event
			if json.Unmarshal(line, &e) == nil && e.Action != "" {
				r.handle(e)
			} else {
				fmt.Fprintf(r.out, "%s\n", strings.TrimRight(string(line), "\n"))
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read events: %w", err)
		}
	}
}

func (r *report) handle(e event) {
	switch {
	case e.Action == "build-output":
		r.builds[e.ImportPath] = append(r.builds[e.ImportPath], e.Output)
	case e.Package == "":
	case e.Test == "":
		r.handlePackage(e)
	default:
		r.handleTest(e)
	}
}

func (r *report) handleTest(e event) {
	p := r.run(e.Package)
	switch e.Action {
	case "run":
		p.last = e.Test
	case "output":
		p.output[e.Test] = append(p.output[e.Test], e.Output)
	case "pass":
		r.passed++
		p.passed++
		delete(p.output, e.Test)
	case "skip":
		r.skipped++
		r.skips = append(r.skips, short(e.Package)+" "+e.Test)
		delete(p.output, e.Test)
	case "fail":
		r.failed++
		p.failing = append(p.failing, e.Test)
	}
}

func (r *report) handlePackage(e event) {
	p := r.run(e.Package)
	switch e.Action {
	case "output":
		p.output[""] = append(p.output[""], e.Output)
	case "pass":
		r.packages++
		fmt.Fprintf(r.out, "ok    %-28s %5d tests %7.1f s\n", short(e.Package), p.passed, e.Elapsed)
		delete(r.running, e.Package)
	case "skip": // no test files
		r.packages++
		delete(r.running, e.Package)
	case "fail":
		r.packages++
		r.failPackage(e, p)
		delete(r.running, e.Package)
	}
}

// failPackage prints what matters of a package that failed. One that failed
// without a failing test (a crash, a build, a data race at exit) counts as one.
func (r *report) failPackage(e event, p *run) {
	name := short(e.Package)
	var failures []failure
	for _, test := range leaves(p) {
		failures = append(failures, failure{name, test, p.output[test]})
	}
	if len(p.failing) == 0 {
		r.failed++
		output := slices.Concat(r.builds[e.FailedBuild], p.output[p.last])
		if p.last != "" {
			output = append(output, p.output[""]...)
		}
		failures = append(failures, failure{name, p.last, output})
	}
	fmt.Fprintf(r.out, "FAIL  %-28s %5d tests %7.1f s: %s\n", name, p.passed, e.Elapsed, names(failures))
	for _, f := range failures {
		r.show(f)
	}
	if len(p.failing) > 0 {
		r.show(failure{name, "", p.output[""]})
	}
	r.failures = append(r.failures, failures...)
}

// leaves are the failing tests without those that failed only for a subtest.
func leaves(p *run) (out []string) {
	for _, test := range p.failing {
		inner := slices.ContainsFunc(p.failing, func(other string) bool { return strings.HasPrefix(other, test+"/") })
		if !inner || slices.ContainsFunc(p.output[test], message.MatchString) {
			out = append(out, test)
		}
	}
	return out
}

func names(failures []failure) string {
	var out []string
	for _, f := range failures {
		if f.test != "" {
			out = append(out, f.test)
		}
	}
	return strings.Join(out, ", ")
}

// show prints the digest of a failure and keeps the rest of it in a file.
func (r *report) show(f failure) {
	for _, line := range f.digest() {
		fmt.Fprintf(r.out, "      %s\n", line)
	}
	if r.outputs == "" || f.test == "" && len(f.output) <= mostLines {
		return
	}
	file, err := f.save(r.outputs)
	if err != nil {
		fmt.Fprintf(r.out, "      (its output is not kept: %v)\n", err)
		return
	}
	fmt.Fprintf(r.out, "      all of it: %s\n", file)
}

// finish says what never ended and what was skipped, and prints the counts.
func (r *report) finish() {
	var left []string
	for name := range r.running {
		left = append(left, name)
	}
	slices.Sort(left)
	for _, name := range left {
		r.failPackage(event{Package: name}, r.running[name])
	}
	for _, s := range r.skips {
		fmt.Fprintf(r.out, "skip  %s\n", s)
	}
	fmt.Fprintf(r.out, "%d passed, %d failed", r.passed, r.failed)
	if r.skipped > 0 {
		fmt.Fprintf(r.out, ", %d skipped", r.skipped)
	}
	fmt.Fprintln(r.out)
}

func (r *report) appendCounts(file string) error {
	return appendTo(file, fmt.Sprintln(r.passed, r.failed, r.skipped))
}

// appendFailures adds a line per failure with the first that it said.
func (r *report) appendFailures(file string) error {
	var list strings.Builder
	for _, f := range r.failures {
		fmt.Fprintf(&list, "%s: %s\n", f.name(), f.brief())
	}
	return appendTo(file, list.String())
}

func appendTo(file, text string) error {
	f, err := os.OpenFile(file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Close())
}

func (r *report) run(name string) *run {
	p := r.running[name]
	if p == nil {
		p = &run{output: make(map[string][]string)}
		r.running[name] = p
	}
	return p
}

// short leaves the module's path out of a package's.
func short(name string) string {
	if rest, ok := strings.CutPrefix(name, "github.com/meridian-video/meridian/"); ok {
		return rest
	}
	return name
}
