package room

import "sync"

// mailbox is an unbounded queue to one owner, with a count. Put never blocks,
// so that no owner ever waits for another; what comes from the network is
// turned away above a limit instead.
type mailbox[T any] struct {
	wake chan struct{}

	mu     sync.Mutex
	items  []T
	closed bool
}

func newMailbox[T any]() *mailbox[T] {
	return &mailbox[T]{wake: make(chan struct{}, 1)}
}

// put queues an item; false if the box is closed, or holds limit items or more
// (limit 0: never).
func (m *mailbox[T]) put(item T, limit int) bool {
	m.mu.Lock()
	if m.closed || limit > 0 && len(m.items) >= limit {
		m.mu.Unlock()
		return false
	}
	m.items = append(m.items, item)
	m.mu.Unlock()
	select {
	case m.wake <- struct{}{}:
	default:
	}
	return true
}

// ready is signalled when there may be items.
func (m *mailbox[T]) ready() <-chan struct{} { return m.wake }

// take empties the box.
func (m *mailbox[T]) take() []T {
	m.mu.Lock()
	defer m.mu.Unlock()
	items := m.items
	m.items = nil
	return items
}

// closeIfEmpty closes the box unless something waits in it.
func (m *mailbox[T]) closeIfEmpty() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.items) > 0 {
		return false
	}
	m.closed = true
	return true
}

// close refuses everything from now on and returns what was waiting.
func (m *mailbox[T]) close() []T {
	m.mu.Lock()
	defer m.mu.Unlock()
	items := m.items
	m.items, m.closed = nil, true
	return items
}
