package queue

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// Replay sends a delivery once more, whatever became of it, with the same id and outside of any order.
func (q *Queue) Replay(ctx context.Context, company, id string, kind Kind, now time.Time) error {
	return q.db.InTx(ctx, func(tx *sql.Tx) error {
		var endpoint, payload string
		err := tx.QueryRowContext(ctx, `SELECT d.endpoint, coalesce(n.payload, '') FROM delivery AS d
			LEFT JOIN notice AS n ON n.company = d.company AND n.notice = d.event WHERE d.company = $1 AND d.delivery = $2`, company, id).Scan(&endpoint, &payload)
		if errors.Is(err, sql.ErrNoRows) {
			return ErrNone
		}
		if err == nil && payload == "" {
			err = ErrSpent
		}
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `UPDATE delivery SET outcome = '', attempts = 0, begun = 0, due = $3, series = '', status = 0, fault = '', tries = ''
			WHERE company = $1 AND delivery = $2`, company, id, now.UnixMilli()); err != nil {
			return err
		}
		return wake(ctx, tx, map[Lane]int64{{company, endpoint, kind}: now.UnixMilli()})
	})
}

// ReplayDead sends all of an endpoint again that died since a time, as after a repair; it counts them.
func (q *Queue) ReplayDead(ctx context.Context, company, endpoint string, kind Kind, since, now time.Time) (int64, error) {
	return q.replay(ctx, `outcome = 'dead'`, Lane{company, endpoint, kind}, since, now)
}

// ReplayAll is ReplayDead for all that has an outcome, as when a receiver lost what it had accepted.
func (q *Queue) ReplayAll(ctx context.Context, company, endpoint string, kind Kind, since, now time.Time) (int64, error) {
	return q.replay(ctx, `outcome <> ''`, Lane{company, endpoint, kind}, since, now)
}

func (q *Queue) replay(ctx context.Context, which string, l Lane, since, now time.Time) (n int64, err error) {
	err = q.db.InTx(ctx, func(tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, `UPDATE delivery SET outcome = '', attempts = 0, begun = 0, due = $4, status = 0, fault = '', tries = ''
			WHERE company = $1 AND endpoint = $2 AND created >= $3 AND `+which, l.Company, l.Endpoint, since.UnixMilli(), now.UnixMilli())
		if err != nil {
			return err
		}
		if n, err = result.RowsAffected(); err != nil || n == 0 {
			return err
		}
		return wake(ctx, tx, map[Lane]int64{l: now.UnixMilli()})
	})
	if err != nil {
		return 0, fmt.Errorf("replay endpoint %q: %w", l.Endpoint, err)
	}
	return n, nil
}
