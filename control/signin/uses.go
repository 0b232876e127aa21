package signin

import (
	"context"
	"maps"
	"sync"
	"time"

	"github.com/meridian-video/meridian/control/state"
)

// uses remembers when sessions were used, and writes it to the state so seldom that calls cost no log entries:
// the state is never more than state.TouchEvery behind a use that was answered.
//
// What is remembered holds for one term of the lead. Another node may have seen uses in between, so that with the
// next term the state is believed, and every session lives as much longer as the state may be behind.
type uses struct {
	mu      sync.Mutex
	term    uint64
	at      map[string]use
	pending *batch        // the next to be written; nil for none
	written chan struct{} // closed when the one before it is
}

// use is when a session was used last, and what of that the state has.
type use struct {
	last, written time.Time
	ends          time.Time
}

// batch is several uses in one log entry.
type batch struct {
	at   map[string]time.Time
	done chan struct{}
	err  error // once done
}

// maxBatch bounds the uses of a log entry.
const maxBatch = 10_000

// writeDeadline bounds the writing of a batch: it is not ended by the caller who happens to write it.
const writeDeadline = 5 * time.Second

func newUses() *uses { return &uses{at: map[string]use{}} }

// enter forgets everything when the lead has changed. It tells whether the term is the latest.
func (u *uses) enter(term uint64) bool {
	if u.term < term {
		u.term = term
		clear(u.at)
	}
	return u.term == term
}

// opened notes a session of this term, whose uses are all seen here.
func (u *uses) opened(s state.AuthSession, term uint64) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.enter(term) {
		u.at[s.ID] = use{last: s.LastSuccess, written: s.LastSuccess, ends: endOf(s, s.LastSuccess)}
	}
}

// last gives the last use and when the session is over: exactly where all its uses were seen, else as much later
// as the state may be behind.
func (u *uses) last(s state.AuthSession, term uint64) (last, ends time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.enter(term)
	if at, ok := u.at[s.ID]; ok && !at.last.Before(s.LastSuccess) {
		return at.last, endOf(s, at.last)
	}
	return s.LastSuccess, endOf(s, s.LastSuccess.Add(state.TouchEvery))
}

// note remembers a use, and waits until it is written where the state would be too far behind.
func (u *uses) note(ctx context.Context, store Store, s state.AuthSession, term uint64, now time.Time) error {
	u.mu.Lock()
	latest := u.enter(term)
	at := u.at[s.ID]
	if at.written.Before(s.LastSuccess) {
		at.written = s.LastSuccess
	}
	if now.After(at.last) {
		at.last, at.ends = now, endOf(s, now)
	}
	if latest {
		u.at[s.ID] = at
	}
	if now.Sub(at.written) < state.TouchEvery {
		u.mu.Unlock()
		return nil
	}
	b, before, first := u.join(s.ID, now)
	u.mu.Unlock()
	if first {
		u.write(context.WithoutCancel(ctx), store, b, before)
	}
	select {
	case <-b.done:
		return b.err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// join puts a use into the next batch. The first one in it writes it, after the one before: what comes meanwhile
// goes into one log entry.
func (u *uses) join(id string, now time.Time) (b *batch, before <-chan struct{}, first bool) {
	if u.pending == nil || len(u.pending.at) >= maxBatch {
		u.pending = &batch{at: map[string]time.Time{}, done: make(chan struct{})}
		before, first = u.written, true
		u.written = u.pending.done
	}
	u.pending.at[id] = now
	return u.pending, before, first
}

func (u *uses) write(ctx context.Context, store Store, b *batch, before <-chan struct{}) {
	if before != nil {
		<-before
	}
	u.mu.Lock()
	if u.pending == b {
		u.pending = nil // from here on nobody writes to it
	}
	u.mu.Unlock()
	b.err = propose(ctx, store, b)
	u.mu.Lock()
	for id, t := range b.at {
		if at, ok := u.at[id]; ok && b.err == nil && at.written.Before(t) {
			at.written = t
			u.at[id] = at
		}
	}
	u.mu.Unlock()
	close(b.done)
}

func propose(ctx context.Context, store Store, b *batch) error {
	ctx, cancel := context.WithTimeout(ctx, writeDeadline)
	defer cancel()
	_, err := store.ProposeOn(ctx, &state.TouchSessions{At: b.at}, state.Terms{})
	return err
}

// forget drops sessions that are over.
func (u *uses) forget(now time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	maps.DeleteFunc(u.at, func(_ string, at use) bool { return now.After(at.ends) })
}
