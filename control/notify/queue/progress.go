package queue

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// Progress is how far a name has come, such as reminders; the zero time when it has not begun.
func (q *Queue) Progress(ctx context.Context, name string) (time.Time, error) {
	db, err := q.db.Reader()
	if err != nil {
		return time.Time{}, err
	}
	var at int64
	err = db.QueryRowContext(ctx, `SELECT at FROM progress WHERE name = $1`, name).Scan(&at)
	if errors.Is(err, sql.ErrNoRows) {
		return time.Time{}, nil
	}
	return moment(at), err
}

// SetProgress notes how far a name has come; it never goes back.
func (q *Queue) SetProgress(ctx context.Context, name string, at time.Time) error {
	return q.db.InTx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO progress (name, at) VALUES ($1, $2)
			ON CONFLICT (name) DO UPDATE SET at = excluded.at WHERE excluded.at > progress.at`, name, at.UnixMilli())
		return err
	})
}
