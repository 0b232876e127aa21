package store

import (
	"errors"
	"io"

	"github.com/hashicorp/raft"

	"github.com/meridian-video/meridian/control/state"
)

// fsm bridges raft.FSM to the pure state. Raft calls it from one goroutine.
type fsm struct {
	state   *state.State
	applied func(state.Result)
	reset   func()
}

// Apply implements raft.FSM.
func (f *fsm) Apply(l *raft.Log) any {
	r := f.state.Apply(l.Index, l.Data)
	f.applied(r)
	return r
}

// Snapshot implements raft.FSM. The view is immutable, so Persist may take its time.
func (f *fsm) Snapshot() (raft.FSMSnapshot, error) {
	return &snapshot{f.state.View()}, nil
}

// Restore implements raft.FSM.
func (f *fsm) Restore(r io.ReadCloser) error {
	err := f.state.Restore(r)
	if err == nil {
		f.reset()
	}
	return errors.Join(err, r.Close())
}

type snapshot struct{ view *state.View }

// Persist implements raft.FSMSnapshot.
func (s *snapshot) Persist(sink raft.SnapshotSink) error {
	if err := s.view.WriteSnapshot(sink); err != nil {
		return errors.Join(err, sink.Cancel())
	}
	return sink.Close()
}

// Release implements raft.FSMSnapshot.
func (s *snapshot) Release() {}
