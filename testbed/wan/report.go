//go:build linux

package main

import (
	"fmt"
	"io"
	"math"
	"slices"
	"text/tabwriter"
	"time"
)

// report is what the trials of one fault gave.
type report struct {
	fault    fault
	outcomes []outcome
	never    int // trials that were not made: nothing went around the cut
}

func (r *report) add(o outcome) { r.outcomes = append(r.outcomes, o) }

// column is one figure of all trials, "p50 / p95 / longest" in ms.
func (r *report) column(of func(outcome) time.Duration) string {
	var in []time.Duration
	over := 0
	for _, o := range r.outcomes {
		if d := of(o); d < 0 {
			over++
		} else {
			in = append(in, d)
		}
	}
	text := "-"
	if len(in) > 0 {
		text = fmt.Sprintf("%d / %d / %d", quantile(in, 0.5), quantile(in, 0.95), quantile(in, 1))
	}
	if over > 0 {
		text += fmt.Sprintf(", %d not in time", over)
	}
	return text
}

// quantile is the smallest value that at least the share q do not exceed, in ms.
func quantile(all []time.Duration, q float64) int64 {
	sorted := slices.Sorted(slices.Values(all))
	i := int(math.Ceil(q*float64(len(sorted)))) - 1
	return sorted[max(0, min(i, len(sorted)-1))].Milliseconds()
}

// write prints a table.
func write(w io.Writer, reports []*report) {
	fmt.Fprintln(w, "p50 / p95 / longest, ms; sound, others: without it between people not hit; hit: between those hit and all others")
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "case\ttrials\tsound, others\tpictures, others\tsound, hit\tpictures, hit\tdecided\tfalse leaves\trenamed\tmoved")
	for _, r := range reports {
		leaves, renamed, moved := 0, 0, 0
		for _, o := range r.outcomes {
			leaves += o.leaves
			renamed += o.renamed
			moved += o.moved
		}
		fmt.Fprintf(t, "%s %s\t%d\t%s\t%s\t%s\t%s\t%s\t%d\t%d\t%d\n", r.fault.name, r.fault.death, len(r.outcomes),
			r.column(func(o outcome) time.Duration { return o.others[0] }), r.column(func(o outcome) time.Duration { return o.others[1] }),
			r.column(func(o outcome) time.Duration { return o.hit[0] }), r.column(func(o outcome) time.Duration { return o.hit[1] }),
			r.column(func(o outcome) time.Duration { return o.decided }), leaves, renamed, moved)
		if r.never > 0 {
			fmt.Fprintf(t, "\t%d more were not made: no media came around the cut in time\n", r.never)
		}
	}
	_ = t.Flush()
}
