package picture

import (
	"cmp"
	"maps"
	"slices"

	"github.com/meridian-video/meridian/edge/glance"
	"github.com/meridian-video/meridian/geo"
)

// From when on a link is remarkable.
const (
	lossyFrom = 0.01 // share of packets
	queueFrom = 30.0 // ms of one-way delay over its least
	// A round trip is long when it is half as much again as the distance explains, and
	// a good deal more than the guess is wrong by on short ways.
	excessShare = 1.5
	excessLeast = 25.0 // ms
)

// pair names a link by its ends.
type pair struct{ a, b geo.NodeID }

// links are what the nodes say of their links, put together by pairs of living nodes.
func links(in Input, sites map[geo.NodeID]*Site) []Link {
	all := map[pair]*Link{}
	for _, id := range slices.Sorted(maps.Keys(in.Glances)) {
		for _, l := range in.Glances[id].Links {
			if _, lives := sites[l.To]; !lives || l.To == id {
				continue
			}
			p := pair{min(id, l.To), max(id, l.To)}
			if all[p] == nil {
				all[p] = &Link{A: p.a, B: p.b, Usual: usual(sites[p.a], sites[p.b])}
			}
			if id == p.a {
				all[p].There = &Way{Link: l}
			} else {
				all[p].Back = &Way{Link: l}
			}
		}
	}
	list := make([]Link, 0, len(all))
	for _, l := range all {
		l.judge()
		list = append(list, *l)
	}
	slices.SortFunc(list, func(x, y Link) int { return cmp.Or(cmp.Compare(x.A, y.A), cmp.Compare(x.B, y.B)) })
	return list
}

// usual is the round trip that the distance explains, in ms.
func usual(a, b *Site) float64 {
	if a == nil || b == nil {
		return 0
	}
	return millis(a.point().RoundTrip(b.point()))
}

// judge finds the states: what one end hears says how the other's way is.
func (l *Link) judge() {
	l.State = LinkOK
	for _, w := range []struct{ own, other *Way }{{l.There, l.Back}, {l.Back, l.There}} {
		if w.own == nil {
			continue
		}
		w.own.State = wayState(w.own.Link, w.other, l.Usual)
		if w.own.State.Compare(l.State) > 0 {
			l.State = w.own.State
		}
	}
	// The end that nothing comes to may be the only one that says anything.
	if l.State != LinkDown && (l.There == nil && l.Back.Deaf || l.Back == nil && l.There.Deaf) {
		l.State = LinkCut
	}
}

func wayState(l glance.Link, other *Way, usual float64) LinkState {
	switch {
	case !l.Up && other != nil && other.Up: // the other end has one: it is new, or about to go
		return LinkCut
	case !l.Up:
		return LinkDown
	case l.Unheard, other != nil && other.Deaf:
		return LinkCut
	case l.Loss >= lossyFrom:
		return LinkLossy
	case l.Queue >= queueFrom, usual > 0 && l.RTT > max(usual*excessShare, usual+excessLeast):
		return LinkSlow
	case l.Via != "":
		return LinkDetour
	}
	return LinkOK
}
