package sfu

import (
	"sync"
	"sync/atomic"
)

// maxFeedback bounds the feedback waiting at one UpTrack. Each DownTrack has
// at most one message there, so it is met only by very large audiences.
const maxFeedback = 1024

type op uint8

const (
	opAttach op = iota
	opDetach
	opFeedback
)

type message struct {
	op   op
	down *DownTrack
}

// A mailbox holds messages for an UpTrack until whoever gets its lock drains
// them. mu is a leaf: nothing is called while it is held.
type mailbox struct {
	queued atomic.Int32 // len of queue, readable without mu

	mu    sync.Mutex
	queue []message
	head  int
}

// post appends m. It refuses feedback when too much waits, never attach or
// detach.
func (b *mailbox) post(m message) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if m.op == opFeedback && len(b.queue)-b.head >= maxFeedback {
		return false
	}
	if b.head > 0 && len(b.queue) == cap(b.queue) {
		n := copy(b.queue, b.queue[b.head:])
		clear(b.queue[n:])
		b.queue, b.head = b.queue[:n], 0
	}
	b.queue = append(b.queue, m)
	b.queued.Add(1)
	return true
}

// take removes the oldest message.
func (b *mailbox) take() (message, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.head == len(b.queue) {
		return message{}, false
	}
	m := b.queue[b.head]
	b.queue[b.head] = message{}
	b.head++
	if b.head == len(b.queue) {
		b.queue, b.head = b.queue[:0], 0
	}
	b.queued.Add(-1)
	return m, true
}
