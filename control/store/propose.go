package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hashicorp/raft"

	"github.com/meridian-video/meridian/control/state"
)

// Propose replicates a command and returns what applying it gave. The error is an *state.Error when the state
// machine refused, ErrNotLeader (wrapped, with the leader's address) when another node must be asked,
// ErrUnknownOutcome when the wait ended first. The entry is on the disks of a majority when Propose returns nil.
func (s *Store) Propose(ctx context.Context, c state.Command) (state.Result, error) {
	return s.ProposeOn(ctx, c, state.Terms{})
}

// ProposeOn is Propose for a command that somebody wants, see state.Terms.
func (s *Store) ProposeOn(ctx context.Context, c state.Command, terms state.Terms) (state.Result, error) {
	entry, err := state.Encode(time.Now(), c, terms)
	if err != nil {
		return state.Result{}, err
	}
	return s.ProposeEntry(ctx, entry)
}

// ProposeEntry is Propose for a command that is encoded already, by another node perhaps.
func (s *Store) ProposeEntry(ctx context.Context, entry []byte) (state.Result, error) {
	if err := ctx.Err(); err != nil {
		return state.Result{}, err
	}
	if err := s.Ready(); err != nil {
		return state.Result{}, err
	}
	start := time.Now()
	done := make(chan error, 1)
	f := s.raft.Apply(entry, enqueueTimeout)
	if !s.track(func() { done <- f.Error() }) {
		return state.Result{}, ErrClosed
	}
	select {
	case err := <-done:
		if err != nil {
			return state.Result{}, s.translate(err)
		}
	case <-ctx.Done():
		return state.Result{}, fmt.Errorf("%w: %w", ErrUnknownOutcome, context.Cause(ctx))
	}
	s.metrics.commit.Observe(time.Since(start).Seconds())
	r, ok := f.Response().(state.Result)
	if !ok {
		return state.Result{}, fmt.Errorf("propose: unexpected response %T", f.Response())
	}
	return r, r.Err
}

// enqueueTimeout bounds the wait for a place in Raft's queue.
const enqueueTimeout = 5 * time.Second

func (s *Store) notLeader() error {
	if addr, id := s.raft.LeaderWithID(); id != "" && string(id) != s.cfg.ID {
		return fmt.Errorf("%w: %s at %s leads", ErrNotLeader, id, addr)
	}
	return ErrNotLeader
}

func (s *Store) translate(err error) error {
	switch {
	case errors.Is(err, raft.ErrNotLeader), errors.Is(err, raft.ErrLeadershipTransferInProgress), errors.Is(err, raft.ErrEnqueueTimeout):
		return s.notLeader()
	case errors.Is(err, raft.ErrLeadershipLost):
		return fmt.Errorf("%w: %w", ErrUnknownOutcome, err)
	case errors.Is(err, raft.ErrRaftShutdown):
		return ErrClosed
	}
	if latched := s.logs.latched(); latched != nil {
		return fmt.Errorf("%w: %w", ErrUnknownOutcome, latched) // others may have the entry
	}
	return err
}

// Snapshot takes a snapshot now and shortens the log.
func (s *Store) Snapshot() error {
	if err := s.raft.Snapshot().Error(); err != nil && !errors.Is(err, raft.ErrNothingNewToSnapshot) {
		return fmt.Errorf("snapshot: %w", err)
	}
	return nil
}
