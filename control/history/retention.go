package history

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// Retention is how many days a company's history is kept; 0 is for ever. Sealed ledgers stay in any case.
type Retention struct {
	Sessions   int // sessions with their participants and chat, from when they began
	Chat       int // messages, where that is shorter
	Audit      int
	Deliveries int // of webhooks and letters; less than 4 also takes what is still being tried
}

// Purged counts the rows that went.
type Purged struct{ Sessions, Participants, Messages, Audit, Deliveries, Notices int64 }

// Plus is the sum of two.
func (p Purged) Plus(q Purged) Purged {
	return Purged{
		p.Sessions + q.Sessions, p.Participants + q.Participants, p.Messages + q.Messages, p.Audit + q.Audit,
		p.Deliveries + q.Deliveries, p.Notices + q.Notices,
	}
}

// purgeRows is how many rows go in one transaction: few enough that ingest waits for milliseconds only.
const purgeRows = 500

// Purge deletes what a company's retention does not keep, in small transactions, and returns when nothing is
// left to go or ctx ends; what was deleted until then stays deleted. Afterwards the same call finds nothing. A
// session that runs is kept however old it is, unless its newest record is as old as that.
func (s *Store) Purge(ctx context.Context, company string, keep Retention, now time.Time) (p Purged, err error) {
	for _, step := range []struct {
		days  int
		count *int64
		query string
	}{
		{keep.Chat, &p.Messages, oldRows("message", "written")},
		{keep.Audit, &p.Audit, oldRows("audit", "happened")},
		{keep.Deliveries, &p.Deliveries, oldRows("delivery", "created")},
		{keep.Deliveries, &p.Notices, oldRows("notice", "created")},
	} {
		if step.days <= 0 {
			continue
		}
		if err := s.deleteAll(ctx, step.count, step.query, company, cutoff(now, step.days), purgeRows); err != nil {
			return p, err
		}
	}
	if keep.Sessions > 0 {
		err = s.purgeSessions(ctx, company, cutoff(now, keep.Sessions), &p)
	}
	return p, err
}

func cutoff(now time.Time, days int) int64 { return now.AddDate(0, 0, -days).UnixMilli() }

// oldRows deletes the oldest rows of a table, of those before a time: about as many as asked for, and all of the
// same millisecond. It is a range of an index, which neither database has to join.
func oldRows(table, column string) string {
	return fmt.Sprintf(`DELETE FROM %[1]s WHERE company = $1 AND %[2]s <= (SELECT max(t) FROM
		(SELECT %[2]s AS t FROM %[1]s WHERE company = $1 AND %[2]s < $2 ORDER BY %[2]s LIMIT $3) AS oldest)`, table, column)
}

// oldSessions finds sessions that are over, or that nobody has been heard of since.
const oldSessions = `SELECT session FROM session WHERE company = $1 AND started < $2
	AND (closed IS NOT NULL OR NOT EXISTS (SELECT 1 FROM presence AS p WHERE p.company = session.company AND p.session = session.session
		AND (p.tick >= $2 OR p.joined >= $2 OR p.ended >= $2)))
	ORDER BY started LIMIT 50`

// purgeSessions deletes old sessions, each in three transactions: what is in it first.
func (s *Store) purgeSessions(ctx context.Context, company string, before int64, p *Purged) error {
	for {
		ids, err := list(ctx, s.read, func(row scanner) (id string, err error) { return id, row.Scan(&id) },
			query{oldSessions, []any{company, before}})
		if err != nil || len(ids) == 0 {
			return err
		}
		for _, id := range ids {
			if err := s.purgeSession(ctx, company, id, p); err != nil {
				return err
			}
		}
	}
}

func (s *Store) purgeSession(ctx context.Context, company, id string, p *Purged) error {
	for _, step := range []struct {
		table string
		count *int64
	}{{"message", &p.Messages}, {"presence", &p.Participants}, {"session", &p.Sessions}} {
		n, err := s.change(ctx, `DELETE FROM `+step.table+` WHERE company = $1 AND session = $2`, company, id)
		*step.count += n
		if err != nil {
			return err
		}
	}
	return nil
}

// deleteAll repeats a delete of some rows until there are none.
func (s *Store) deleteAll(ctx context.Context, count *int64, query string, args ...any) error {
	for {
		n, err := s.change(ctx, query, args...)
		*count += n
		if err != nil || n == 0 {
			return err
		}
	}
}

// change runs one statement in a transaction of its own and counts its rows. Between two of them whoever
// writes records gets a turn: the pool of SQLite's one connection serves in order.
func (s *Store) change(ctx context.Context, query string, args ...any) (int64, error) {
	for try := 1; ; try++ {
		var n int64
		err := s.inTx(ctx, func(tx *sql.Tx) error {
			result, err := tx.ExecContext(ctx, query, args...)
			if err != nil {
				return err
			}
			n, err = result.RowsAffected()
			return err
		})
		if err == nil {
			return n, nil
		}
		if !lost(err) || try == attempts {
			return 0, changeError(err)
		}
	}
}

// changeError says of a change's error whether it is the database that is away.
func changeError(err error) error {
	if away(err) {
		return fmt.Errorf("%w: %w", ErrAway, err)
	}
	return fmt.Errorf("change history: %w", err)
}

func (s *Store) inTx(ctx context.Context, f func(*sql.Tx) error) error {
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := f(tx); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit()
}
