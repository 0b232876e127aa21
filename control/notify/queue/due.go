package queue

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

const deliveryColumns = `SELECT d.company, d.endpoint, d.delivery, d.event, n.type, d.series, n.seq, d.created, d.due, d.attempts, d.begun,
	n.payload FROM delivery AS d JOIN notice AS n ON n.company = d.company AND n.notice = d.event`

// Due lists what of a lane may be tried now, the longest due first.
func (q *Queue) Due(ctx context.Context, l Lane, now time.Time, limit int) ([]Delivery, error) {
	return q.deliveries(ctx, l, deliveryColumns+` WHERE d.company = $1 AND d.endpoint = $2 AND d.outcome = '' AND d.due <= $3
		ORDER BY d.due, d.seq LIMIT $4`, l.Company, l.Endpoint, now.UnixMilli(), limit)
}

// Chains lists the oldest pending deliveries of series in a lane, due or not, at most limit of each.
func (q *Queue) Chains(ctx context.Context, l Lane, series []string, limit int) (map[string][]Delivery, error) {
	chains := make(map[string][]Delivery, len(series))
	for _, s := range series {
		chain, err := q.deliveries(ctx, l, deliveryColumns+` WHERE d.company = $1 AND d.endpoint = $2 AND d.series = $3 AND d.outcome = ''
			ORDER BY d.seq LIMIT $4`, l.Company, l.Endpoint, s, limit)
		if err != nil {
			return nil, err
		}
		chains[s] = chain
	}
	return chains, nil
}

func (q *Queue) deliveries(ctx context.Context, l Lane, query string, args ...any) (found []Delivery, err error) {
	db, err := q.db.Reader()
	if err != nil {
		return nil, err
	}
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("read lane %q: %w", l.Endpoint, err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		d := Delivery{Lane: Lane{Kind: l.Kind}}
		var created, due, begun int64
		if err := rows.Scan(&d.Company, &d.Endpoint, &d.ID, &d.Notice, &d.Type, &d.Series, &d.Seq, &created, &due, &d.Attempts, &begun, &d.Payload); err != nil {
			return nil, fmt.Errorf("read lane %q: %w", l.Endpoint, err)
		}
		d.Created, d.Due, d.Begun = moment(created), moment(due), moment(begun)
		found = append(found, d)
	}
	return found, rows.Err()
}

// Hold lets what is due of series, behind a head, wait until a time, so that it is not looked at again and again.
func (q *Queue) Hold(ctx context.Context, l Lane, now time.Time, held map[string]Wait) error {
	if len(held) == 0 {
		return nil
	}
	return q.db.InTx(ctx, func(tx *sql.Tx) error {
		for series, w := range held {
			if _, err := tx.ExecContext(ctx, `UPDATE delivery SET due = $6 WHERE company = $1 AND endpoint = $2 AND series = $3
				AND outcome = '' AND due <= $4 AND seq > $5`, l.Company, l.Endpoint, series, now.UnixMilli(), w.Behind, w.Until.UnixMilli()); err != nil {
				return fmt.Errorf("hold series: %w", err)
			}
		}
		return nil
	})
}
