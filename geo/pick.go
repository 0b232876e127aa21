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
	// rttStep is the grain of round-trip estimates: differences below it are
	// noise of the estimate, and load decides.
	rttStep = 5 * time.Millisecond
	// A POP has to be better than the current one by both stayTime and
	// stayShare, the rule clients use for what they measure themselves.
	stayTime  = 10 * time.Millisecond
	stayShare = 0.20
)

// Request is one question to Pick.
type Request struct {
	// Self is the answering node, from which round trips are estimated: the
	// asker reached it by name or by anycast, so it is where the asker is.
	Self NodeID
	// Holders are nodes that already serve the room. Inside a POP they come
	// first, so that a room stays together until its node is loaded.
	Holders []NodeID
	// POP is where the room prefers to be; it decides between POPs that are
	// equally near. Empty: no preference.
	POP POP
	// Current is the node the asker is on now; it is given up only for a clear
	// gain. Empty: a first join.
	Current NodeID
	// Exclude are nodes the asker does not want, as they just failed it.
	Exclude []NodeID
	// Max bounds the answer; 0 means all.
	Max int
	// RTT estimates round trips; (*Members).RTT fits. May be nil.
	RTT func(from, to NodeID) (time.Duration, bool)
}

// Ranked is a place in the answer.
type Ranked struct {
	Node Node
	RTT  time.Duration // estimated from Request.Self
	// Known says whether RTT is an estimate at all.
	Known bool
}

// Pick ranks the nodes somebody should try, best first: living edges that are
// neither draining nor full nor excluded. It is a pure function of its
// arguments and independent of the order of nodes.
//
// The answering node is first. Then the best node of every other POP follows,
// POPs in order of their estimated round trip (a POP where every node is
// overloaded goes last), so that a list used for failover covers different
// sites early; then the second nodes of the POPs, and so on. Inside a POP nodes
// are ranked by overload, by holding the room, by load, and by id.
func Pick(nodes []Node, req Request) []Ranked {
	usable := usableNodes(nodes, req)
	sites := group(usable, req)
	slices.SortFunc(sites, func(a, b *site) int { return a.compare(b) })

	out := make([]Ranked, 0, len(usable))
	taken := func(id NodeID) bool {
		return slices.ContainsFunc(out, func(r Ranked) bool { return r.Node.ID == id })
	}
	add := func(s *site, n Node) {
		r := Ranked{Node: n, RTT: s.rtt, Known: s.known}
		if n.ID == req.Self {
			r.RTT, r.Known = 0, true
		}
		out = append(out, r)
	}
	// The answering node goes first and counts as its POP's entry of round 0.
	for _, s := range sites {
		if i := slices.IndexFunc(s.nodes, func(n Node) bool { return n.ID == req.Self }); i >= 0 {
			self := s.nodes[i]
			s.nodes = slices.Insert(slices.Delete(s.nodes, i, i+1), 0, self)
			add(s, self)
		}
	}
	for round := 0; len(out) < len(usable); round++ {
		for _, s := range sites {
			if round < len(s.nodes) && !taken(s.nodes[round].ID) {
				add(s, s.nodes[round])
			}
		}
	}
	if req.Max > 0 && len(out) > req.Max {
		out = out[:req.Max]
	}
	return out
}

func usableNodes(nodes []Node, req Request) []Node {
	usable := make([]Node, 0, len(nodes))
	for _, n := range nodes {
		twice := slices.ContainsFunc(usable, func(u Node) bool { return u.ID == n.ID })
		if n.Role == RoleEdge && !n.Draining && !n.Full && !twice && !slices.Contains(req.Exclude, n.ID) {
			usable = append(usable, n)
		}
	}
	return usable
}

// site is a POP with its usable nodes, best first.
type site struct {
	pop       POP
	nodes     []Node
	rtt       time.Duration
	known     bool
	grade     int64 // rtt in steps, after the advantage of the current POP
	preferred bool
	loaded    bool // every node is
}

func group(usable []Node, req Request) []*site {
	loaded := func(n Node) bool {
		if n.ID == req.Current {
			return n.Load > overloadCurrent
		}
		return n.Load > overload
	}
	holds := func(n Node) bool { return slices.Contains(req.Holders, n.ID) }
	var own POP // of the answering node
	byPOP := make(map[POP]*site)
	var sites []*site
	for _, n := range usable {
		s := byPOP[n.POP]
		if s == nil {
			s = &site{pop: n.POP, preferred: req.POP != "" && n.POP == req.POP}
			byPOP[n.POP] = s
			sites = append(sites, s)
		}
		s.nodes = append(s.nodes, n)
		if n.ID == req.Self {
			own = n.POP
		}
	}
	for _, s := range sites {
		slices.SortFunc(s.nodes, func(a, b Node) int {
			return cmp.Or(
				first(!loaded(a), !loaded(b)),
				first(holds(a), holds(b)),
				cmp.Compare(a.Load, b.Load),
				cmp.Compare(a.ID, b.ID))
		})
		s.loaded = loaded(s.nodes[0])
		s.estimate(req, s.pop == own && own != "")
	}
	return sites
}

// estimate takes the shortest known round trip to a node of the site.
func (s *site) estimate(req Request, own bool) {
	if own {
		s.known = true
	} else if req.RTT != nil {
		for _, n := range s.nodes {
			if d, ok := req.RTT(req.Self, n.ID); ok && (!s.known || d < s.rtt) {
				s.rtt, s.known = max(d, 0), true
			}
		}
	}
	s.grade = math.MaxInt64
	if !s.known {
		return
	}
	at := s.rtt
	if slices.ContainsFunc(s.nodes, func(n Node) bool { return n.ID == req.Current }) {
		at -= max(stayTime, time.Duration(stayShare*float64(at)))
	}
	s.grade = int64(math.Floor(float64(at) / float64(rttStep)))
}

func (s *site) compare(o *site) int {
	return cmp.Or(
		first(!s.loaded, !o.loaded),
		cmp.Compare(s.grade, o.grade),
		first(s.preferred, o.preferred),
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
