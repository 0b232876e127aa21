package history

import (
	"context"
	"database/sql"
	"time"

	"github.com/meridian-video/meridian/control/history/record"
)

// Session is a room's live period.
type Session struct {
	Company string
	ID      string
	Room    string // public id
	Kind    record.RoomKind
	POP     string
	Node    string
	Started time.Time
	Closed  time.Time // zero while it runs
	Lost    bool      // nobody closed it: Closed is when it was last heard of
	People  int       // different peer ids
}

// Phase says whether a session runs.
type Phase string

// The phases.
const (
	Running Phase = "running"
	Ended   Phase = "ended"
)

// SessionFilter says which sessions are wanted. Company is required, the others narrow.
type SessionFilter struct {
	Company string
	Room    string
	Phase   Phase
	From    time.Time // begun at or after
	To      time.Time // begun before
}

// Sessions lists sessions, the newest first, and the cursor of the next page; "" on the last.
func (s *Store) Sessions(ctx context.Context, want SessionFilter, page Page) ([]Session, string, error) {
	q, err := want.query(page)
	if err != nil {
		return nil, "", err
	}
	rows, err := list(ctx, s.read, readSession, q)
	if err != nil {
		return nil, "", err
	}
	rows, next := cut(rows, page.limit(), func(r Session) place { return place{[]int64{r.Started.UnixMilli()}, r.ID} })
	return rows, next, nil
}

func (want SessionFilter) filter() (f filter) {
	f.and("company = ?", want.Company)
	if want.Room != "" {
		f.and("room = ?", want.Room)
	}
	want.Phase.narrow(&f)
	f.between("started", want.From, want.To)
	return f
}

func (want SessionFilter) query(page Page) (query, error) {
	want.From, want.To = page.narrowed(want.From, want.To, true)
	f := want.filter()
	err := f.behind(page, "(started, session) < (?, ?)", 1)
	return f.query(sessionColumns, "started DESC, session DESC", page.limit()+1), err
}

// narrow adds the condition in the words of the index of running sessions.
func (p Phase) narrow(f *filter) {
	switch p {
	case Running:
		f.and("closed IS NULL")
		f.and("lost IS NULL")
	case Ended:
		f.and("(closed IS NOT NULL OR lost IS NOT NULL)")
	}
}

// CountSessions counts those that a filter means.
func (s *Store) CountSessions(ctx context.Context, want SessionFilter) (n int, err error) {
	where := want.filter()
	if err = s.read.QueryRowContext(ctx, "SELECT count(*) FROM session"+where.where(), where.args...).Scan(&n); err != nil {
		return 0, readError(err)
	}
	return n, nil
}

// Session finds one session; false when there is none of this company.
func (s *Store) Session(ctx context.Context, company, id string) (Session, bool, error) {
	rows, err := list(ctx, s.read, readSession, query{sessionColumns + ` WHERE company = $1 AND session = $2`, []any{company, id}})
	if err != nil || len(rows) == 0 {
		return Session{}, false, err
	}
	return rows[0], true, nil
}

const sessionColumns = `SELECT company, session, room, room_kind, pop, node, started, closed, lost,
	(SELECT count(DISTINCT p.peer) FROM presence AS p
		WHERE p.company = session.company AND p.session = session.session AND p.joined IS NOT NULL)
	FROM session`

func readSession(row scanner) (s Session, err error) {
	var started int64
	var closed, lost sql.NullInt64
	err = row.Scan(&s.Company, &s.ID, &s.Room, &s.Kind, &s.POP, &s.Node, &started, &closed, &lost, &s.People)
	s.Started, s.Closed = millis(started), optional(closed)
	if s.Lost = !closed.Valid && lost.Valid; s.Lost {
		s.Closed = optional(lost)
	}
	return s, err
}

// optional is the time of a column that may be empty.
func optional(ms sql.NullInt64) time.Time {
	if !ms.Valid {
		return time.Time{}
	}
	return millis(ms.Int64)
}
