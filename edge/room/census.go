package room

import (
	"cmp"
	"maps"
	"slices"
	"sync/atomic"

	"github.com/meridian-video/meridian/geo"
)

// census is what of a state's people must be known without looking at each of
// them: a webinar has thousands, and each of them joins once. It follows the
// state, and is no part of it.
type census struct {
	kind    RoomKind
	people  map[string]string // peer ids by attachment
	guests  map[string]string
	nodes   map[geo.NodeID]int // how many are or wait there
	viewers int
	away    map[string]bool // peer ids of who is reconnecting
	listed  map[string]bool // peer ids of whom everybody is told

	// list is the people listed in join order, made when it is asked for: by the
	// room's owner, or by a reader while the owner writes nothing.
	list atomic.Pointer[[]Person]
}

// count is the state's census. That of a core is there from the beginning.
func (s *State) count() *census {
	if s.census == nil {
		s.census = s.counted()
	}
	return s.census
}

func (s *State) counted() *census {
	c := &census{
		kind: s.Kind, people: make(map[string]string, len(s.People)), guests: map[string]string{}, nodes: map[geo.NodeID]int{},
		away: map[string]bool{}, listed: map[string]bool{},
	}
	for _, p := range s.People {
		c.add(p)
	}
	for _, g := range s.Lobby {
		c.guests[g.Attachment] = g.PeerID
		c.nodes[g.Node]++
	}
	return c
}

func (c *census) add(p Person) {
	c.people[p.Attachment] = p.PeerID
	c.nodes[p.Node]++
	if p.Mode == ViewerMode {
		c.viewers++
	}
	if p.State == Reconnecting {
		c.away[p.PeerID] = true
	}
	if c.kind.lists(p) {
		c.listed[p.PeerID] = true
		c.list.Store(nil)
	}
}

func (c *census) drop(p Person) {
	delete(c.people, p.Attachment)
	c.leave(p.Node)
	if p.Mode == ViewerMode {
		c.viewers--
	}
	delete(c.away, p.PeerID)
	if c.listed[p.PeerID] {
		delete(c.listed, p.PeerID)
		c.list.Store(nil)
	}
}

func (c *census) leave(node geo.NodeID) {
	if c.nodes[node]--; c.nodes[node] == 0 {
		delete(c.nodes, node)
	}
}

// put makes a person be there as they are now.
func (s *State) put(p Person) {
	c := s.count()
	if old, ok := s.People[p.PeerID]; ok {
		c.drop(old)
	}
	s.People[p.PeerID] = p
	c.add(p)
}

func (s *State) remove(p Person) {
	delete(s.People, p.PeerID)
	s.count().drop(p)
}

// list makes a guest wait as they are now.
func (s *State) list(g Person) {
	if old, ok := s.Lobby[g.PeerID]; ok {
		s.unlist(old)
	}
	s.Lobby[g.PeerID] = g
	s.count().guests[g.Attachment] = g.PeerID
	s.count().nodes[g.Node]++
}

func (s *State) unlist(g Person) {
	delete(s.Lobby, g.PeerID)
	delete(s.count().guests, g.Attachment)
	s.count().leave(g.Node)
}

// shown lists whom everybody is told of, in join order. It is shared: nobody
// writes to it.
func (s *State) shown() []Person {
	c := s.count()
	if list := c.list.Load(); list != nil {
		return *list
	}
	list := make([]Person, 0, len(c.listed))
	for id := range c.listed {
		list = append(list, s.People[id])
	}
	slices.SortFunc(list, byOrdinal)
	list = slices.Clip(list)
	c.list.Store(&list)
	return list
}

// everybody lists all people in join order.
func (s *State) everybody() []Person { return slices.SortedFunc(maps.Values(s.People), byOrdinal) }

// away lists who is reconnecting, in join order.
func (s *State) away() (list []Person) {
	for id := range s.count().away {
		list = append(list, s.People[id])
	}
	slices.SortFunc(list, byOrdinal)
	return list
}

func byOrdinal(a, b Person) int {
	return cmp.Or(cmp.Compare(a.Ordinal, b.Ordinal), cmp.Compare(a.PeerID, b.PeerID))
}
