package relay

import (
	"sync"

	"github.com/meridian-video/meridian/geo"
)

// notices calls LinkChanged from one goroutine, in the order in which links changed.
type notices struct {
	call func(geo.NodeID, bool)
	wake chan struct{}
	stop chan struct{}
	done chan struct{}
	once sync.Once

	mu    sync.Mutex
	queue []notice
}

type notice struct {
	peer geo.NodeID
	up   bool
	told chan struct{}
}

func newNotices(call func(geo.NodeID, bool)) *notices {
	n := &notices{call: call, wake: make(chan struct{}, 1), stop: make(chan struct{}), done: make(chan struct{})}
	go n.run()
	return n
}

// add queues a change; the channel closes when LinkChanged has returned.
func (n *notices) add(peer geo.NodeID, up bool) <-chan struct{} {
	told := make(chan struct{})
	n.mu.Lock()
	n.queue = append(n.queue, notice{peer, up, told})
	n.mu.Unlock()
	select {
	case n.wake <- struct{}{}:
	default:
	}
	return told
}

func (n *notices) run() {
	defer close(n.done)
	for {
		n.deliver()
		select {
		case <-n.wake:
		case <-n.stop:
			n.deliver()
			return
		}
	}
}

func (n *notices) deliver() {
	n.mu.Lock()
	queue := n.queue
	n.queue = nil
	n.mu.Unlock()
	for _, change := range queue {
		n.call(change.peer, change.up)
		close(change.told)
	}
}

// close delivers what is queued and ends the goroutine.
func (n *notices) close() {
	n.once.Do(func() { close(n.stop) })
	<-n.done
}
