package room

import (
	"slices"
	"sync"
	"time"

	"github.com/meridian-video/meridian/geo"
)

// suspectFor is how long a node that did not answer is passed over. Short: a
// suspicion costs a room a needless takeover, a dead node costs a time-out.
const suspectFor = 3 * time.Second

// downFor is how long a link that is down speaks against its node; after it the
// node is tried again, since whoever is passed over gets no occasion to answer.
const downFor = 30 * time.Second

// health is which nodes count as alive for the choice of a room's directory,
// home and standby: those of the membership without the ones that this node
// itself cannot reach. Safe for concurrent use.
type health struct {
	self    geo.NodeID
	nodes   func() []geo.NodeID
	prefers func(Key, geo.NodeID) bool // nil: none
	drains  func(geo.NodeID) bool
	now     func() time.Time
	grace   time.Duration

	mu      sync.Mutex
	down    map[geo.NodeID]time.Time // link down since
	suspect map[geo.NodeID]time.Time // until
}

func newHealth(cfg Config) *health {
	return &health{
		self: cfg.Self, nodes: cfg.Nodes, prefers: cfg.Prefers, drains: cfg.Drains, now: cfg.Now, grace: cfg.LinkGrace,
		down: map[geo.NodeID]time.Time{}, suspect: map[geo.NodeID]time.Time{},
	}
}

func (h *health) link(n geo.NodeID, up bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if up {
		delete(h.down, n)
		delete(h.suspect, n)
		return
	}
	if _, ok := h.down[n]; !ok {
		h.down[n] = h.now()
	}
}

// failed notes that a node did not answer.
func (h *health) failed(n geo.NodeID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.suspect[n] = h.now().Add(suspectFor)
}

// answered notes that a node answered a call of ours.
func (h *health) answered(n geo.NodeID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.suspect, n)
	delete(h.down, n)
}

func (h *health) suspected(n geo.NodeID, now time.Time) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if until, ok := h.suspect[n]; ok && now.Before(until) {
		return true
	}
	since, ok := h.down[n]
	return ok && now.Sub(since) >= h.grace && now.Sub(since) < downFor
}

// member reports whether the membership lists a node as living.
func (h *health) member(n geo.NodeID) bool {
	return n == h.self || slices.Contains(h.nodes(), n)
}

// alive reports whether a node is a member and not suspected.
func (h *health) alive(n geo.NodeID) bool {
	return n == h.self || h.member(n) && !h.suspected(n, h.now())
}

// rank is the living nodes in the room's order: the first is the room's
// directory. This node is always among them.
func (h *health) rank(k Key) []geo.NodeID { return h.order(k, h.reachable()) }

// reachable is the living nodes in no order, this one among them.
func (h *health) reachable() []geo.NodeID {
	now := h.now()
	nodes := []geo.NodeID{h.self}
	for _, n := range h.nodes() {
		if n != h.self && !h.suspected(n, now) {
			nodes = append(nodes, n)
		}
	}
	return nodes
}

// order is nodes in rendezvous order: those that the room prefers, the others, and
// last those that drain.
func (h *health) order(k Key, nodes []geo.NodeID) []geo.NodeID {
	ranked := geo.Rendezvous(k.rank(), nodes)
	class := make(map[geo.NodeID]int, len(ranked))
	for _, n := range ranked {
		switch {
		case h.drains(n):
			class[n] = 2
		case h.prefers != nil && !h.prefers(k, n):
			class[n] = 1
		}
	}
	slices.SortStableFunc(ranked, func(a, b geo.NodeID) int { return class[a] - class[b] })
	return ranked
}

// heir is the node that is to have the room of this one, which drains; empty
// where this one does not, or no other takes it.
func (h *health) heir(k Key) geo.NodeID {
	if first := h.rank(k)[0]; h.drains(h.self) && first != h.self && !h.drains(first) {
		return first
	}
	return ""
}

// suspects is the members that this node cannot reach.
func (h *health) suspects() []geo.NodeID {
	now := h.now()
	var out []geo.NodeID
	for _, n := range h.nodes() {
		if n != h.self && h.suspected(n, now) {
			out = append(out, n)
		}
	}
	return out
}
