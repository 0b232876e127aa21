package history

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"time"

	"github.com/meridian-video/meridian/control/history/record"
)

// batch is the rows that some records ask for, by the statement that writes them.
type batch struct {
	sessions map[sessionKey]*sessionRow
	sweep    map[sessionKey]bool // sessions in which something may have to end
	ticks    map[presenceKey]row
	joined   []row
	left     []row
	messages []row
	audit    []row
}

type sessionKey struct{ company, session string }

type presenceKey struct{ company, session, presence string }

// sessionRow is what records of one session say of it.
type sessionRow struct {
	room    string
	started int64
	opened  *record.Opened
	closed  int64 // 0: not
}

func newBatch(records []record.Record) (*batch, error) {
	b := &batch{sessions: map[sessionKey]*sessionRow{}, sweep: map[sessionKey]bool{}, ticks: map[presenceKey]row{}}
	for _, r := range records {
		if err := b.add(r); err != nil {
			return nil, err
		}
	}
	return b, nil
}

func (b *batch) add(r record.Record) error {
	switch r := r.(type) {
	case *record.Opened:
		b.session(r.Live).open(r)
	case *record.Closed:
		s := b.session(r.Live)
		s.closed = max(s.closed, r.At.UnixMilli())
		b.sweep[keyOf(r.Live)] = true
	case *record.Joined:
		b.session(r.Live)
		b.sweep[keyOf(r.Live)] = true
		attributes, err := encodeMap(r.Attributes)
		b.joined = append(b.joined, row{
			r.Company, r.Session, r.Presence, r.Room, r.Peer, r.At.UnixMilli(), string(r.Role), string(r.Mode), r.POP, r.Node,
			r.Person, r.Name, attributes,
		})
		return err
	case *record.Left:
		b.session(r.Live)
		b.left = append(b.left, row{r.Company, r.Session, r.Presence, r.Room, r.Peer, r.At.UnixMilli(), string(r.Reason), r.Reason.Rank()})
	case *record.Tick: // leaves the session's row alone: there are many
		key := presenceKey{r.Company, r.Session, r.Presence}
		if old, ok := b.ticks[key]; !ok || old[5].(int64) < r.At.UnixMilli() {
			b.ticks[key] = row{r.Company, r.Session, r.Presence, r.Room, r.Peer, r.At.UnixMilli()}
		}
	case *record.Chat:
		b.session(r.Live)
		b.messages = append(b.messages, row{r.Company, r.Session, r.Message, int64(r.Seq), r.At.UnixMilli(), r.Peer, r.Name, r.Text})
	case *record.Audit:
		changes, err := json.Marshal(r.Changes)
		b.audit = append(b.audit, row{
			r.Company, r.Event, r.At.UnixMilli(), r.Actor, r.Action, r.Object.Kind, r.Object.ID, r.Request, string(changes),
		})
		return err
	}
	return nil
}

func keyOf(l record.Live) sessionKey { return sessionKey{l.Company, l.Session} }

// session is the row of a session, which now has one more record.
func (b *batch) session(l record.Live) *sessionRow {
	s, ok := b.sessions[keyOf(l)]
	if !ok {
		s = &sessionRow{room: l.Room, started: l.At.UnixMilli()}
		b.sessions[keyOf(l)] = s
	}
	s.room, s.started = min(s.room, l.Room), min(s.started, l.At.UnixMilli())
	return s
}

// open keeps the first of several openings, as keepSession does.
func (s *sessionRow) open(o *record.Opened) {
	if s.opened == nil || cmp.Or(o.At.Compare(s.opened.At), cmp.Compare(o.RoomKind, s.opened.RoomKind),
		cmp.Compare(o.POP, s.opened.POP), cmp.Compare(o.Node, s.opened.Node)) < 0 {
		s.opened = o
	}
}

func (s *sessionRow) row(k sessionKey) row {
	var opened, closed any
	o := record.Opened{}
	if s.opened != nil {
		o, opened = *s.opened, s.opened.At.UnixMilli()
	}
	if s.closed != 0 {
		closed = s.closed
	}
	return row{k.company, k.session, s.room, s.started, opened, string(o.RoomKind), o.POP, o.Node, closed}
}

// exec writes all rows. Sessions come first, see keepSession.
func (b *batch) exec(ctx context.Context, tx *sql.Tx, d dialect) error {
	var sessions, sweep, ticks []row
	for k, s := range b.sessions {
		sessions = append(sessions, s.row(k))
	}
	for k := range b.sweep {
		sweep = append(sweep, row{k.company, k.session})
	}
	for _, r := range b.ticks {
		ticks = append(ticks, r)
	}
	for _, step := range []struct {
		statement statement
		rows      []row
	}{
		{keepSession, sessions}, {keepJoined, b.joined}, {keepLeft, b.left}, {keepTick, ticks},
		{endWithSession, sweep}, {keepMessage, b.messages}, {keepAudit, b.audit},
	} {
		if err := step.statement.exec(ctx, tx, d, step.rows); err != nil {
			return err
		}
	}
	return nil
}

func encodeMap(m map[string]string) (string, error) {
	if len(m) == 0 {
		return "", nil
	}
	text, err := json.Marshal(m) // keys are sorted
	return string(text), err
}

func millis(ms int64) time.Time { return time.UnixMilli(ms).UTC() }
