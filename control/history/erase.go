package history

import (
	"context"
	"crypto/rand"
	"strings"
	"time"
)

// lateFor is how long records of a person may arrive after the person was erased: outboxes of edges that were
// away have emptied by then.
const lateFor = 14 * 24 * time.Hour

// Erased counts the rows from which a person was taken.
type Erased struct{ Participants, Messages int64 }

// erasure is a name whose bearer was erased: what comes under it and began before is erased, too.
type erasure struct {
	company string
	kind    nameKind
	name    string
	alias   string // that stands in the rows for a peer id
	asked   int64
}

type nameKind string

const (
	peerName   nameKind = "peer"
	personName nameKind = "person"
	seenName   nameKind = "seen" // peer id of a presence found by a person: others may have had it, too
)

// Erase takes a person out of a company's history and keeps what is counted: of a presence its times, role,
// mode, POP, node and end stay, while name, attributes and person's id go and the peer id becomes a random one,
// the same in all rows of one old peer id, so that statistics count as many people as before. Of messages the
// place and time stay, writer's name and text go. Audit events stay, in which an actor is an id.
//
// Records that arrive again do not bring anything back. For those that arrive for the first time the names are
// remembered for 14 days, see [Store.EraseLate]. What begins after now is not touched. Erase works in small
// transactions and may be repeated after an error.
func (s *Store) Erase(ctx context.Context, company string, who Who, now time.Time) (e Erased, err error) {
	if _, err := who.filter(company); err != nil {
		return e, err
	}
	var names []erasure
	for _, id := range who.Persons {
		names = append(names, erasure{company: company, kind: personName, name: id})
	}
	for _, id := range who.Peers {
		names = append(names, erasure{company: company, kind: peerName, name: id})
	}
	for _, n := range names { // all of them first: nothing may be forgotten of it half-way
		if err := s.remember(ctx, n, now); err != nil {
			return e, err
		}
	}
	for _, n := range names {
		kept, err := s.erasure(ctx, n)
		if err == nil {
			err = s.erase(ctx, kept, &e)
		}
		if err != nil {
			return e, err
		}
	}
	return e, nil
}

// EraseLate erases what has arrived of people who were erased, and forgets their names when nothing more is
// awaited.
func (s *Store) EraseLate(ctx context.Context, now time.Time) (e Erased, err error) {
	if _, err := s.change(ctx, `DELETE FROM erasure WHERE asked < $1`, now.Add(-lateFor).UnixMilli()); err != nil {
		return e, err
	}
	for at := (erasure{}); ; {
		some, err := list(ctx, s.read, readErasure, query{erasureColumns + ` WHERE (company, kind, name) > ($1, $2, $3)
			ORDER BY company, kind, name LIMIT $4`, []any{at.company, string(at.kind), at.name, purgeRows}})
		if err != nil || len(some) == 0 {
			return e, err
		}
		for _, at = range some {
			if err := s.erase(ctx, at, &e); err != nil {
				return e, err
			}
		}
	}
}

const erasureColumns = `SELECT company, kind, name, alias, asked FROM erasure`

func readErasure(row scanner) (e erasure, err error) {
	return e, row.Scan(&e.company, &e.kind, &e.name, &e.alias, &e.asked)
}

// remember keeps a name, with the alias it has already if it has one.
func (s *Store) remember(ctx context.Context, e erasure, now time.Time) error {
	_, err := s.change(ctx, `INSERT INTO erasure (company, kind, name, alias, asked) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (company, kind, name) DO UPDATE SET asked = excluded.asked WHERE excluded.asked > erasure.asked`,
		e.company, string(e.kind), e.name, "deleted-"+strings.ToLower(rand.Text()), now.UnixMilli())
	return err
}

func (s *Store) erasure(ctx context.Context, e erasure) (erasure, error) {
	return readErasure(s.write.QueryRowContext(ctx, erasureColumns+` WHERE company = $1 AND kind = $2 AND name = $3`, e.company, string(e.kind), e.name))
}

const (
	eraseMessages = `UPDATE message SET peer = $4, name = '', text = '', forgotten = 1
		WHERE company = $1 AND session = $2 AND peer = $3 AND forgotten = 0`
	eraseLateMessages = `UPDATE message SET peer = $3, name = '', text = '', forgotten = 1 WHERE company = $1 AND peer = $2 AND forgotten = 0
		AND session IN (SELECT session FROM presence WHERE company = $1 AND peer = $3)`
)

// erase goes over the presences of a name, then over messages that came after their writer was erased.
func (s *Store) erase(ctx context.Context, e erasure, count *Erased) error {
	for e.kind != seenName {
		found, err := list(ctx, s.read, func(row scanner) (p Participant, err error) {
			return p, row.Scan(&p.Session, &p.Presence, &p.Peer)
		}, e.presences())
		if err != nil {
			return err
		}
		if len(found) == 0 {
			break
		}
		for _, p := range found {
			if err := s.erasePresence(ctx, e, p, count); err != nil {
				return err
			}
		}
	}
	if e.kind == personName {
		return nil
	}
	n, err := s.change(ctx, eraseLateMessages, e.company, e.name, e.alias)
	count.Messages += n
	return err
}

// presences are those of a name that are not erased yet.
func (e erasure) presences() query {
	var f filter
	f.and("company = ?", e.company)
	if e.kind == personName {
		f.and("person <> ''")
		f.and("person = ?", e.name)
	} else {
		f.and("peer = ?", e.name)
	}
	f.and("forgotten = 0")
	f.and("(joined IS NULL OR joined < ?)", e.asked)
	return f.query(`SELECT session, presence, peer FROM presence`, "session, presence", purgeRows)
}

// erasePresence takes one presence and what its peer wrote in the session; messages first, since they are found
// by it.
func (s *Store) erasePresence(ctx context.Context, e erasure, p Participant, count *Erased) error {
	alias := e.alias
	if e.kind == personName {
		seen := erasure{company: e.company, kind: seenName, name: p.Peer}
		if err := s.remember(ctx, seen, millis(e.asked)); err != nil {
			return err
		}
		seen, err := s.erasure(ctx, seen)
		if err != nil {
			return err
		}
		alias = seen.alias
	}
	n, err := s.change(ctx, eraseMessages, e.company, p.Session, p.Peer, alias)
	count.Messages += n
	if err != nil {
		return err
	}
	n, err = s.change(ctx, `UPDATE presence SET peer = $4, person = '', name = '', attributes = '', forgotten = 1
		WHERE company = $1 AND session = $2 AND presence = $3 AND forgotten = 0`, e.company, p.Session, p.Presence, alias)
	count.Participants += n
	return err
}
