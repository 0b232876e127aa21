package store

import (
	"context"
	"slices"
	"sync"

	"github.com/meridian-video/meridian/control/state"
)

// Linearizable returns a view that holds every write acknowledged before the call, by a round of heartbeats
// to a majority (Raft thesis, section 6.4), not a log entry.
func (s *Store) Linearizable(ctx context.Context) (*state.View, error) {
	if err := s.Ready(); err != nil {
		return nil, err
	}
	r := s.reads.join()
	select {
	case <-r.done:
		if r.err != nil {
			return nil, s.translate(r.err)
		}
		return s.View(), nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case <-s.reads.ended:
		return nil, ErrClosed
	}
}

// confirm asks a majority whether this node leads still, and waits until what was committed before is applied.
// That ends without a barrier, which would be a write: after the entries of earlier terms, which one barrier has
// passed, come only such entries whose application is noted.
func (s *Store) confirm(ctx context.Context) error {
	term, index := s.leading.Load(), s.raft.CommitIndex()
	if !s.alone() { // Raft's loop would answer at once, but not before it has written what it writes
		if err := s.raft.VerifyLeader().Error(); err != nil {
			return err
		}
	}
	if term == 0 || term != s.Term() { // it led, lost it and leads again: the index may be of before
		return s.notLeader()
	}
	return s.applies.wait(ctx, index)
}

// alone tells whether this node is the only voter. Nobody else leads then, not even while another one is being
// added: that one would need this node's vote, which ends its term.
func (s *Store) alone() bool {
	voters := slices.DeleteFunc(s.Members(), func(m Member) bool { return !m.Voter })
	return len(voters) == 1 && voters[0].ID == s.cfg.ID
}

// rounds lets readers that come while a question is asked share the next one.
type rounds struct {
	mu    sync.Mutex
	next  *round
	some  chan struct{} // there is a next one
	ended chan struct{}
}

// round is one question, with its answer once done.
type round struct {
	done chan struct{}
	err  error
}

func newRounds() *rounds {
	return &rounds{some: make(chan struct{}, 1), ended: make(chan struct{})}
}

// join returns the round that will be asked next. Nobody may join one that is being asked: it may know less than
// was acknowledged by now.
func (r *rounds) join() *round {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.next == nil {
		r.next = &round{done: make(chan struct{})}
		r.some <- struct{}{} // has room: the one before was taken with its round
	}
	return r.next
}

// run asks for one round after the other until the context ends.
func (r *rounds) run(ctx context.Context, ask func(context.Context) error) {
	defer close(r.ended)
	for {
		select {
		case <-ctx.Done():
			return
		case <-r.some:
		}
		now := r.take()
		now.err = ask(ctx)
		close(now.done)
	}
}

func (r *rounds) take() *round {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.next
	r.next = nil
	return now
}
