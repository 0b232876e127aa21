package store

import (
	"fmt"
	"path/filepath"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/raft"
)

// snapshotStore is raft's file snapshot store, made durable by all that POSIX promises: the library syncs a
// snapshot's files and the directory above, not the directory that names the files. Without that sync a power
// cut can leave a snapshot without its parts after the log behind it was cut.
type snapshotStore struct {
	*raft.FileSnapshotStore
	dir string
}

func newSnapshotStore(dir string, logger hclog.Logger) (*snapshotStore, error) {
	files, err := raft.NewFileSnapshotStoreWithLogger(dir, 2, logger)
	if err == nil {
		err = syncDir(dir)
	}
	if err != nil {
		return nil, fmt.Errorf("snapshot store: %w", err)
	}
	return &snapshotStore{files, filepath.Join(dir, "snapshots")}, nil
}

// Create implements raft.SnapshotStore.
func (s *snapshotStore) Create(
	version raft.SnapshotVersion, index, term uint64, conf raft.Configuration, confIndex uint64, trans raft.Transport,
) (raft.SnapshotSink, error) {
	sink, err := s.FileSnapshotStore.Create(version, index, term, conf, confIndex, trans)
	if err != nil {
		return nil, err
	}
	return &snapshotSink{sink, filepath.Join(s.dir, sink.ID())}, nil
}

type snapshotSink struct {
	raft.SnapshotSink
	dir string // the snapshot's own directory, once closed
}

// Close implements raft.SnapshotSink: nil means that the snapshot outlives a power cut.
func (s *snapshotSink) Close() error {
	if err := s.SnapshotSink.Close(); err != nil {
		return err
	}
	if err := syncDir(s.dir); err != nil {
		return fmt.Errorf("sync snapshot %s: %w", s.ID(), err)
	}
	return nil
}
