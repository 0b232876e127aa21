package relay

import (
	"context"
	"sync"

	"github.com/meridian-video/meridian/relay/wire"
)

// outbox holds the encoded one-way messages of a link until they are written. It is
// bounded; a full one refuses.
type outbox struct {
	wake chan struct{}

	mu    sync.Mutex
	queue [][]byte
	bytes int
}

// Bounds of an outbox.
const (
	outboxMessages = 1024
	outboxBytes    = 2 * wire.MaxBody // one of the largest waits, and another is taken
)

func newOutbox() *outbox { return &outbox{wake: make(chan struct{}, 1)} }

func (o *outbox) push(frame []byte) error {
	o.mu.Lock()
	full := len(o.queue) >= outboxMessages || o.bytes+len(frame) > outboxBytes
	if !full {
		o.queue = append(o.queue, frame)
		o.bytes += len(frame)
	}
	o.mu.Unlock()
	if full {
		return ErrQueueFull
	}
	select {
	case o.wake <- struct{}{}:
	default:
	}
	return nil
}

// next waits for a message and takes it.
func (o *outbox) next(ctx context.Context) ([]byte, error) {
	for {
		if frame := o.pop(); frame != nil {
			return frame, nil
		}
		select {
		case <-o.wake:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

func (o *outbox) pop() []byte {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.queue) == 0 {
		return nil
	}
	frame := o.queue[0]
	o.queue[0] = nil
	o.queue = o.queue[1:]
	o.bytes -= len(frame)
	return frame
}
