package history

import (
	"context"
	"database/sql"
	"fmt"
)

// InTx runs f in a transaction for a package that keeps tables of its own here, and again where it lost against
// another's. On SQLite everybody else who writes waits meanwhile. ErrAway while the database is.
func (s *Store) InTx(ctx context.Context, f func(*sql.Tx) error) error {
	if err := s.open(); err != nil {
		return err
	}
	for try := 1; ; try++ {
		err := s.inTx(ctx, f)
		if err == nil {
			return nil
		}
		if !lost(err) || try == attempts {
			return fmt.Errorf("change history: %w", err)
		}
	}
}

// Reader is the database for queries. ErrAway while it is.
func (s *Store) Reader() (*sql.DB, error) { return s.read, s.open() }

// RowLocks says whether several may write at a time, so that rows must be locked (PostgreSQL).
func (s *Store) RowLocks() bool { return s.dialect == postgreSQL }

func (s *Store) open() error {
	if s.ctx.Err() != nil {
		return ErrClosed
	}
	if !s.ready.Load() {
		return ErrAway
	}
	return nil
}
