package history

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/meridian-video/meridian/control/history/record"
)

// groupRecords is about how many records share one transaction, and so one sync, when many callers wait.
const groupRecords = 10_000

// attempts is how often a transaction is tried that lost against another node's.
const attempts = 4

// writeTimeout is how long a database may take for a transaction before its callers are told that it failed.
const writeTimeout = 30 * time.Second

// pending is one caller's records on their way to disk.
type pending struct {
	records []record.Record
	done    chan error // one slot
}

// Ingest keeps records. When it returns nil they are on disk, those that were there before too; else none may
// be believed to be, and all may be given again. Invalid records are refused (record.ErrInvalid), with them the
// whole call.
func (s *Store) Ingest(ctx context.Context, records ...record.Record) error {
	for _, r := range records {
		if err := record.Check(r); err != nil {
			return err
		}
	}
	if len(records) == 0 {
		return nil
	}
	if s.ctx.Err() == nil && !s.ready.Load() {
		return ErrAway
	}
	p := &pending{records: records, done: make(chan error, 1)}
	select {
	case s.queue <- p:
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-s.ctx.Done():
		return ErrClosed
	}
	select {
	case err := <-p.done: // also when closing: what was taken is written
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// run writes what callers bring, all who wait at once in one transaction.
func (s *Store) run() {
	for {
		select {
		case p := <-s.queue:
			s.writeGroup(s.gather(p))
		case <-s.ctx.Done():
			return
		}
	}
}

// gather takes those who wait.
func (s *Store) gather(p *pending) []*pending {
	group, records := []*pending{p}, len(p.records)
	for records < groupRecords {
		select {
		case p := <-s.queue:
			group, records = append(group, p), records+len(p.records)
		default:
			return group
		}
	}
	return group
}

// writeGroup answers every caller. Where the whole cannot be written each gets a transaction of its own, so that
// nobody suffers from another's records.
func (s *Store) writeGroup(group []*pending) {
	var all []record.Record
	for _, p := range group {
		all = append(all, p.records...)
	}
	err := s.writeRecords(all)
	for _, p := range group {
		if err != nil && len(group) > 1 {
			p.done <- s.writeRecords(p.records)
			continue
		}
		p.done <- err
	}
}

func (s *Store) writeRecords(records []record.Record) error {
	b, err := newBatch(records)
	if err != nil {
		return fmt.Errorf("keep history: %w", err)
	}
	for range attempts {
		if err = s.writeBatch(b); !lost(err) {
			break
		}
	}
	if err != nil {
		return fmt.Errorf("keep history: %w", err)
	}
	return nil
}

// writeBatch does not end with its caller, and a close waits for it: half a transaction helps nobody.
func (s *Store) writeBatch(b *batch) error {
	ctx, cancel := context.WithTimeout(context.Background(), writeTimeout)
	defer cancel()
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := b.exec(ctx, tx, s.dialect); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit()
}

// lost says whether a transaction may be tried again, since writing twice does no harm: it failed for another's
// sake (serialization failure, deadlock), or the connection was one that a restarted server does not know.
func lost(err error) bool {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return e.Code == "40001" || e.Code == "40P01" || strings.HasPrefix(e.Code, "57P")
	}
	_, broken := errors.AsType[*net.OpError](err)
	return broken || errors.Is(err, io.ErrUnexpectedEOF)
}
