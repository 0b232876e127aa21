package geo

import (
	"cmp"
	"math"
	"slices"
	"time"
)

const (
	// overload is the load above which a node sinks behind every other node:
	// what is left is for the people it already serves.
	overload = 0.80
	// overloadCurrent is the same for the node someone is on, so that a load
	// swinging about 80 % does not send people to and fro.
	overloadCurrent = 0.90
	// rttStep is the grain of round trips: differences below it are noise, and
	// load decides. guessStep is that of guesses by place, some 600 km.
	rttStep   = 5 * time.Millisecond
	guessStep = 10 * time.Millisecond
	// loadGrain is the difference of load that decides between POPs as near.
	loadGrain = 0.1
	// A POP has to be better than the current one by both stayTime and
	// stayShare, the rule clients use for what they measure themselves.
	stayTime  = 10 * time.Millisecond
	stayShare = 0.20
)

// site is a POP with its usable nodes, best first.
type site struct {
	pop   POP
	nodes []Node

	way     time.Duration // of the asker to it
	known   bool
	guessed bool          // by place
	beyond  time.Duration // on to the room's nodes
	far     bool          // too far to be chosen for the room's sake

	cost      time.Duration // the way with all advantages and handicaps
	grade     int64         // of the cost: ns, in whole steps
	preferred bool
	asked     bool
	loaded    bool // every node is
}

// group sorts nodes into sites.
func group(usable []Node, req Request) []*site {
	byPOP := make(map[POP]*site)
	var sites []*site
	for _, n := range usable {
		s := byPOP[n.POP]
		if s == nil {
			s = &site{pop: n.POP, preferred: slices.Contains(req.POPs, n.POP), asked: slices.Contains(req.Asked, n.POP)}
			byPOP[n.POP] = s
			sites = append(sites, s)
		}
		s.nodes = append(s.nodes, n)
	}
	for _, s := range sites {
		s.order(req)
	}
	return sites
}

// order ranks the nodes of a site.
func (s *site) order(req Request) {
	loaded := func(n Node) bool {
		if n.ID == req.Current {
			return n.Load > overloadCurrent
		}
		return n.Load > overload
	}
	holds := func(n Node) bool { return slices.Contains(req.Holders, n.ID) }
	slices.SortFunc(s.nodes, func(a, b Node) int {
		return cmp.Or(
			first(!loaded(a), !loaded(b)),
			first(holds(a), holds(b)),
			first(a.ID == req.Self, b.ID == req.Self),
			cmp.Compare(a.Load, b.Load),
			cmp.Compare(a.ID, b.ID))
	})
	s.loaded = loaded(s.nodes[0])
}

// lead puts a node of the site before the others.
func (s *site) lead(id NodeID) {
	if i := slices.IndexFunc(s.nodes, func(n Node) bool { return n.ID == id }); i > 0 {
		n := s.nodes[i]
		s.nodes = slices.Insert(slices.Delete(s.nodes, i, i+1), 0, n)
	}
}

// holds says whether a site has one of these nodes.
func (s *site) holds(ids ...NodeID) bool {
	return slices.ContainsFunc(s.nodes, func(n Node) bool { return slices.Contains(ids, n.ID) })
}

// estimate takes the shortest known way to a node of the site.
func (s *site) estimate(w ways) {
	for _, n := range s.nodes {
		if d, guessed, ok := w.to(n); ok && (!s.known || d < s.way) {
			s.way, s.guessed, s.known = max(d, 0), guessed, true
		}
	}
}

// weigh grades a site by its way, the operator's handicap, and whether the asker
// is there already.
func (s *site) weigh(req Request) {
	s.grade = math.MaxInt64
	if !s.known {
		return
	}
	s.cost = s.way + s.beyond + s.nodes[0].Handicap
	if s.holds(req.Current) {
		s.cost -= max(stayTime, time.Duration(stayShare*float64(s.cost)))
	}
	step := rttStep
	if s.guessed {
		step = guessStep
	}
	s.grade = int64(math.Floor(float64(s.cost)/float64(step))) * int64(step)
}

func (s *site) compare(o *site) int {
	return cmp.Or(
		first(!s.loaded, !o.loaded),
		first(s.asked, o.asked),
		first(!s.far, !o.far),
		cmp.Compare(s.grade, o.grade),
		first(s.preferred, o.preferred),
		cmp.Compare(math.Floor(s.nodes[0].Load/loadGrain), math.Floor(o.nodes[0].Load/loadGrain)),
		cmp.Compare(s.cost, o.cost),
		cmp.Compare(s.nodes[0].Load, o.nodes[0].Load),
		cmp.Compare(s.pop, o.pop))
}

// first orders true before false.
func first(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	default:
		return 1
	}
}
