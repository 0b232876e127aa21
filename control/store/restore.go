package store

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/hashicorp/raft"

	"github.com/meridian-video/meridian/control/state"
)

// ErrNotEmpty is returned by Plant for a directory that holds a voter.
var ErrNotEmpty = errors.New("the directory holds a voter's log already")

// Holds tells whether a directory holds a voter.
func Holds(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, fileLog))
	return err == nil
}

// Plant makes an empty directory that of the one voter of a new cluster, whose state is a view and whose log
// goes on behind an index and a term. It is for disasters: what the old cluster acknowledged behind the view is
// gone.
func Plant(dir string, self Member, v *state.View, index, term uint64) error {
	if Holds(dir) {
		return fmt.Errorf("%w: %s", ErrNotEmpty, dir)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("data directory: %w", err)
	}
	snaps, err := newSnapshotStore(dir, nil)
	if err != nil {
		return err
	}
	_, trans := raft.NewInmemTransport(raft.ServerAddress(self.Addr))
	self.Voter = true
	one := raft.Configuration{Servers: serversOf([]Member{self})}
	sink, err := snaps.Create(raft.SnapshotVersionMax, max(index, v.Index(), 1), max(term, 1), one, 1, trans)
	if err != nil {
		return fmt.Errorf("plant snapshot: %w", err)
	}
	if err := (&snapshot{v}).Persist(sink); err != nil {
		return fmt.Errorf("plant snapshot: %w", err)
	}
	return plantTerm(filepath.Join(dir, fileLog), max(term, 1))
}

// plantTerm makes the log, empty, with the term from which elections go on.
func plantTerm(path string, term uint64) (err error) {
	logs, err := openLogStore(path, withDefaults(Config{}).DiskStall, func(cause error) { err = cause })
	if err != nil {
		return err
	}
	return errors.Join(logs.SetUint64([]byte("CurrentTerm"), term), logs.Close())
}
