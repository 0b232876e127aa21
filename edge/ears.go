package edge

import (
	"maps"
	"slices"
	"sync"
)

// ears are the subscribers here for whom the node chooses what they hear. They are
// updated by a goroutine of their own: listening must not wait for them.
type ears struct {
	mu     sync.Mutex
	rooms  map[roomKey]map[*ear]bool
	due    map[roomKey]bool
	waking chan struct{}
}

func newEars() *ears {
	return &ears{rooms: map[roomKey]map[*ear]bool{}, due: map[roomKey]bool{}, waking: make(chan struct{}, 1)}
}

func (e *ears) add(x *ear) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.rooms[x.key] == nil {
		e.rooms[x.key] = map[*ear]bool{}
	}
	e.rooms[x.key][x] = true
}

func (e *ears) remove(x *ear) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.rooms[x.key], x)
	if len(e.rooms[x.key]) == 0 {
		delete(e.rooms, x.key)
	}
}

// has says whether anyone listens to the room.
func (e *ears) has(k roomKey) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.rooms[k]) > 0
}

// wake has the room's ears updated soon.
func (e *ears) wake(k roomKey) {
	e.mu.Lock()
	e.due[k] = true
	e.mu.Unlock()
	select {
	case e.waking <- struct{}{}:
	default:
	}
}

// take lists the ears that are due.
func (e *ears) take() (out []*ear) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for k := range e.due {
		out = slices.AppendSeq(out, maps.Keys(e.rooms[k]))
	}
	clear(e.due)
	return out
}

// keepEars updates ears as they become due.
func (n *Node) keepEars() {
	for {
		select {
		case <-n.ctx.Done():
			return
		case <-n.ears.waking:
		}
		for _, e := range n.ears.take() {
			e.update()
		}
	}
}
