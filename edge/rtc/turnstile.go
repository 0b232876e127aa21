package rtc

import (
	"context"
	"sync"
	"time"
)

// handshakeTurn is how long a handshake may keep others waiting. A slow or
// hostile client goes on without its place.
const handshakeTurn = 250 * time.Millisecond

// enter waits for a place among the handshakes in progress: when many join at
// once, the first are done early instead of all being done last. The caller
// calls leave when it has finished.
func (e *Engine) enter(ctx context.Context) (leave func(), err error) {
	select {
	case e.handshakes <- struct{}{}:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	out := sync.OnceFunc(func() { <-e.handshakes })
	timer := time.AfterFunc(handshakeTurn, out)
	return func() { timer.Stop(); out() }, nil
}
