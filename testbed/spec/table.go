package spec

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"
)

// Table writes what the lists ask and which tests show it, as Markdown.
func Table(lists []List, covers []Cover, open map[string]string) string {
	tests := make(map[string][]Cover)
	for _, c := range covers {
		tests[c.ID] = append(tests[c.ID], c)
	}
	var b strings.Builder
	b.WriteString("# What is asked, and what shows it\n\n" +
		"Written by `go test ./testbed/spec -update` from the lists of this folder and from the lines “Covers …” above tests.\n\n")
	for _, list := range lists {
		fmt.Fprintf(&b, "%d of %d rows of “%s” have a test. ", shown(list, tests), len(list.Rows), list.Title)
	}
	b.WriteString("\n")
	for _, list := range lists {
		fmt.Fprintf(&b, "\n## %s\n\n| id | feature | criterion | where | tests |\n|---|---|---|---|---|\n", list.Title)
		for _, r := range list.Rows {
			fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", r.ID, r.Feature, r.Criterion, r.Place, proofs(r, tests[r.ID], open[r.ID]))
		}
	}
	return b.String()
}

func shown(list List, tests map[string][]Cover) (n int) {
	for _, r := range list.Rows {
		if len(tests[r.ID]) > 0 {
			n++
		}
	}
	return n
}

// proofs is the last cell of a row.
func proofs(r Requirement, covers []Cover, lacks string) string {
	if len(covers) == 0 {
		return why(r, lacks)
	}
	slices.SortFunc(covers, func(a, b Cover) int {
		return cmp.Or(strings.Compare(a.File, b.File), strings.Compare(a.Test, b.Test))
	})
	var cells []string
	for _, c := range covers {
		cells = append(cells, fmt.Sprintf("`%s` %s", strings.TrimSuffix(path.Dir(c.File), "/."), strings.ReplaceAll(c.Test, "|", `\|`)))
	}
	return strings.Join(slices.Compact(cells), "<br>")
}
