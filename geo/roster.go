package geo

import (
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/memberlist"
)

const (
	// maxStates bounds the records kept, among them those of ids not (or no
	// longer) in the membership.
	maxStates = 4096
	// maxContacts and contactFor bound the nodes the rejoin loop remembers.
	maxContacts = 1024
	contactFor  = 24 * time.Hour
)

// roster is what has been heard, guarded by one lock that is held for map
// accesses only. It calls nothing, so that memberlist may call it under its
// own locks.
type roster struct {
	mu       sync.Mutex
	living   map[NodeID]member
	states   map[NodeID]state
	contacts map[NodeID]contact
}

// member is a living node as its metadata describes it.
type member struct {
	node Node
	addr string // of its gossip
}

// contact is where a node once was.
type contact struct {
	addr string
	seen time.Time // last known to live
}

func newRoster() *roster {
	return &roster{
		living:   make(map[NodeID]member),
		states:   make(map[NodeID]state),
		contacts: make(map[NodeID]contact),
	}
}

func (r *roster) joined(n Node, addr string, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.living[n.ID] = member{n, addr}
	r.remember(n.ID, contact{addr, now})
}

func (r *roster) left(id NodeID, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	m, ok := r.living[id]
	if !ok {
		return
	}
	delete(r.living, id)
	delete(r.states, id)
	r.remember(id, contact{m.addr, now})
}

func (r *roster) remember(id NodeID, c contact) {
	if _, ok := r.contacts[id]; !ok && len(r.contacts) >= maxContacts {
		oldest, at := NodeID(""), c.seen
		for other, k := range r.contacts {
			if _, lives := r.living[other]; !lives && k.seen.Before(at) {
				oldest, at = other, k.seen
			}
		}
		if oldest == "" {
			return
		}
		delete(r.contacts, oldest)
	}
	r.contacts[id] = c
}

// heard keeps a record; it reports whether the record was news, and whether
// it was refused for want of room.
func (r *roster) heard(s state) (news, refused bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	old, ok := r.states[s.id]
	if ok && s.version <= old.version {
		return false, false
	}
	if _, lives := r.living[s.id]; !ok && !lives && len(r.states) >= maxStates {
		return false, true
	}
	r.states[s.id] = s
	return true, false
}

func (r *roster) allStates() []state {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Collect(maps.Values(r.states))
}

// nodes are the living but for others that are skewed.
func (r *roster) nodes(self NodeID) []Node {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := make([]Node, 0, len(r.living))
	for id := range r.living {
		if id == self || !r.states[id].skewed {
			all = append(all, r.merged(id))
		}
	}
	slices.SortFunc(all, func(a, b Node) int { return strings.Compare(string(a.ID), string(b.ID)) })
	return all
}

func (r *roster) lookup(self, id NodeID) (Node, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, ok := r.living[id]; !ok || id != self && r.states[id].skewed {
		return Node{}, false
	}
	return r.merged(id), true
}

func (r *roster) merged(id NodeID) Node {
	n := r.living[id].node
	if s, ok := r.states[id]; ok {
		n.Load, n.Full, n.Draining, n.Gray = s.load, s.full, s.draining, s.gray || s.skewed
		if s.coord != nil {
			n.Coordinate = s.coord.Clone()
		}
	}
	return n
}

func (r *roster) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.living)
}

// lost returns the addresses of nodes that were here and are not; those not
// heard of for a day are given up.
func (r *roster) lost(now time.Time) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var addrs []string
	for id, c := range r.contacts {
		if _, lives := r.living[id]; lives {
			continue
		}
		if now.Sub(c.seen) > contactFor {
			delete(r.contacts, id)
			continue
		}
		addrs = append(addrs, c.addr)
	}
	slices.Sort(addrs)
	return slices.Compact(addrs)
}

// others returns the addresses of the living besides one.
func (r *roster) others(than NodeID) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var addrs []string
	for id, m := range r.living {
		if id != than {
			addrs = append(addrs, m.addr)
		}
	}
	return addrs
}

// livesAt reports whether a living node gossips at an address.
func (r *roster) livesAt(addr string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, m := range r.living {
		if m.addr == addr {
			return true
		}
	}
	return false
}

// notice is a state record waiting to be sent; a newer one of the same node
// takes its place.
type notice struct {
	id  NodeID
	msg []byte
}

func (b notice) Invalidates(other memberlist.Broadcast) bool {
	o, ok := other.(notice)
	return ok && o.id == b.id
}
func (b notice) Name() string    { return string(b.id) }
func (b notice) Message() []byte { return b.msg }
func (b notice) Finished()       {}
