package queue

import (
	"cmp"
	"slices"
	"time"
)

// Work is what may be done of a lane now. Groups may run beside each other; within one, a delivery begins when
// the one before has succeeded or is dead, unless the group is loose.
type Work struct {
	Groups []Group
	Held   map[string]Wait // series that wait for their heads
}

// Wait is what those behind a head do.
type Wait struct {
	Behind int64     // seq of the head
	Until  time.Time // at most
}

// Group is deliveries of one series in their order, or one without a series.
type Group struct {
	Series     string
	Deliveries []Delivery
	Loose      bool   // the order is given up: a failure does not stop the next
	Head       string // of a loose group: when it has an outcome, there is an order again
}

// Plan orders what is due. Chains hold the oldest pending deliveries of each series, due or not. All of a series
// waits for the first of them, its head, from whose first failure on at most a time hold; after that whatever is
// due goes, until that head has an outcome, and whoever receives them orders them by seq.
func Plan(due []Delivery, chains map[string][]Delivery, now time.Time, hold time.Duration) Work {
	w := Work{Held: map[string]Wait{}}
	loose := map[string]int{} // index of a series' group
	for _, d := range due {
		chain := chains[d.Series]
		if d.Series == "" || len(chain) == 0 {
			w.Groups = append(w.Groups, Group{Deliveries: []Delivery{d}})
			continue
		}
		i, known := loose[d.Series]
		switch {
		case known && i >= 0:
			w.Groups[i].Deliveries = append(w.Groups[i].Deliveries, d)
		case known:
		case passed(chain[0], now, hold):
			loose[d.Series] = len(w.Groups)
			w.Groups = append(w.Groups, Group{Series: d.Series, Deliveries: []Delivery{d}, Loose: true, Head: chain[0].ID})
		default:
			loose[d.Series] = -1
			w.strict(d.Series, chain, now, hold)
		}
	}
	for _, g := range w.Groups {
		slices.SortStableFunc(g.Deliveries, func(a, b Delivery) int { return cmp.Compare(a.Seq, b.Seq) })
	}
	return w
}

// strict takes a chain up to the first that waits for its next attempt. What has not been tried is due whatever
// its time says: another node's clock may have set it.
func (w *Work) strict(series string, chain []Delivery, now time.Time, hold time.Duration) {
	n := slices.IndexFunc(chain, func(d Delivery) bool { return d.Attempts > 0 && d.Due.After(now) })
	switch n {
	case 0:
		w.Held[series] = chain[0].Wait(hold)
	case -1:
		w.Groups = append(w.Groups, Group{Series: series, Deliveries: chain})
	default:
		w.Groups = append(w.Groups, Group{Series: series, Deliveries: chain[:n]})
	}
}

// Wait is that of those behind a delivery that has failed.
func (d Delivery) Wait(hold time.Duration) Wait { return Wait{d.Seq, d.Begun.Add(hold)} }

func passed(head Delivery, now time.Time, hold time.Duration) bool {
	return !head.Begun.IsZero() && !head.Wait(hold).Until.After(now)
}
