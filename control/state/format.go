package state

import (
	"encoding/json"
	"errors"
	"fmt"
)

// ErrOldFormat is returned for a log entry or a snapshot of a version from before the first release. Read as if it
// were of this one it would be an empty state.
var ErrOldFormat = errors.New("it was written by a development version of Meridian from before format 2, which this version does not read")

// CheckEntry tells whether a log entry is older than what this version reads. Of a newer one Decode says so: a
// node may meet it while its cluster is upgraded.
func CheckEntry(entry []byte) error {
	var e struct {
		Version int `json:"v"`
	}
	if json.Unmarshal(entry, &e) == nil && e.Version < Version {
		return fmt.Errorf("%w (format %d)", ErrOldFormat, e.Version)
	}
	return nil
}

// CheckHeader reads the first line of a snapshot; nil for one that this version reads.
func CheckHeader(line []byte) error {
	_, err := readHeader(line)
	return err
}

func readHeader(line []byte) (h snapshotHeader, err error) {
	switch err := json.Unmarshal(line, &h); {
	case err != nil || h.Format < 1:
		return h, fmt.Errorf("%w: header %.80q", ErrSnapshot, line)
	case h.Format < snapshotFormat:
		return h, fmt.Errorf("%w: %w (format %d)", ErrSnapshot, ErrOldFormat, h.Format)
	case h.Format > snapshotFormat:
		return h, fmt.Errorf("%w: it was written by a newer version of Meridian (format %d, this one reads %d)", ErrSnapshot, h.Format, snapshotFormat)
	}
	return h, nil
}
