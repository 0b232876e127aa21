package catalog

import (
	"fmt"
	"slices"
	"strings"
)

// Names are all names that the action takes, nested ones with dots.
func (a Action) Names() []string { return names(a.Fields(), "") }

func names(fields []Field, before string) (out []string) {
	for _, f := range fields {
		if len(f.Fields) > 0 {
			out = append(out, names(f.Fields, before+f.Name+".")...)
			continue
		}
		out = append(out, before+f.Name)
	}
	return out
}

// Find is the field of a name with dots.
func (a Action) Find(name string) (Field, bool) { return find(a.Fields(), strings.Split(name, ".")) }

// Help lists what the action can be told, a line each.
func (a Action) Help() string {
	var b strings.Builder
	if len(a.Fields()) > 0 {
		b.WriteString("Fields are told as name=value. An empty value takes away; @FILE reads it from a file, @- from standard input; lists have commas.\n\n")
	}
	for _, name := range a.Names() {
		f, _ := a.Find(name)
		fmt.Fprintf(&b, "  %s=%s\n", name, f.hint())
		if about := f.about(); about != "" {
			fmt.Fprintf(&b, "      %s\n", about)
		}
	}
	for _, r := range a.Routes[:1] {
		if r.Scope != "" {
			fmt.Fprintf(&b, "\nNeeds the scope %s.", r.Scope)
		}
	}
	return b.String()
}

func (f Field) about() string {
	about := f.About
	if f.Required {
		about = strings.TrimSpace("Required. " + about)
	}
	return about
}

// hint is the form of a value.
func (f Field) hint() string {
	switch {
	case len(f.Enum) > 0:
		return strings.Join(f.Enum, "|")
	case f.Type == "boolean":
		return "true|false"
	case f.Type == "array" && f.Of == "string":
		return "text,text"
	case f.Type == "array", f.Type == "object":
		return "JSON"
	case f.Type == "integer", f.Type == "number":
		return "number"
	}
	return "text"
}

// nearest says what may have been meant, or what there is.
func (in *input) nearest(typed string) string {
	all := names(in.route.takes(), "")
	if len(all) == 0 {
		return ": nothing is told here"
	}
	typed, _, _ = strings.Cut(typed, "=")
	best, least := "", len(typed)/2+1
	for _, name := range all {
		last := name[strings.LastIndexByte(name, '.')+1:]
		if d := min(distance(typed, name), distance(typed, last)); d < least {
			best, least = name, d
		}
	}
	if best != "" {
		return "; did you mean " + best + "?"
	}
	if len(all) > 12 {
		all = append(slices.Clone(all[:12]), "…")
	}
	return "; there are " + strings.Join(all, ", ")
}

// distance is how many letters must change (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := before
			if a[i] != b[j] {
				change++
			}
			before = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

// Values are those that a field may have, where they are few.
func (f Field) Values() []string {
	if f.Type == "boolean" {
		return []string{"true", "false"}
	}
	return f.Enum
}
