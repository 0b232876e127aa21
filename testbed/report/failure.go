package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// failure is a test that failed, or a package that did without any.
type failure struct {
	pkg    string // short
	test   string // "" is the package itself
	output []string
}

// What is printed of a failure, so that a record that keeps only so many
// characters still has the causes of several. The files have everything.
const (
	mostLines = 40
	lastLines = 12  // of them from the end
	mostWidth = 400 // bytes of a line: states of pages run to thousands
)

// The lines that say why: the messages of tests, and what a crash begins with.
var (
	message = regexp.MustCompile(`^\s*\w+_test\.go:\d+: `)
	telling = regexp.MustCompile(`_test\.go:\d+|^panic: |^fatal error: |DATA RACE|^\S+\.go:\d+:`)
	framing = regexp.MustCompile(`^\s*(=== |--- )`)
)

// name is what go test -run takes, behind the package.
func (f failure) name() string { return strings.TrimSpace(f.pkg + " " + f.test) }

// brief is one line that says why, for a list: the latest message of the test,
// since what it logs stands before, else what a crash begins with.
func (f failure) brief() string {
	lines := slices.DeleteFunc(slices.Clone(f.output), func(line string) bool {
		return strings.TrimSpace(line) == "" || framing.MatchString(line)
	})
	for _, line := range slices.Backward(lines) {
		if message.MatchString(line) {
			return crop(strings.TrimSpace(line), mostWidth/2)
		}
	}
	if len(lines) == 0 {
		return "it said nothing"
	}
	first := max(0, slices.IndexFunc(lines, telling.MatchString))
	return crop(strings.TrimSpace(lines[first]), mostWidth/2)
}

// digest is the output without what matters least, with a mark at each gap.
func (f failure) digest() []string {
	var lines []string
	for _, line := range f.output {
		if strings.TrimSpace(line) != "" {
			lines = append(lines, crop(strings.TrimRight(line, "\n"), mostWidth))
		}
	}
	if len(lines) <= mostLines {
		return lines
	}
	var out []string
	left := 0
	keep := chosen(lines)
	for i, line := range lines {
		if !keep[i] {
			left++
			continue
		}
		if left > 0 {
			out = append(out, fmt.Sprintf("    … %d lines", left))
			left = 0
		}
		out = append(out, line)
	}
	return out
}

// chosen marks the last lines, then those that tell from the first on, then what
// stands before the last until the measure is full.
func chosen(lines []string) []bool {
	keep := make([]bool, len(lines))
	n := 0
	mark := func(i int) {
		if n < mostLines && !keep[i] {
			keep[i] = true
			n++
		}
	}
	for i := len(lines) - lastLines; i < len(lines); i++ {
		mark(i)
	}
	for i, line := range lines {
		if telling.MatchString(line) {
			mark(i)
		}
	}
	for i := len(lines) - 1; i >= 0; i-- {
		mark(i)
	}
	return keep
}

// save writes the whole output into a directory and returns the file.
func (f failure) save(dir string) (string, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	name := strings.NewReplacer("/", "-", " ", "-").Replace(f.name())
	file := filepath.Join(dir, crop(name, 150)+".txt")
	return file, os.WriteFile(file, []byte(strings.Join(f.output, "")), 0o644)
}

// crop shortens a text to so many bytes, on the edge of a character.
func crop(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}
