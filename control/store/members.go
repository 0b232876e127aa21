package store

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"time"

	"github.com/hashicorp/raft"
)

// Member is a node of the cluster's Raft configuration.
type Member struct {
	ID    string `json:"id"`
	Addr  string `json:"addr"`            // where it takes Raft streams
	Voter bool   `json:"voter,omitempty"` // false while it catches up
}

var (
	// ErrMemberLives is returned by Admit for the id of a member that is running: two nodes have one name.
	ErrMemberLives = errors.New("a node of that name is running in the cluster")
	// ErrNotMember is returned for the id of no member.
	ErrNotMember = errors.New("no such node in the cluster")
)

func serversOf(members []Member) []raft.Server {
	var out []raft.Server
	for _, m := range members {
		out = append(out, raft.Server{Suffrage: raft.Voter, ID: raft.ServerID(m.ID), Address: raft.ServerAddress(m.Addr)})
	}
	return out
}

// Members are the nodes of the newest configuration that this node knows, committed or not.
func (s *Store) Members() []Member {
	var out []Member
	f := s.raft.GetConfiguration()
	if f.Error() != nil {
		return nil
	}
	for _, m := range f.Configuration().Servers {
		out = append(out, Member{ID: string(m.ID), Addr: string(m.Address), Voter: m.Suffrage == raft.Voter})
	}
	return out
}

// Leader is the id and the Raft address of the leader; empty while there is none that this node knows of.
func (s *Store) Leader() (id, addr string) {
	a, i := s.raft.LeaderWithID()
	return string(i), string(a)
}

// Term is Raft's current term.
func (s *Store) Term() uint64 { return s.raft.CurrentTerm() }

// Admit takes a node without any log into the cluster, not as a voter yet. A member of the same id has lost
// its disk, or one at the same address has gone: it is removed first, and the removal committed by the others,
// since a voter that forgot its votes must not vote on. The node starts Raft when Admit has returned nil. Only
// the leader admits.
func (s *Store) Admit(ctx context.Context, m Member) error {
	if err := s.Ready(); err != nil {
		return err
	}
	for _, old := range s.Members() {
		if old.ID != m.ID && old.Addr != m.Addr {
			continue
		}
		if old.ID == s.cfg.ID || s.answers(ctx, old.Addr) {
			return fmt.Errorf("%w: %s at %s", ErrMemberLives, old.ID, old.Addr)
		}
		if err := s.change(ctx, s.raft.RemoveServer(raft.ServerID(old.ID), 0, 0)); err != nil {
			return fmt.Errorf("remove what %s was: %w", old.ID, err)
		}
	}
	return s.change(ctx, s.raft.AddNonvoter(raft.ServerID(m.ID), raft.ServerAddress(m.Addr), 0, 0))
}

// answerTimeout is how long a member may take to show that it lives.
const answerTimeout = time.Second

// answers tells whether a node of this cluster takes Raft streams at an address. One that waits to be admitted
// has the port open and answers nothing.
func (s *Store) answers(ctx context.Context, addr string) bool {
	if s.cfg.Listener == nil {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	l := newStreamLayer(s.cfg)
	raw, err := l.dial(ctx, "tcp", addr)
	if err != nil {
		return false
	}
	defer raw.Close()
	return tls.Client(raw, l.client).HandshakeContext(ctx) == nil
}

// Promote makes an admitted node a voter; it says itself when it has caught up. Only the leader promotes.
func (s *Store) Promote(ctx context.Context, id string) error {
	if err := s.Ready(); err != nil {
		return err
	}
	for _, m := range s.Members() {
		if m.ID != id {
			continue
		}
		if m.Voter {
			return nil
		}
		return s.change(ctx, s.raft.AddVoter(raft.ServerID(id), raft.ServerAddress(m.Addr), 0, 0))
	}
	return fmt.Errorf("%w: %s", ErrNotMember, id)
}

// Remove takes a node out of the cluster. A leader that is told to remove itself hands over and returns
// ErrNotLeader: its successor must be asked.
func (s *Store) Remove(ctx context.Context, id string) error {
	if err := s.Ready(); err != nil {
		return err
	}
	members := s.Members()
	for _, m := range members {
		if m.ID != id {
			continue
		}
		if id == s.cfg.ID {
			if err := s.raft.LeadershipTransfer().Error(); err != nil {
				return fmt.Errorf("%w: hand over before leaving: %w", ErrNotLeader, err) // a busy machine; asked again, it tries again
			}
			s.leading.Store(0)
			return ErrNotLeader
		}
		return s.change(ctx, s.raft.RemoveServer(raft.ServerID(id), 0, 0))
	}
	return fmt.Errorf("%w: %s", ErrNotMember, id)
}

// change waits for a change of the configuration to be committed.
func (s *Store) change(ctx context.Context, f raft.IndexFuture) error {
	done := make(chan error, 1)
	if !s.track(func() { done <- f.Error() }) {
		return ErrClosed
	}
	select {
	case err := <-done:
		if err != nil {
			return s.translate(err)
		}
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%w: %w", ErrUnknownOutcome, context.Cause(ctx))
	}
}

// handOver gives the lead away before the node goes, so that nobody has to notice its silence first.
func (s *Store) handOver() {
	if s.raft.State() != raft.Leader || s.logs.latched() != nil {
		return
	}
	voters := 0
	for _, m := range s.Members() {
		if m.Voter {
			voters++
		}
	}
	if voters < 2 {
		return
	}
	if err := s.raft.LeadershipTransfer().Error(); err != nil { // bounded by Raft's election timeout
		s.log.Warn("the lead is not handed over", "err", err)
	}
}
