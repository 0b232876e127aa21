package store

import (
	"errors"
	"io"

	"github.com/hashicorp/raft"

	"github.com/meridian-video/meridian/control/state"
)

// fsm bridges raft.BatchingFSM to the pure state. Raft calls it from one goroutine.
type fsm struct {
	state   *state.State
	applied func(state.Result)
	reached func(index uint64) // everything up to the index is in the state
	reset   func()
}

// Apply implements raft.FSM.
func (f *fsm) Apply(l *raft.Log) any { return f.ApplyBatch([]*raft.Log{l})[0] }

// ApplyBatch implements raft.BatchingFSM. The state is ahead of what applied is told by up to a batch, which is
// as if applied came late.
func (f *fsm) ApplyBatch(logs []*raft.Log) []any {
	entries := make([]state.Entry, 0, len(logs))
	for _, l := range logs {
		if l.Type == raft.LogCommand { // configurations are Raft's own
			entries = append(entries, state.Entry{Index: l.Index, Data: l.Data})
		}
	}
	results := f.state.ApplyAll(entries)
	out := make([]any, len(logs))
	for i, l := range logs {
		if l.Type != raft.LogCommand {
			continue
		}
		f.applied(results[0])
		out[i], results = results[0], results[1:]
	}
	f.reached(logs[len(logs)-1].Index)
	return out
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
		f.reached(f.state.View().Index())
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
