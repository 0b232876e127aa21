package history

import (
	"context"
	"database/sql"
	"encoding/json"
	"time"

	"github.com/meridian-video/meridian/control/history/record"
)

// Participant is one presence of a person in a session: a participant session of the domain model. Who came
// back is listed again.
type Participant struct {
	Session    string
	Room       string
	Presence   string
	Peer       string
	Person     string
	Name       string
	Attributes map[string]string
	Role       record.Role // with which they came
	Mode       record.Mode
	POP        string
	Node       string
	Joined     time.Time
	Left       time.Time     // zero while they are there
	Reason     record.Reason // "" while they are there
	Tick       time.Time     // the newest; zero before the first
}

// Participants lists who was in a session, in the order of joining, and the cursor of the next page.
func (s *Store) Participants(ctx context.Context, company, session string, page Page) ([]Participant, string, error) {
	q, err := participantsOf(company, session, page)
	if err != nil {
		return nil, "", err
	}
	rows, err := list(ctx, s.read, readParticipant, q)
	if err != nil {
		return nil, "", err
	}
	rows, next := cut(rows, page.limit(), func(p Participant) place { return place{[]int64{p.Joined.UnixMilli()}, p.Presence} })
	return rows, next, nil
}

func participantsOf(company, session string, page Page) (query, error) {
	var f filter
	f.and("company = ?", company)
	f.and("session = ?", session)
	f.and("joined IS NOT NULL")
	err := f.behind(page, "(joined, presence) > (?, ?)", 1)
	return f.query(participantColumns, "joined, presence", page.limit()+1), err
}

const participantColumns = `SELECT session, room, presence, peer, person, name, attributes, role, mode, pop, node, joined, ended, reason, tick
	FROM presence`

func readParticipant(row scanner) (p Participant, err error) {
	var attributes string
	var joined, ended sql.NullInt64
	var tick int64
	err = row.Scan(&p.Session, &p.Room, &p.Presence, &p.Peer, &p.Person, &p.Name, &attributes, &p.Role, &p.Mode, &p.POP, &p.Node,
		&joined, &ended, &p.Reason, &tick)
	if err == nil && attributes != "" {
		err = json.Unmarshal([]byte(attributes), &p.Attributes)
	}
	p.Joined, p.Left = optional(joined), optional(ended)
	if tick != 0 {
		p.Tick = millis(tick)
	}
	return p, err
}

// LastTick is until when a presence was surely there; zero before its first tick, and where it is not known.
func (s *Store) LastTick(ctx context.Context, company, session, presence string) (time.Time, error) {
	ticks, err := list(ctx, s.read, func(row scanner) (tick int64, err error) { return tick, row.Scan(&tick) },
		query{`SELECT tick FROM presence WHERE company = $1 AND session = $2 AND presence = $3`, []any{company, session, presence}})
	if err != nil || len(ticks) == 0 || ticks[0] == 0 {
		return time.Time{}, err
	}
	return millis(ticks[0]), nil
}
