package queue

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Database is where the queue keeps its tables; *history.Store is one.
type Database interface {
	// InTx runs f in a transaction, again where it lost against another's.
	InTx(ctx context.Context, f func(*sql.Tx) error) error
	Reader() (*sql.DB, error)
	// RowLocks says whether several may write at a time.
	RowLocks() bool
}

// Queue is the queue in a database. Its methods may be called at the same time, on several nodes.
type Queue struct{ db Database }

// New makes the queue of a database.
func New(db Database) *Queue { return &Queue{db} }

// Add keeps notices; when it returns nil they are on disk and will be delivered. Those that were there already
// change nothing. All of a call are kept or none.
func (q *Queue) Add(ctx context.Context, notices ...Notice) (added int, err error) {
	sorted := slices.Clone(notices) // rows are locked in one order by everybody
	slices.SortStableFunc(sorted, func(a, b Notice) int {
		return cmp.Or(strings.Compare(a.Company, b.Company), strings.Compare(a.Series, b.Series))
	})
	err = q.db.InTx(ctx, func(tx *sql.Tx) error {
		added = 0
		lanes := map[Lane]int64{}
		for _, n := range sorted {
			fresh, err := add(ctx, tx, n, lanes)
			if err != nil {
				return fmt.Errorf("add notice %q: %w", n.ID, err)
			}
			if fresh {
				added++
			}
		}
		return wake(ctx, tx, lanes)
	})
	return added, err
}

// Known says whether a notice is there.
func (q *Queue) Known(ctx context.Context, company, id string) (known bool, err error) {
	db, err := q.db.Reader()
	if err != nil {
		return false, err
	}
	err = db.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM notice WHERE company = $1 AND notice = $2)`, company, id).Scan(&known)
	if err != nil {
		return false, fmt.Errorf("look for notice %q: %w", id, err)
	}
	return known, nil
}

func add(ctx context.Context, tx *sql.Tx, n Notice, lanes map[Lane]int64) (bool, error) {
	if len(n.Endpoints) == 0 {
		return false, nil
	}
	result, err := tx.ExecContext(ctx, `INSERT INTO notice (company, notice, type, series, seq, created, payload)
		VALUES ($1, $2, $3, $4, 0, $5, $6) ON CONFLICT DO NOTHING`,
		n.Company, n.ID, n.Type, n.Series, n.Created.UnixMilli(), string(n.Payload))
	if err != nil {
		return false, err
	}
	if fresh, err := result.RowsAffected(); err != nil || fresh == 0 {
		return false, err
	}
	seq, err := number(ctx, tx, n)
	if err != nil {
		return false, err
	}
	due := n.Created.UnixMilli()
	for _, endpoint := range n.Endpoints {
		if _, err := tx.ExecContext(ctx, `INSERT INTO delivery (company, delivery, endpoint, event, created, series, seq, due)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
			n.Company, DeliveryID(n.ID, endpoint), endpoint, n.ID, n.Created.UnixMilli(), n.Series, seq, due); err != nil {
			return false, err
		}
		lane := Lane{n.Company, endpoint, n.Kind}
		if at, ok := lanes[lane]; !ok || due < at {
			lanes[lane] = due
		}
	}
	return true, nil
}

// number gives a notice its place. The series' row stays locked until the end of the transaction, so that
// numbers become visible in their order.
func number(ctx context.Context, tx *sql.Tx, n Notice) (seq int64, err error) {
	if n.Series == "" {
		return 0, nil
	}
	err = tx.QueryRowContext(ctx, `INSERT INTO series (company, series, seq) VALUES ($1, $2, 1)
		ON CONFLICT (company, series) DO UPDATE SET seq = series.seq + 1 RETURNING seq`, n.Company, n.Series).Scan(&seq)
	if err != nil {
		return 0, err
	}
	_, err = tx.ExecContext(ctx, `UPDATE notice SET seq = $3 WHERE company = $1 AND notice = $2`, n.Company, n.ID, seq)
	return seq, err
}

// wake says that lanes have something to do.
func wake(ctx context.Context, tx *sql.Tx, lanes map[Lane]int64) error {
	sorted := make([]Lane, 0, len(lanes))
	for l := range lanes {
		sorted = append(sorted, l)
	}
	slices.SortFunc(sorted, func(a, b Lane) int {
		return cmp.Or(strings.Compare(a.Company, b.Company), strings.Compare(a.Endpoint, b.Endpoint))
	})
	for _, l := range sorted {
		if _, err := tx.ExecContext(ctx, `INSERT INTO lane (company, endpoint, kind, wake) VALUES ($1, $2, $3, $4)
			ON CONFLICT (company, endpoint) DO UPDATE SET wake = CASE WHEN excluded.wake < lane.wake THEN excluded.wake ELSE lane.wake END`,
			l.Company, l.Endpoint, string(l.Kind), lanes[l]); err != nil {
			return err
		}
	}
	return nil
}

func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func moment(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}
