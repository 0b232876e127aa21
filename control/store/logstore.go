package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/hashicorp/raft"
	"go.etcd.io/bbolt"
	bbolterrors "go.etcd.io/bbolt/errors"
)

var (
	// ErrLatched is returned by every write after one write of the log store has failed or hung: what the disk
	// holds is unknown then (a failed fsync may have dropped the pages it could not write), so nothing more
	// may be acknowledged by this process.
	ErrLatched = errors.New("log store latched after a failed write")
	// ErrStalled is the cause of the latch when a write took longer than the stall limit.
	ErrStalled = errors.New("log store write stalled")
	// ErrLogEntry is returned when a stored log entry does not decode.
	ErrLogEntry = errors.New("unreadable log entry")
	// ErrInUse is returned when another process holds the data directory.
	ErrInUse = errors.New("data directory is used by another process")
)

var (
	bucketLog    = []byte("log")
	bucketStable = []byte("stable")
)

// logStore is raft.LogStore and raft.StableStore on bbolt. Every write is one transaction, on disk
// (fdatasync) when it returns.
type logStore struct {
	db    *bbolt.DB
	stall time.Duration
	fatal func(error)

	mu    sync.Mutex
	cause error // the first failure; set once
}

// openLogStore opens or creates the file. fatal is called once, from any goroutine, with the first failure.
func openLogStore(path string, stall time.Duration, fatal func(error)) (*logStore, error) {
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{
		Timeout: 2 * time.Second, NoFreelistSync: true, FreelistType: bbolt.FreelistMapType,
	})
	if errors.Is(err, bbolterrors.ErrTimeout) {
		return nil, fmt.Errorf("%w: %s", ErrInUse, filepath.Dir(filepath.Dir(path)))
	}
	if err != nil {
		return nil, fmt.Errorf("open raft log %s: %w", path, err)
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		for _, b := range [][]byte{bucketLog, bucketStable} {
			if _, err := tx.CreateBucketIfNotExists(b); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		err = syncDir(filepath.Dir(path)) // bbolt syncs the file, not its name
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("prepare raft log %s: %w", path, err), db.Close())
	}
	return &logStore{db: db, stall: stall, fatal: fatal}, nil
}

// Close releases the file. Raft must have stopped.
func (s *logStore) Close() error { return s.db.Close() }

// latch remembers the first failure and reports it.
func (s *logStore) latch(cause error) {
	s.mu.Lock()
	first := s.cause == nil
	if first {
		s.cause = cause
	}
	s.mu.Unlock()
	if first {
		s.fatal(cause)
	}
}

func (s *logStore) latched() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cause != nil {
		return fmt.Errorf("%w: %w", ErrLatched, s.cause)
	}
	return nil
}

func (s *logStore) update(fn func(tx *bbolt.Tx) error) error {
	if err := s.latched(); err != nil {
		return err
	}
	done := make(chan struct{})
	go s.watch(done)
	err := s.db.Update(fn)
	close(done)
	if err != nil {
		s.latch(err)
		return err
	}
	return s.latched() // a write that came back after the watchdog does not count
}

// stallBeats is how many beats make a stall.
const stallBeats = 20

// watch latches when a write has lasted for too long. It counts beats of a ticker, which drops those that nobody
// took: a process that was frozen for a minute (SIGSTOP, a machine that was moved) has a disk that is well.
func (s *logStore) watch(done <-chan struct{}) {
	beat := time.NewTicker(s.stall / stallBeats)
	defer beat.Stop()
	for range stallBeats {
		select {
		case <-done:
			return
		case <-beat.C:
		}
	}
	s.latch(ErrStalled)
}

// writes counts the transactions of the file. A write holds many entries when many come at a time.
func (s *logStore) writes() (n int) {
	_ = s.db.View(func(tx *bbolt.Tx) error { n = tx.ID(); return nil }) // a closed file counts nothing
	return n
}

// FirstIndex implements raft.LogStore.
func (s *logStore) FirstIndex() (uint64, error) {
	return s.edge(func(c *bbolt.Cursor) []byte { k, _ := c.First(); return k })
}

// LastIndex implements raft.LogStore.
func (s *logStore) LastIndex() (uint64, error) {
	return s.edge(func(c *bbolt.Cursor) []byte { k, _ := c.Last(); return k })
}

func (s *logStore) edge(pick func(*bbolt.Cursor) []byte) (index uint64, err error) {
	err = s.db.View(func(tx *bbolt.Tx) error {
		if k := pick(tx.Bucket(bucketLog).Cursor()); k != nil {
			index = binary.BigEndian.Uint64(k)
		}
		return nil
	})
	return index, err
}

