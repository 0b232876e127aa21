package store

import (
	"context"
	"sync"
	"sync/atomic"
)

// watermark is an index that only grows and that can be waited for. The zero value is at 0.
type watermark struct {
	index atomic.Uint64

	mu    sync.Mutex
	grown chan struct{} // closed by the next growth; nil while nobody waits
}

// reach raises it to an index, unless it is there.
func (w *watermark) reach(index uint64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if index <= w.index.Load() {
		return
	}
	w.index.Store(index)
	if w.grown != nil {
		close(w.grown)
		w.grown = nil
	}
}

// wait returns nil once the index is reached, else the cause of the context's end.
func (w *watermark) wait(ctx context.Context, index uint64) error {
	for {
		grown := w.below(index)
		if grown == nil {
			return nil
		}
		select {
		case <-grown:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// below returns what the next growth closes; nil where the index is reached.
func (w *watermark) below(index uint64) <-chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.index.Load() >= index {
		return nil
	}
	if w.grown == nil {
		w.grown = make(chan struct{})
	}
	return w.grown
}
