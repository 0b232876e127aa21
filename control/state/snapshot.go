package state

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/hashicorp/go-memdb"
)

// snapshotFormat is the newest snapshot this package writes and reads.
const snapshotFormat = 2

// maxRecord bounds one line of a snapshot.
const maxRecord = 1 << 20

// ErrSnapshot is returned when a snapshot is torn, foreign or of a newer format.
var ErrSnapshot = errors.New("unreadable state snapshot")

type snapshotHeader struct {
	Format int    `json:"format"`
	Index  uint64 `json:"index"`
}

type snapshotRecord struct {
	Kind Kind            `json:"k"`
	Data json.RawMessage `json:"d,omitempty"`
	End  *int            `json:"end,omitempty"` // number of records before
}

// WriteSnapshot streams the view: a header line, one line per entity, a closing line that counts them.
// Equal states write equal bytes.
func (v *View) WriteSnapshot(w io.Writer) error {
	b := bufio.NewWriterSize(w, 64<<10)
	e := json.NewEncoder(b)
	if err := e.Encode(snapshotHeader{Format: snapshotFormat, Index: v.Index()}); err != nil {
		return err
	}
	n := 0
	for _, t := range tables {
		it, err := v.txn.Get(string(t.kind), indexID)
		if err != nil {
			return fmt.Errorf("snapshot %s: %w", t.kind, err)
		}
		for raw := it.Next(); raw != nil; raw = it.Next() {
			data, err := json.Marshal(raw)
			if err != nil {
				return fmt.Errorf("snapshot %s: %w", t.kind, err)
			}
			if err := e.Encode(snapshotRecord{Kind: t.kind, Data: data}); err != nil {
				return err
			}
			n++
		}
	}
	if err := e.Encode(snapshotRecord{End: &n}); err != nil {
		return err
	}
	return b.Flush()
}

// Restore replaces the state by a snapshot; on an error the state stays as it was.
func (s *State) Restore(r io.Reader) error {
	db := empty(func(*table) bool { return true })
	txn := db.Txn(true)
	defer txn.Abort()
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 0, 64<<10), maxRecord)
	if !lines.Scan() {
		return fmt.Errorf("%w: no header", ErrSnapshot)
	}
	h, err := readHeader(lines.Bytes())
	if err != nil {
		return err
	}
	if err := setIndex(txn, h.Index); err != nil {
		return err
	}
	for n := 0; lines.Scan(); n++ {
		var rec snapshotRecord
		if err := json.Unmarshal(lines.Bytes(), &rec); err != nil {
			return fmt.Errorf("%w: record %d: %w", ErrSnapshot, n, err)
		}
		if rec.End != nil {
			if *rec.End != n {
				return fmt.Errorf("%w: %d records, %d announced", ErrSnapshot, n, *rec.End)
			}
			txn.Commit()
			s.db.Store(db)
			return nil
		}
		if err := insert(txn, rec); err != nil {
			return fmt.Errorf("%w: record %d: %w", ErrSnapshot, n, err)
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("read snapshot: %w", err)
	}
	return fmt.Errorf("%w: torn", ErrSnapshot)
}

func insert(txn *memdb.Txn, rec snapshotRecord) error {
	e, err := DecodeEntity(rec.Kind, rec.Data)
	if err != nil {
		return err
	}
	return txn.Insert(string(rec.Kind), e)
}