// GetLog implements raft.LogStore.
func (s *logStore) GetLog(index uint64, log *raft.Log) error {
	return s.db.View(func(tx *bbolt.Tx) error {
		v := tx.Bucket(bucketLog).Get(indexKey(index))
		if v == nil {
			return raft.ErrLogNotFound
		}
		return decodeLog(v, index, log)
	})
}

// StoreLog implements raft.LogStore.
func (s *logStore) StoreLog(log *raft.Log) error { return s.StoreLogs([]*raft.Log{log}) }

// StoreLogs implements raft.LogStore.
func (s *logStore) StoreLogs(logs []*raft.Log) error {
	return s.update(func(tx *bbolt.Tx) error {
		b := tx.Bucket(bucketLog)
		b.FillPercent = 0.95 // keys only grow
		for _, l := range logs {
			if err := b.Put(indexKey(l.Index), encodeLog(l)); err != nil {
				return err
			}
		}
		return nil
	})
}

// DeleteRange implements raft.LogStore.
func (s *logStore) DeleteRange(lo, hi uint64) error {
	return s.update(func(tx *bbolt.Tx) error {
		c := tx.Bucket(bucketLog).Cursor()
		for k, _ := c.Seek(indexKey(lo)); k != nil && binary.BigEndian.Uint64(k) <= hi; k, _ = c.Seek(indexKey(lo)) {
			if err := c.Delete(); err != nil {
				return err
			}
		}
		return nil
	})
}

// Set implements raft.StableStore.
func (s *logStore) Set(key, val []byte) error {
	return s.update(func(tx *bbolt.Tx) error { return tx.Bucket(bucketStable).Put(key, val) })
}

// Get implements raft.StableStore; nil when the key is absent.
func (s *logStore) Get(key []byte) (val []byte, err error) {
	err = s.db.View(func(tx *bbolt.Tx) error {
		val = append(val, tx.Bucket(bucketStable).Get(key)...)
		return nil
	})
	return val, err
}

// SetUint64 implements raft.StableStore.
func (s *logStore) SetUint64(key []byte, val uint64) error {
	return s.Set(key, binary.BigEndian.AppendUint64(nil, val))
}

// GetUint64 implements raft.StableStore; 0 when the key is absent.
func (s *logStore) GetUint64(key []byte) (uint64, error) {
	v, err := s.Get(key)
	if err != nil || len(v) == 0 {
		return 0, err
	}
	if len(v) != 8 {
		return 0, fmt.Errorf("%w: stable value of %d bytes", ErrLogEntry, len(v))
	}
	return binary.BigEndian.Uint64(v), nil
}

func indexKey(index uint64) []byte { return binary.BigEndian.AppendUint64(nil, index) }

const logEntryFormat = 1

// encodeLog writes format, type, term, append time (Unix ns), length of extensions, extensions, data.
func encodeLog(l *raft.Log) []byte {
	b := make([]byte, 0, 22+len(l.Extensions)+len(l.Data))
	b = append(b, logEntryFormat, byte(l.Type))
	b = binary.BigEndian.AppendUint64(b, l.Term)
	var at int64
	if !l.AppendedAt.IsZero() {
		at = l.AppendedAt.UnixNano()
	}
	b = binary.BigEndian.AppendUint64(b, uint64(at))
	b = binary.BigEndian.AppendUint32(b, uint32(len(l.Extensions)))
	b = append(b, l.Extensions...)
	return append(b, l.Data...)
}

func decodeLog(b []byte, index uint64, l *raft.Log) error {
	if len(b) < 22 || b[0] != logEntryFormat {
		return fmt.Errorf("%w: index %d", ErrLogEntry, index)
	}
	ext := int(binary.BigEndian.Uint32(b[18:]))
	if ext > len(b)-22 {
		return fmt.Errorf("%w: index %d", ErrLogEntry, index)
	}
	*l = raft.Log{Index: index, Type: raft.LogType(b[1]), Term: binary.BigEndian.Uint64(b[2:])}
	if at := int64(binary.BigEndian.Uint64(b[10:])); at != 0 {
		l.AppendedAt = time.Unix(0, at)
	}
	// bbolt's memory is mapped and ends with the transaction.
	if ext > 0 {
		l.Extensions = append([]byte(nil), b[22:22+ext]...)
	}
	l.Data = append([]byte(nil), b[22+ext:]...)
	return nil
}

// syncDir makes the names in a directory durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
