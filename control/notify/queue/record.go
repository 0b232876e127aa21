package queue

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"
)

// maxFault bounds what is kept of an error, in bytes.
const maxFault = 500

// Record writes how attempts ended, all in one transaction. A delivery that has an outcome keeps it.
func (q *Queue) Record(ctx context.Context, results ...Result) error {
	return q.db.InTx(ctx, func(tx *sql.Tx) error {
		for _, r := range results {
			if err := r.write(ctx, tx); err != nil {
				return fmt.Errorf("record delivery %q: %w", r.Delivery.ID, err)
			}
		}
		return nil
	})
}

func (r Result) write(ctx context.Context, tx *sql.Tx) error {
	d, begun := r.Delivery, r.Delivery.Begun
	if begun.IsZero() && r.Outcome == Pending {
		begun = r.At
	}
	if _, err := tx.ExecContext(ctx, `UPDATE delivery SET outcome = $3, attempts = $4, tried = $5, begun = $6, due = $7, status = $8, fault = $9,
		tries = tries || $10 WHERE company = $1 AND delivery = $2 AND outcome = ''`,
		d.Company, d.ID, string(r.Outcome), d.Attempts+1, r.At.UnixMilli(), millis(begun), r.Due.UnixMilli(), r.Status, clip(r.Fault), r.try()); err != nil {
		return err
	}
	if r.Outcome == Delivered && d.Kind != Webhook { // letters hold what is nobody's business any more
		if _, err := tx.ExecContext(ctx, `UPDATE notice SET payload = '' WHERE company = $1 AND notice = $2`, d.Company, d.Notice); err != nil {
			return err
		}
	}
	if r.Outcome == Pending || d.Attempts == 0 || d.Series == "" {
		return nil
	}
	// Those behind it were held, see Hold.
	_, err := tx.ExecContext(ctx, `UPDATE delivery SET due = $4 WHERE company = $1 AND endpoint = $2 AND series = $3
		AND outcome = '' AND attempts = 0 AND due > $4`, d.Company, d.Endpoint, d.Series, r.At.UnixMilli())
	return err
}

// clip makes text of somebody else's fit to be kept.
func clip(s string) string {
	s = strings.ReplaceAll(s, "\x00", " ")
	return strings.ToValidUTF8(s[:min(len(s), maxFault)], "")
}

// abandonRows is how many deliveries are given up in one transaction.
const abandonRows = 500

// Abandon gives up all that waits in a lane, because its endpoint is gone. It can be replayed.
func (q *Queue) Abandon(ctx context.Context, l Lane, at time.Time, fault string) error {
	for n := int64(1); n > 0; {
		if err := q.db.InTx(ctx, func(tx *sql.Tx) error {
			result, err := tx.ExecContext(ctx, `UPDATE delivery SET outcome = 'dead', tried = $3, fault = $4 WHERE (company, delivery) IN
				(SELECT company, delivery FROM delivery WHERE company = $1 AND endpoint = $2 AND outcome = '' ORDER BY due LIMIT $5)`,
				l.Company, l.Endpoint, at.UnixMilli(), clip(fault), abandonRows)
			if err != nil {
				return err
			}
			n, err = result.RowsAffected()
			return err
		}); err != nil {
			return fmt.Errorf("abandon lane %q: %w", l.Endpoint, err)
		}
	}
	return nil
}
