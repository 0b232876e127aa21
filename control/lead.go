package control

import (
	"context"
	"errors"
)

// errNotLeading is the cause with which work ends that only the leader does.
var errNotLeading = errors.New("this node does not lead any more")

// whileLeading does work whenever this node leads, until the node closes. The work's context ends with the lead; it
// begins anew when the work before has returned.
func (n *Node) whileLeading(work func(ctx context.Context)) {
	for n.ctx.Err() == nil {
		changed := n.store.Changed()
		if n.store.Ready() == nil {
			n.leadOnce(work)
			continue
		}
		select {
		case <-changed:
		case <-n.ctx.Done():
		}
	}
}

func (n *Node) leadOnce(work func(ctx context.Context)) {
	ctx, cancel := context.WithCancelCause(n.ctx)
	defer cancel(nil)
	done := make(chan struct{})
	go func() {
		defer close(done)
		work(ctx)
	}()
	for {
		changed := n.store.Changed()
		if n.store.Ready() != nil {
			cancel(errNotLeading)
		}
		select {
		case <-changed:
		case <-done:
			return
		}
	}
}
