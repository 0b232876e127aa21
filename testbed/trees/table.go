package main

import (
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/meridian-video/meridian/relay/tree"
)

func (r *result) print(out io.Writer) {
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	defer t.Flush()
	w := r.world
	fmt.Fprintf(t, "%d sites, %d rooms, %d people, %d trees (one for each node that publishes in a room)\n\n", len(w.net.sites), len(w.rooms), r.calls.people+r.webinars.people, len(w.trees))
	fmt.Fprintln(t, "rooms\tnumber\tpeople\ttrees\tcopies\tcarriers\tbetween regions\tstar\tbound\tMm of copies\tstar\tbound\tfan-out p99\tmax\tstar p99\tmax\tany node\t")
	for _, k := range append([]kind{r.calls, r.webinars}, r.sizes...) {
		fmt.Fprintf(t, "%s\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%.0f\t%.0f\t%.0f\t%d\t%d\t%d\t%d\t%d\t\n", k.name, k.rooms, k.people, k.trees, k.copies, k.carried,
			k.far, k.farStar, k.farBound, k.km/1000, k.kmStar/1000, k.kmBound/1000,
			quantileOf(k.fanOut, 0.99), quantileOf(k.fanOut, 1), quantileOf(k.fanOutStar, 0.99), quantileOf(k.fanOutStar, 1), k.served)
	}
	fmt.Fprintln(t, "\t\nrooms\t1 link\t2\t3\tdirect\tsite\thub\tdetour\tspread\tadded delay p50\tp90\tp99\tworst\tbest\tno longer than direct\t")
	for _, k := range append([]kind{r.calls, r.webinars}, r.sizes...) {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%d\t%d\t%d\t%d\t%d\t%s\t%s\t%s\t%s\t%s\t%.1f %%\t\n", k.name,
			share(k.hops[1], k.copies), share(k.hops[2], k.copies), share(k.hops[3], k.copies),
			k.ways[tree.Direct], k.ways[tree.Site], k.ways[tree.Hub], k.ways[tree.Detour], k.ways[tree.Spread],
			ms(k.added.quantile(0.5)), ms(k.added.quantile(0.9)), ms(k.added.quantile(0.99)), ms(k.added.max), ms(k.added.min), 100*k.added.below(0))
	}
	fmt.Fprintln(t, "\t\na site dies\ttrees\tlinks\tcut off\tmoved besides\tplanning\tgap p50\tp99\tworst\t")
	for _, d := range r.deaths {
		fmt.Fprintf(t, "%s\t%d\t%d\t%s\t%s\t%v\t%s\t%s\t%s\t\n", d.site, d.trees, d.edges, share(d.cutOff, d.edges), share(d.moved, d.edges), d.planning.Round(time.Millisecond), ms(d.gap.quantile(0.5)), ms(d.gap.quantile(0.99)), ms(d.gap.max))
	}
	fmt.Fprintf(t, "\t\na link is cut: %d times, %d of them with no way but over those served; gap p50 %s, p99 %s, worst %s; the backup is longer by %s, p99 %s\n",
		r.cuts.tried, r.cuts.alone, ms(r.cuts.gap.quantile(0.5)), ms(r.cuts.gap.quantile(0.99)), ms(r.cuts.gap.max), ms(r.cuts.added.quantile(0.5)), ms(r.cuts.added.quantile(0.99)))
	c := r.changes
	fmt.Fprintf(t, "a node joins a room: %.2f others move (%.2f without history); one leaves: %.2f had it as a parent, %.2f others move (%.2f)\n",
		ratio(c.movedByJoin, c.joins), ratio(c.freshJoin, c.joins), ratio(c.orphans, c.leaves), ratio(c.movedByLeave, c.leaves), ratio(c.freshLeave, c.leaves))
	v := r.views
	fmt.Fprintf(t, "blurred views: %d trees, %d nodes, %d subscriptions asked for, %d refused as loops, %d as too long, %d nodes unserved; ways longer than planned p50 %s, p99 %s, worst %s\n",
		v.trees, v.nodes, v.asked, v.loops, v.long, v.unserved, ms(v.longer.quantile(0.5)), ms(v.longer.quantile(0.99)), ms(v.longer.max))
	var sum time.Duration
	for _, d := range r.planning {
		sum += d
	}
	fmt.Fprintf(t, "planning: %v on average, p50 %v, p99 %v, worst %v; all trees %v of one processor\n",
		(sum / time.Duration(max(1, len(r.planning)))).Round(time.Microsecond), quantileOf(r.planning, 0.5).Round(time.Microsecond), quantileOf(r.planning, 0.99).Round(time.Microsecond), quantileOf(r.planning, 1).Round(time.Microsecond), sum.Round(time.Millisecond))
}

func share(part, whole int) string { return fmt.Sprintf("%.1f %%", 100*ratio(part, whole)) }

func ratio(part, whole int) float64 { return float64(part) / float64(max(whole, 1)) }

func ms(d time.Duration) string {
	return fmt.Sprintf("%.0f ms", float64(d)/float64(time.Millisecond))
}
