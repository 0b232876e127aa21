package store

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/hashicorp/raft"

	"github.com/meridian-video/meridian/control/state"
)

// CheckFormat tells whether a directory is of a version that this one does not read: its newest snapshot, or the
// first command in its log behind that. An absent or empty directory is fine. The voter must not run.
func CheckFormat(dir string) error {
	if !Holds(dir) {
		return nil
	}
	from, err := checkSnapshot(dir)
	if err == nil {
		err = checkLog(dir, from)
	}
	if errors.Is(err, state.ErrOldFormat) {
		return fmt.Errorf("the control data in %s cannot be used: %w. Move that directory away, start with an empty one and configure it again, "+
			"or start the version that wrote it", dir, err)
	}
	return err
}

// checkSnapshot gives the index behind which the log goes on.
func checkSnapshot(dir string) (behind uint64, err error) {
	snaps, err := newSnapshotStore(dir, nil)
	if err != nil {
		return 0, err
	}
	list, err := snaps.List()
	if err != nil || len(list) == 0 {
		return 0, err
	}
	f, err := os.Open(filepath.Join(snaps.dir, list[0].ID, "state.bin")) // its checksum is Raft's business
	if err != nil {
		return 0, fmt.Errorf("snapshot: %w", err)
	}
	line, err := bufio.NewReader(io.LimitReader(f, 4096)).ReadBytes('\n')
	if err != nil {
		return list[0].Index, f.Close() // torn: Raft tries an older one
	}
	return list[0].Index, errors.Join(state.CheckHeader(line), f.Close())
}

// checkLog looks for the first command behind an index.
func checkLog(dir string, behind uint64) (err error) {
	logs, err := openLogStore(filepath.Join(dir, fileLog), withDefaults(Config{}).DiskStall, func(cause error) { err = cause })
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, logs.Close()) }()
	first, err := logs.FirstIndex()
	if err != nil {
		return err
	}
	last, err := logs.LastIndex()
	if err != nil {
		return err
	}
	for i := max(first, behind+1); i <= last; i++ {
		var l raft.Log
		if err := logs.GetLog(i, &l); err != nil {
			return err
		}
		if l.Type == raft.LogCommand {
			return state.CheckEntry(l.Data)
		}
	}
	return nil
}
