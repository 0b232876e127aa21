package room

import (
	"cmp"
	"sync"
	"time"

	"github.com/meridian-video/meridian/geo"
)

// Stamp is a hybrid logical clock reading: it follows the wall clock, and is
// later than every stamp its node had seen. Ties are broken by node.
type Stamp struct {
	Wall  int64      `json:"w"` // milliseconds since 1970
	Count uint32     `json:"c,omitempty"`
	Node  geo.NodeID `json:"n,omitempty"`
}

// Compare orders stamps.
func (s Stamp) Compare(t Stamp) int {
	return cmp.Or(cmp.Compare(s.Wall, t.Wall), cmp.Compare(s.Count, t.Count), cmp.Compare(s.Node, t.Node))
}

// After reports whether s is later than t.
func (s Stamp) After(t Stamp) bool { return s.Compare(t) > 0 }

// next is the earliest stamp of the same node's making after s.
func (s Stamp) next() Stamp {
	if s.Count == ^uint32(0) {
		return Stamp{Wall: s.Wall + 1, Node: s.Node}
	}
	return Stamp{Wall: s.Wall, Count: s.Count + 1, Node: s.Node}
}

// maxAhead bounds how far a foreign stamp may push this node's clock: more
// than the skew membership tolerates, little enough that one bad clock cannot
// carry everybody into next week.
const maxAhead = 5 * time.Second

// hlc makes stamps. Safe for concurrent use.
type hlc struct {
	self geo.NodeID
	now  func() time.Time

	mu   sync.Mutex
	last Stamp
}

// read returns a stamp later than all read or observed before.
func (h *hlc) read() Stamp {
	wall := h.now().UnixMilli()
	h.mu.Lock()
	defer h.mu.Unlock()
	if wall > h.last.Wall {
		h.last = Stamp{Wall: wall, Node: h.self}
	} else {
		h.last = h.last.next()
		h.last.Node = h.self
	}
	return h.last
}

// observe takes note of a stamp made elsewhere.
func (h *hlc) observe(s Stamp) {
	limit := h.now().Add(maxAhead).UnixMilli()
	h.mu.Lock()
	defer h.mu.Unlock()
	if s.Wall <= limit && s.After(h.last) {
		h.last = s
	}
}
