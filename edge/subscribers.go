package edge

import (
	"maps"
	"slices"
	"sync"
	"time"
)

// divideInterval is how often bandwidth is divided anew where nothing else gave
// cause to.
const divideInterval = 100 * time.Millisecond

// subscribers are all who are sent something by this node.
type subscribers struct {
	mu  sync.Mutex
	all map[*slots]bool
}

// add files s until it closes.
func (x *subscribers) add(s *slots) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.all == nil {
		x.all = map[*slots]bool{}
	}
	x.all[s] = true
	s.left = func() {
		x.mu.Lock()
		defer x.mu.Unlock()
		delete(x.all, s)
	}
}

func (x *subscribers) list() []*slots {
	x.mu.Lock()
	defer x.mu.Unlock()
	return slices.Collect(maps.Keys(x.all))
}

// adapt follows what paths bear and what is watched until the node closes.
func (n *Node) adapt() {
	ticker := time.NewTicker(divideInterval)
	defer ticker.Stop()
	for {
		select {
		case <-n.ctx.Done():
			return
		case <-ticker.C:
		}
		for _, s := range n.subscribers.list() {
			s.mu.Lock()
			s.divide()
			s.mu.Unlock()
		}
		now := n.now()
		for _, a := range n.attachmentList() {
			again := a.renewed()
			a.tellWatched(now, again)
			a.grade(now, again)
		}
	}
}
