package history

import (
	"context"
	"database/sql"
	"time"
)

// Silent is a session that is not over as far as anybody said, and of which nothing was heard for a while: its
// only home may have died.
type Silent struct {
	Company, Session, Room string
	Started                time.Time
	Heard                  time.Time // of the newest record of it
	Replaced               bool      // another session of the room began after it
}

// silent finds sessions by a partial index that has running ones only. Each part of "heard" is a range of a key.
const silent = `SELECT company, session, room, started, joined, ended, tick, written, EXISTS (
		SELECT 1 FROM session AS n WHERE n.company = s.company AND n.room = s.room AND n.started > s.started)
	FROM (SELECT company, session, room, started,
		coalesce((SELECT max(p.joined) FROM presence AS p WHERE p.company = session.company AND p.session = session.session), 0) AS joined,
		coalesce((SELECT max(p.ended) FROM presence AS p WHERE p.company = session.company AND p.session = session.session), 0) AS ended,
		coalesce((SELECT max(p.tick) FROM presence AS p WHERE p.company = session.company AND p.session = session.session), 0) AS tick,
		coalesce((SELECT max(m.written) FROM message AS m WHERE m.company = session.company AND m.session = session.session), 0) AS written
		FROM session WHERE closed IS NULL AND lost IS NULL AND started < $1 AND (company, started, session) > ($2, $3, $4)) AS s
	WHERE joined < $1 AND ended < $1 AND tick < $1 AND written < $1
	ORDER BY company, started, session LIMIT $5`

// Silent lists sessions of all companies that were last heard of before a time, at most MaxLimit, behind one of
// an earlier call; the zero value is the beginning.
func (s *Store) Silent(ctx context.Context, before time.Time, behind Silent) ([]Silent, error) {
	from := int64(0)
	if !behind.Started.IsZero() {
		from = behind.Started.UnixMilli()
	}
	return list(ctx, s.read, readSilent, query{silent, []any{before.UnixMilli(), behind.Company, from, behind.Session, MaxLimit}})
}

func readSilent(row scanner) (s Silent, err error) {
	var started, joined, ended, tick, written int64
	err = row.Scan(&s.Company, &s.Session, &s.Room, &started, &joined, &ended, &tick, &written, &s.Replaced)
	s.Started, s.Heard = millis(started), millis(max(started, joined, ended, tick, written))
	return s, err
}

const (
	// loseSession asks again whether somebody was heard: records may have come since.
	loseSession = `UPDATE session SET lost = $3 WHERE company = $1 AND session = $2 AND closed IS NULL AND lost IS NULL AND NOT ` + heardOf + `$3)`
	// losePresences gives those in it an end that any of their own counts more than (rank 0).
	losePresences = `UPDATE presence SET ended = CASE WHEN tick > joined THEN tick ELSE joined END, reason = 'lost'
		WHERE company = $1 AND session = $2 AND joined IS NOT NULL AND ended IS NULL`
	// heardOf is true where a presence tells more than that the session was heard of at some time.
	heardOf = `EXISTS (SELECT 1 FROM presence AS p WHERE p.company = session.company AND p.session = session.session
		AND CASE WHEN p.tick > coalesce(p.joined, 0) THEN p.tick ELSE coalesce(p.joined, 0) END > `
)

const lostAndHeardOf = `SELECT company, session FROM session WHERE closed IS NULL AND lost IS NOT NULL AND lost >= $1 AND (` + heardOf + `session.lost)
	OR EXISTS (SELECT 1 FROM message AS m WHERE m.company = session.company AND m.session = session.session AND m.written > session.lost)) LIMIT $2`

// Lose ends a session at the time it was last heard of, and with it, as lost, whoever is in it; false where
// somebody was heard of since. It is a presumption: a closing that arrives counts more, and whatever else does
// makes it run again, see Find.
func (s *Store) Lose(ctx context.Context, l Silent) (lost bool, err error) {
	err = s.InTx(ctx, func(tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, loseSession, l.Company, l.Session, l.Heard.UnixMilli())
		if err != nil {
			return err
		}
		n, err := result.RowsAffected()
		if lost = n > 0; err != nil || !lost {
			return err
		}
		_, err = tx.ExecContext(ctx, losePresences, l.Company, l.Session)
		return err
	})
	return lost && err == nil, err
}

// Find makes sessions run again that were lost at or after a time and of which more has arrived; at most
// MaxLimit in a call. It returns how many.
func (s *Store) Find(ctx context.Context, since time.Time) (found int, err error) {
	ids, err := list(ctx, s.read, func(row scanner) (k sessionKey, err error) { return k, row.Scan(&k.company, &k.session) },
		query{lostAndHeardOf, []any{since.UnixMilli(), MaxLimit}})
	if err != nil {
		return 0, err
	}
	for _, k := range ids {
		if err := s.find(ctx, k); err != nil {
			return found, err
		}
		found++
	}
	return found, nil
}

func (s *Store) find(ctx context.Context, k sessionKey) error {
	return s.InTx(ctx, func(tx *sql.Tx) error {
		for _, text := range []string{
			`UPDATE session SET lost = NULL WHERE company = $1 AND session = $2`,
			`UPDATE presence SET ended = NULL, reason = '' WHERE company = $1 AND session = $2 AND rank = 0 AND reason = 'lost'`,
		} {
			if _, err := tx.ExecContext(ctx, text, k.company, k.session); err != nil {
				return err
			}
		}
		return nil
	})
}
