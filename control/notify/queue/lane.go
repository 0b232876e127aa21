package queue

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// Claim leases up to n lanes that have something to do and that nobody works. Whoever holds them gives each back
// by Release; else they are free again when the lease ends.
func (q *Queue) Claim(ctx context.Context, holder string, now time.Time, lease time.Duration, n int) (lanes []Lane, err error) {
	query := `SELECT company, endpoint, kind FROM lane WHERE wake <= $1 AND until <= $1 ORDER BY wake LIMIT $2`
	if q.db.RowLocks() {
		query += ` FOR UPDATE SKIP LOCKED`
	} else if free, err := q.free(ctx, query, now); err != nil || !free {
		return nil, err // a look by a reader spares the one writer
	}
	err = q.db.InTx(ctx, func(tx *sql.Tx) error {
		if lanes, err = readLanes(ctx, tx, query, now.UnixMilli(), n); err != nil {
			return err
		}
		for _, l := range lanes {
			if _, err := tx.ExecContext(ctx, `UPDATE lane SET holder = $3, until = $4 WHERE company = $1 AND endpoint = $2`,
				l.Company, l.Endpoint, holder, now.Add(lease).UnixMilli()); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("claim lanes: %w", err)
	}
	return lanes, nil
}

func (q *Queue) free(ctx context.Context, query string, now time.Time) (bool, error) {
	db, err := q.db.Reader()
	if err != nil {
		return false, err
	}
	lanes, err := readLanes(ctx, db, query, now.UnixMilli(), 1)
	return len(lanes) > 0, err
}

// querier is a database or a transaction.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

func readLanes(ctx context.Context, from querier, query string, args ...any) (lanes []Lane, err error) {
	rows, err := from.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var l Lane
		if err := rows.Scan(&l.Company, &l.Endpoint, &l.Kind); err != nil {
			return nil, err
		}
		lanes = append(lanes, l)
	}
	return lanes, rows.Err()
}

// Renew lengthens the leases of all lanes that a holder has.
func (q *Queue) Renew(ctx context.Context, holder string, until time.Time) error {
	return q.db.InTx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE lane SET until = $2 WHERE holder = $1`, holder, until.UnixMilli())
		return err
	})
}

// Release gives a lane back. It wakes again when something is due, not before a time.
func (q *Queue) Release(ctx context.Context, l Lane, holder string, notBefore time.Time) error {
	err := q.db.InTx(ctx, func(tx *sql.Tx) error {
		if q.db.RowLocks() { // who adds meanwhile waits, and then wakes the lane; what was added before is seen below
			if _, err := tx.ExecContext(ctx, `SELECT 1 FROM lane WHERE company = $1 AND endpoint = $2 FOR UPDATE`, l.Company, l.Endpoint); err != nil {
				return err
			}
		}
		var due sql.NullInt64
		if err := tx.QueryRowContext(ctx, `SELECT min(due) FROM delivery WHERE company = $1 AND endpoint = $2 AND outcome = ''`,
			l.Company, l.Endpoint).Scan(&due); err != nil {
			return err
		}
		if !due.Valid {
			_, err := tx.ExecContext(ctx, `DELETE FROM lane WHERE company = $1 AND endpoint = $2 AND holder = $3`, l.Company, l.Endpoint, holder)
			return err
		}
		_, err := tx.ExecContext(ctx, `UPDATE lane SET holder = '', until = 0, wake = $4 WHERE company = $1 AND endpoint = $2 AND holder = $3`,
			l.Company, l.Endpoint, holder, max(due.Int64, millis(notBefore)))
		return err
	})
	if err != nil {
		return fmt.Errorf("release lane %q: %w", l.Endpoint, err)
	}
	return nil
}

// Held counts the lanes that wait or are worked, and the deliveries that are pending, for metrics.
func (q *Queue) Held(ctx context.Context) (lanes, deliveries int, err error) {
	db, err := q.db.Reader()
	if err != nil {
		return 0, 0, err
	}
	err = db.QueryRowContext(ctx, `SELECT (SELECT count(*) FROM lane), (SELECT count(*) FROM delivery WHERE outcome = '')`).Scan(&lanes, &deliveries)
	return lanes, deliveries, err
}
