package signal

import (
	"errors"
	"sync"
)

// outboxLimit bounds the messages that wait for one client. A room of 50 makes
// a few events a second, so a client this far behind has stopped reading.
const outboxLimit = 512

// ErrOutboxFull is returned when a client reads so slowly that its outbox is full.
var ErrOutboxFull = errors.New("outbox full")

// Outbox holds what waits to be written to one client. Any goroutine may put
// into it and none ever waits; one writer drains it. When it overflows it ends
// with slow_consumer: the client resumes and gets the whole state anew.
type Outbox struct {
	mu    sync.Mutex
	queue []any
	end   *Error
	wake  chan struct{}
	over  chan struct{} // closed with end
}

// NewOutbox makes an empty outbox.
func NewOutbox() *Outbox {
	return &Outbox{wake: make(chan struct{}, 1), over: make(chan struct{})}
}

// Send queues a message.
func (o *Outbox) Send(m any) {
	o.mu.Lock()
	switch {
	case o.end != nil:
	case len(o.queue) >= outboxLimit:
		o.finish(&Error{Kind: Ended, Code: SlowConsumer, Message: "Your connection did not keep up; it is being renewed.", Cause: ErrOutboxFull})
	default:
		o.queue = append(o.queue, m)
	}
	o.mu.Unlock()
	o.signal()
}

// End lets the writer write what waits, then the reason, then close. The first
// reason counts.
func (o *Outbox) End(e *Error) {
	o.mu.Lock()
	if o.end == nil {
		o.finish(e)
	}
	o.mu.Unlock()
	o.signal()
}

// finish sets the end. The caller holds o.mu and has seen that there is none.
func (o *Outbox) finish(e *Error) {
	o.end = e
	close(o.over)
}

// ended reports whether it is over.
func (o *Outbox) ended() bool {
	select {
	case <-o.over:
		return true
	default:
		return false
	}
}

func (o *Outbox) signal() {
	select {
	case o.wake <- struct{}{}:
	default:
	}
}

// Take empties the outbox: it returns what waits and, once it is over, why.
func (o *Outbox) Take() ([]any, *Error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	q := o.queue
	o.queue = nil
	return q, o.end
}
