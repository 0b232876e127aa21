package geo

import (
	"slices"
	"time"

	"github.com/meridian-video/meridian/geo/place"
)

// Placement says what a node is near to.
type Placement string

// The placements.
const (
	// Nearest is the node with the shortest way for the asker.
	Nearest Placement = "nearest"
	// NearRoom is, among the nodes that are hardly farther than the nearest, the
	// one from which the way to the room's other nodes is the shortest, too.
	NearRoom Placement = "room"
)

// Request is one question to Pick.
type Request struct {
	// Self is the answering node. Where nothing better is known of the asker it
	// is where the asker is, who reached it by name or by anycast.
	Self NodeID
	// Trips are round trips that the asker has measured.
	Trips map[NodeID]time.Duration
	// At is where the asker's address or time zone is; nil: not known.
	At *place.Point
	// Placement: empty means Nearest.
	Placement Placement
	// Holders are nodes that already serve the room. Inside a POP they come
	// first, so that a room stays together until its node is loaded.
	Holders []NodeID
	// POPs are where the room prefers to be; they decide between POPs that are
	// equally near.
	POPs []POP
	// Asked are POPs the asker has asked for; they go before all others, unless
	// they are overloaded.
	Asked []POP
	// Current is the node the asker is on now; it is given up only for a clear
	// gain. Empty: a first join.
	Current NodeID
	// Exclude are nodes the asker does not want, as they just failed it.
	Exclude []NodeID
	// Max bounds the answer; 0 means all.
	Max int
	// RTT estimates round trips; (*Members).RTT fits. May be nil.
	RTT func(from, to NodeID) (time.Duration, bool)
	// Place says where a POP is whose nodes do not say it. May be nil.
	Place func(POP) (place.Point, bool)
}

// Ranked is a place in the answer.
type Ranked struct {
	Node Node
	RTT  time.Duration // estimated for the asker
	// Known says whether RTT is an estimate at all.
	Known bool
}

// measured is how many of a list clients measure themselves.
const measured = 3

// Pick ranks the nodes somebody should try, best first: living edges that are
// neither draining nor full nor gray nor excluded. Where all others are gray,
// gray ones are better than none. It is a pure function of its arguments and
// independent of the order of nodes.
//
// The best node of every POP comes first, POPs in the order of their way (a POP
// where every node is overloaded goes last), so that a list used for failover
// covers different sites early; then the second nodes of the POPs, and so on.
// Inside a POP nodes are ranked by overload, by holding the room, by being the
// one that answers, by load, and by id.
//
// The way is what the asker measured; else a guess by where the asker and the
// POPs are; else the estimate between nodes, from the answering one, which is then
// the first. It is always among those that clients measure, if it can be used
// at all: a guess may be wrong.
func Pick(nodes []Node, req Request) []Ranked {
	usable := usableNodes(nodes, req)
	w := ways{req: req, nodes: usable}
	sites := group(usable, req)
	for _, s := range sites {
		s.estimate(w)
	}
	if req.Placement == NearRoom {
		towardsRoom(sites, w, nodes)
	}
	for _, s := range sites {
		s.weigh(req)
	}
	slices.SortFunc(sites, func(a, b *site) int { return a.compare(b) })
	selfFirst := !w.guessed() && len(req.Asked) == 0
	if selfFirst {
		for _, s := range sites {
			s.lead(req.Self)
		}
	}

	out := make([]Ranked, 0, len(usable))
	for round := 0; len(out) < len(usable); round++ {
		for _, s := range sites {
			if round < len(s.nodes) {
				out = append(out, Ranked{Node: s.nodes[round], RTT: s.way, Known: s.known})
			}
		}
	}
	if i := slices.IndexFunc(out, func(r Ranked) bool { return r.Node.ID == req.Self }); i >= 0 {
		out = keepSelf(out, i, selfFirst)
	}
	if req.Max > 0 && len(out) > req.Max {
		out = out[:req.Max]
	}
	return out
}

// keepSelf moves the answering node, at i, to the front where it is all that is
// known of the asker, else to where it is measured at least.
func keepSelf(out []Ranked, i int, front bool) []Ranked {
	self, to := out[i], min(i, measured-1)
	if front {
		self.RTT, self.Known, to = 0, true, 0
	}
	return slices.Insert(slices.Delete(out, i, i+1), to, self)
}

func usableNodes(nodes []Node, req Request) []Node {
	var sound, gray []Node
	seen := make(map[NodeID]bool, len(nodes))
	for _, n := range nodes {
		if n.Role != RoleEdge || n.Draining || n.Full || seen[n.ID] || slices.Contains(req.Exclude, n.ID) {
			continue
		}
		seen[n.ID] = true
		if n.Gray {
			gray = append(gray, n)
		} else {
			sound = append(sound, n)
		}
	}
	if len(sound) == 0 {
		return gray
	}
	return sound
}
