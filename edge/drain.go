package edge

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/meridian-video/meridian/edge/room"
	"github.com/meridian-video/meridian/edge/signal"
)

// lingerTime is how long who went on at another node is still served by this one:
// until everybody's node knows, and the client has closed what it no longer needs.
const lingerTime = 2 * time.Second

// Drained says how far a drain is.
type Drained struct {
	Node     string    `json:"node"`
	Draining bool      `json:"draining"`
	Done     bool      `json:"done"` // nobody is here any more
	Since    time.Time `json:"since,omitzero"`
	Deadline time.Time `json:"deadline,omitzero"`
	People   int       `json:"people"` // who were here when it began
	Left     int       `json:"left"`   // who are still here
	Moved    int       `json:"moved"`  // who went on at another node
	Gone     int       `json:"gone"`   // who left by themselves
	Stayed   int       `json:"stayed"` // who were ended at the deadline
}

// drain is the present drain of a node, or the last one.
type drain struct {
	mu sync.Mutex
	Drained
	stop context.CancelFunc // of who asks people to move; nil: nobody does
	over chan struct{}      // closed when that has ended
}

// BeginDrain refuses new joins, gives the rooms that have their home here to other
// nodes, and asks everybody here to go on at another node, one after the other.
// Who is still here after the time is ended with node_draining, to resume
// elsewhere. To begin again only sets the time.
func (n *Node) BeginDrain(within time.Duration) Drained {
	d := &n.drain
	d.mu.Lock()
	defer d.mu.Unlock()
	now := time.Now()
	d.Deadline = now.Add(within)
	if d.stop != nil {
		d.stop() // who comes next knows the new time
	}
	if !d.Draining {
		d.Drained = Drained{Node: string(n.cfg.Self.ID), Draining: true, Since: now, Deadline: d.Deadline, People: len(n.attachmentList())}
		n.draining.Store(true)
		n.cfg.Members.SetDraining(true)
		n.plane.NodesChanged()
		n.log.Info("drain", "people", d.People, "within", within)
	}
	n.moveOut(d.Deadline)
	return n.drained()
}

// Undrain takes joins again. Who was asked to move may still do so; the rooms stay
// where they are.
func (n *Node) Undrain() Drained {
	d := &n.drain
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.stop != nil {
		d.stop()
		d.stop = nil
	}
	if d.Draining {
		n.log.Info("drain called off", "left", len(n.attachmentList()))
		d.Draining = false
		n.draining.Store(false)
		n.cfg.Members.SetDraining(false)
		for _, a := range n.attachmentList() {
			a.leaving.Store(false)
		}
		n.plane.NodesChanged()
	}
	return n.drained()
}

// Drained says how far the present drain is, or how the last one ended.
func (n *Node) Drained() Drained {
	n.drain.mu.Lock()
	defer n.drain.mu.Unlock()
	return n.drained()
}

// drained is Drained; the caller holds drain.mu.
func (n *Node) drained() Drained {
	r := n.drain.Drained
	here := n.attachmentList()
	r.Node, r.Left = string(n.cfg.Self.ID), 0
	for _, a := range here {
		if !a.moved.Load() {
			r.Left++
		}
	}
	r.Done = r.Draining && len(here) == 0
	r.Gone = max(r.People-r.Left-r.Moved-r.Stayed, 0)
	return r
}

// Drain is BeginDrain until the context is over, an hour at the most. It returns
// when everybody has gone.
func (n *Node) Drain(ctx context.Context) error {
	within := time.Hour
	if at, ok := ctx.Deadline(); ok {
		within = time.Until(at)
	}
	n.BeginDrain(max(within, 0))
	over := n.movedOut()
	select {
	case <-over:
	case <-ctx.Done():
		n.BeginDrain(0)
		<-over // may be ending who is left, too
		<-n.movedOut()
	}
	if d := n.Drained(); d.Stayed > 0 {
		return fmt.Errorf("drain: %d of %d participants did not go in time", d.Stayed, d.People)
	}
	return nil
}

// movedOut is closed when nobody is asked to move any more.
func (n *Node) movedOut() <-chan struct{} {
	n.drain.mu.Lock()
	defer n.drain.mu.Unlock()
	return n.drain.over
}

// moveOut starts asking people to move. The caller holds drain.mu.
func (n *Node) moveOut(deadline time.Time) {
	ctx, cancel := context.WithDeadline(n.ctx, deadline)
	over := make(chan struct{})
	n.drain.stop, n.drain.over = cancel, over
	n.wg.Go(func() {
		defer close(over)
		defer cancel()
		n.moveAll(ctx, deadline)
	})
}

// moveAll asks one after the other until nobody is here or the time is over.
func (n *Node) moveAll(ctx context.Context, deadline time.Time) {
	next := time.NewTimer(0)
	defer next.Stop()
	for {
		select {
		case <-next.C:
		case <-ctx.Done():
			if context.Cause(ctx) == context.DeadlineExceeded {
				n.endRest()
			}
			return
		}
		here := n.attachmentList()
		if len(here) == 0 {
			return
		}
		if a := nextToMove(here); a != nil {
			a.move()
			next.Reset(pace(len(here), time.Until(deadline)))
		} else {
			next.Reset(movePause / 2)
		}
	}
}

// endRest ends who is still here. They are shown as reconnecting until they are
// back somewhere else.
func (n *Node) endRest() {
	for _, a := range n.attachmentList() {
		if !a.finish(&signal.Error{Kind: signal.Ended, Code: signal.NodeDraining, Message: "This server is stopping."}) {
			continue
		}
		a.seat.Away()
		n.drain.count(func(d *Drained) { d.Stayed++ })
	}
}

func (d *drain) count(f func(*Drained)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	f(&d.Drained)
}

// move asks the client to go on at another node.
func (a *attachment) move() {
	a.leaving.Store(true)
	if a.out == nil { // a stream of WHIP has no words for it; its sender begins anew
		a.end(nil, room.Lost)
		return
	}
	a.out.Send(signal.Fault{Type: "move", Code: signal.NodeDraining, Message: "This server is being maintained; you are moved to another."})
}

// linger serves who has gone on at another node a little longer.
func (a *attachment) linger(e *signal.Error) {
	a.moved.Store(true)
	a.node.drain.count(func(d *Drained) { d.Moved++ })
	time.AfterFunc(lingerTime, func() { a.finish(e) })
}
