package client

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/meridian-video/meridian/control/ca"
	"github.com/meridian-video/meridian/control/feed"
)

// disk keeps the copy as two files: copy.snap, a whole snapshot written atomically, and copy.log, the deltas
// since, each with length and CRC-32C, behind a record that names the epoch. A torn tail of the log is cut
// off; a broken snapshot is no copy at all.
type disk struct {
	dir  string
	log  *os.File
	size int64 // of the log
	snap int64 // size of the snapshot

	heard time.Time // when control was last heard before the copy was loaded
}

const (
	fileSnap = "copy.snap"
	fileLog  = "copy.log"
	// magic ends in the version of the set of kinds that a copy holds: it grows with the set, because a copy
	// written by an older edge lacks what that edge passed over.
	magic = "meridian-copy 2\n"
	// minCompact is the size of the log below which it is not worth writing a new snapshot.
	minCompact = 1 << 20
)

var (
	castagnoli = crc32.MakeTable(crc32.Castagnoli)
	errNoCopy  = errors.New("no copy on disk")
	errCopy    = errors.New("the copy on disk is broken")
)

// record frames a payload: length, CRC-32C, payload.
func record(payload []byte) []byte {
	b := binary.BigEndian.AppendUint32(make([]byte, 0, 8+len(payload)), uint32(len(payload)))
	b = binary.BigEndian.AppendUint32(b, crc32.Checksum(payload, castagnoli))
	return append(b, payload...)
}

// nextRecord reads one; io.EOF at a clean end, errCopy at a torn or changed one.
func nextRecord(r io.Reader) ([]byte, error) {
	var head [8]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, io.EOF
		}
		return nil, errCopy
	}
	n := binary.BigEndian.Uint32(head[:])
	if n > feed.MaxFrame {
		return nil, errCopy
	}
	payload := make([]byte, n)
	if _, err := io.ReadFull(r, payload); err != nil {
		return nil, errCopy
	}
	if crc32.Checksum(payload, castagnoli) != binary.BigEndian.Uint32(head[4:]) {
		return nil, errCopy
	}
	return payload, nil
}

// load fills the replica from the files; errNoCopy when there is none.
func (d *disk) load(r *replica) error {
	snap, err := os.ReadFile(filepath.Join(d.dir, fileSnap))
	if errors.Is(err, os.ErrNotExist) {
		return errNoCopy
	}
	if err != nil {
		return fmt.Errorf("read copy: %w", err)
	}
	if err := readSnapshot(r, snap); err != nil {
		return err
	}
	d.snap, d.heard = int64(len(snap)), d.modified()
	log, err := os.ReadFile(filepath.Join(d.dir, fileLog))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("read copy: %w", err)
	}
	good := replay(r, log)
	err = d.openLog(good, r.epoch)
	d.hear(d.heard) // opening is no news
	return err
}

// modified is when one of the files was last written.
func (d *disk) modified() (at time.Time) {
	for _, name := range []string{fileSnap, fileLog} {
		if info, err := os.Stat(filepath.Join(d.dir, name)); err == nil && info.ModTime().After(at) {
			at = info.ModTime()
		}
	}
	return at
}

func readSnapshot(r *replica, snap []byte) error {
	body, ok := bytes.CutPrefix(snap, []byte(magic))
	if !ok {
		return errCopy
	}
	in := bytes.NewReader(body)
	for {
		payload, err := nextRecord(in)
		if err != nil {
			return errCopy // the end frame returns first
		}
		f, err := feed.Decode(payload)
		if err != nil {
			return fmt.Errorf("%w: %w", errCopy, err)
		}
		out, err := r.apply(f)
		if err != nil {
			return fmt.Errorf("%w: %w", errCopy, err)
		}
		if out == replaced {
			return nil
		}
	}
}

// replay applies the log's deltas and returns how many bytes of it are good. A log of another epoch than the
// snapshot's is what a crash left behind: none of it is.
func replay(r *replica, log []byte) int64 {
	in := bytes.NewReader(log)
	head, err := nextRecord(in)
	if err != nil || string(head) != r.epoch {
		return 0
	}
	good := int64(8 + len(head))
	for {
		payload, err := nextRecord(in)
		if err != nil {
			return good
		}
		f, err := feed.Decode(payload)
		if err != nil || f.Type != feed.TypeDelta {
			return good
		}
		if _, err := r.apply(f); err != nil {
			return good
		}
		good += int64(8 + len(payload))
	}
}

// openLog keeps so many bytes of the log; without any it starts a new one.
func (d *disk) openLog(keep int64, epoch string) error {
	f, err := os.OpenFile(filepath.Join(d.dir, fileLog), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("open copy log: %w", err)
	}
	if err = f.Truncate(keep); err == nil {
		_, err = f.Seek(keep, io.SeekStart)
	}
	if err == nil && keep == 0 {
		head := record([]byte(epoch))
		keep = int64(len(head))
		_, err = f.Write(head)
	}
	if err == nil {
		err = f.Sync()
	}
	if err != nil {
		return errors.Join(fmt.Errorf("open copy log: %w", err), f.Close())
	}
	d.closeLog()
	d.log, d.size = f, keep
	return nil
}

// append makes deltas durable.
func (d *disk) append(lines [][]byte) error {
	var buf []byte
	for _, l := range lines {
		buf = append(buf, record(l)...)
	}
	if _, err := d.log.Write(buf); err != nil {
		return fmt.Errorf("append to copy: %w", err)
	}
	if err := d.log.Sync(); err != nil {
		return fmt.Errorf("append to copy: %w", err)
	}
	d.size += int64(len(buf))
	return nil
}

// full tells whether the log deserves to be folded into a snapshot.
func (d *disk) full() bool { return d.size > max(minCompact, 2*d.snap) }

// replace writes a whole snapshot, then empties the log. A crash between the two leaves deltas that the
// snapshot holds already; they are passed over by their index.
func (d *disk) replace(epoch string, lines [][]byte) error {
	buf := []byte(magic)
	for _, l := range lines {
		buf = append(buf, record(l)...)
	}
	if err := ca.WriteFile(filepath.Join(d.dir, fileSnap), buf); err != nil {
		return fmt.Errorf("write copy: %w", err)
	}
	d.snap = int64(len(buf))
	return d.openLog(0, epoch)
}

// hear notes that the copy is as new as this, by the time of the log's file. It is not synced: a lost note makes the copy older, never newer.
func (d *disk) hear(at time.Time) {
	if d.log != nil {
		_ = os.Chtimes(d.log.Name(), at, at) // as good as a lost one
	}
}

// discard removes a broken copy.
func (d *disk) discard() error {
	d.closeLog()
	err := os.Remove(filepath.Join(d.dir, fileSnap))
	if errors.Is(err, os.ErrNotExist) {
		err = nil
	}
	return err
}

func (d *disk) closeLog() {
	if d.log != nil {
		_ = d.log.Close() // everything in it is synced
		d.log = nil
	}
}
