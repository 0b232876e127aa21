package history

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/meridian-video/meridian/control/history/record"
)

// Who names one person of a company: by the peer ids they had and by the ids of their user, customer or
// attendee. A peer id that others share names them, too.
type Who struct {
	Peers   []string
	Persons []string
}

// maxNames bounds the ids of one person.
const maxNames = 1000

// filter is the presences of the person. Each part has an index; of an OR SQLite would use neither.
func (w Who) filter(company string) (filter, error) {
	if n := len(w.Peers) + len(w.Persons); n == 0 || n > maxNames {
		return filter{}, fmt.Errorf("a person has 1 to %d ids, not %d", maxNames, n)
	}
	var either []string
	var args []any
	for _, part := range []struct {
		condition string
		ids       []string
	}{{"peer IN ", w.Peers}, {"person <> '' AND person IN ", w.Persons}} {
		if len(part.ids) == 0 {
			continue
		}
		either = append(either, "SELECT company, session, presence FROM presence WHERE company = ? AND "+part.condition+"(?"+strings.Repeat(", ?", len(part.ids)-1)+")")
		args = append(args, company)
		for _, id := range part.ids {
			args = append(args, id)
		}
	}
	var f filter
	f.and("(company, session, presence) IN (SELECT company, session, presence FROM ("+strings.Join(either, " UNION ")+") AS theirs)", args...)
	return f, nil
}

// Forgotten counts what Forget took.
type Forgotten struct{ Participants, Messages int64 }

// Forget deletes a person from a company's history and keeps what is counted: of a presence its times, role,
// mode, POP, node and end stay, while name, attributes and person's id go and the peer id becomes a new random
// one, the same in all rows of one old peer id that this call finds, so that statistics count as many people as before. Of messages the
// place and time stay, writer's name and text go. Records that arrive again do not bring anything back; those
// that arrive for the first time do, so it should be called once more when outboxes are empty. Audit events stay,
// in which an actor is an id. It works in small transactions and may be repeated after an error.
func (s *Store) Forget(ctx context.Context, company string, who Who) (f Forgotten, err error) {
	where, err := who.filter(company)
	if err != nil {
		return f, err
	}
	where.and("forgotten = 0")
	aliases := make(map[string]string)
	q := where.query(`SELECT session, presence, peer FROM presence`, "session, presence", purgeRows)
	for {
		found, err := list(ctx, s.read, func(row scanner) (p Participant, err error) {
			return p, row.Scan(&p.Session, &p.Presence, &p.Peer)
		}, q)
		if err != nil || len(found) == 0 {
			return f, err
		}
		for _, p := range found {
			if aliases[p.Peer] == "" {
				aliases[p.Peer] = "deleted-" + strings.ToLower(rand.Text())
			}
			if err := s.forget(ctx, company, p, aliases[p.Peer], &f); err != nil {
				return f, err
			}
		}
	}
}

const forgetMessages = `UPDATE message SET peer = $4, name = '', text = '', forgotten = 1
	WHERE company = $1 AND session = $2 AND peer = $3 AND forgotten = 0`

// forget takes one presence and what its peer wrote in the session; messages first, since they are found by it.
func (s *Store) forget(ctx context.Context, company string, p Participant, alias string, f *Forgotten) error {
	n, err := s.change(ctx, forgetMessages, company, p.Session, p.Peer, alias)
	f.Messages += n
	if err != nil {
		return err
	}
	n, err = s.change(ctx, `UPDATE presence SET peer = $4, person = '', name = '', attributes = '', forgotten = 1
		WHERE company = $1 AND session = $2 AND presence = $3 AND forgotten = 0`, company, p.Session, p.Presence, alias)
	f.Participants += n
	return err
}

// ExportPerson writes all that is kept of a person, a line of JSON each: {"participant":…}, {"message":…} and
// {"audit":…}, the last for events whose actor is "user:" or "customer:" and one of the person's ids.
func (s *Store) ExportPerson(ctx context.Context, company string, who Who, to io.Writer) error {
	where, err := who.filter(company)
	if err != nil {
		return err
	}
	where.and("joined IS NOT NULL")
	presences, err := list(ctx, s.read, readParticipant, query{participantColumns + where.where() + ` ORDER BY joined, presence`, where.args})
	if err != nil {
		return err
	}
	out := json.NewEncoder(to)
	written := make(map[sessionKey]bool) // session and peer: of two presences in one session the chat goes out once
	for _, p := range presences {
		if err := out.Encode(exported{Participant: exportParticipant(p)}); err != nil {
			return err
		}
		if key := (sessionKey{p.Session, p.Peer}); !written[key] {
			written[key] = true
			if err := s.exportMessages(ctx, company, p, out); err != nil {
				return err
			}
		}
	}
	return s.exportAudit(ctx, company, who, out)
}

// exported is a line.
type exported struct {
	Participant *exportedParticipant `json:"participant,omitempty"`
	Message     *exportedMessage     `json:"message,omitempty"`
	Audit       *record.Audit        `json:"audit,omitempty"`
}

type exportedParticipant struct {
	Session    string            `json:"session"`
	Room       string            `json:"room"`
	Peer       string            `json:"peer"`
	Person     string            `json:"person,omitempty"`
	Name       string            `json:"name,omitempty"`
	Attributes map[string]string `json:"attributes,omitempty"`
	Role       record.Role       `json:"role"`
	Mode       record.Mode       `json:"mode"`
	POP        string            `json:"pop"`
	Joined     time.Time         `json:"joined"`
	Left       time.Time         `json:"left,omitzero"`
	Reason     record.Reason     `json:"reason,omitempty"`
}

type exportedMessage struct {
	Session string    `json:"session"`
	Message string    `json:"message"`
	Written time.Time `json:"written"`
	Peer    string    `json:"peer"`
	Name    string    `json:"name,omitempty"`
	Text    string    `json:"text"`
}

func exportParticipant(p Participant) *exportedParticipant {
	return &exportedParticipant{
		Session: p.Session, Room: p.Room, Peer: p.Peer, Person: p.Person, Name: p.Name, Attributes: p.Attributes,
		Role: p.Role, Mode: p.Mode, POP: p.POP, Joined: p.Joined, Left: p.Left, Reason: p.Reason,
	}
}

func (s *Store) exportMessages(ctx context.Context, company string, p Participant, out *json.Encoder) error {
	messages, err := list(ctx, s.read, readMessage, query{
		messageColumns + ` WHERE company = $1 AND session = $2 AND peer = $3 ORDER BY seq, written, message`, []any{company, p.Session, p.Peer},
	})
	if err != nil {
		return err
	}
	for _, m := range messages {
		line := exported{Message: &exportedMessage{m.Session, m.ID, m.Written, m.Peer, m.Name, m.Text}}
		if err := out.Encode(line); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) exportAudit(ctx context.Context, company string, who Who, out *json.Encoder) error {
	for _, id := range who.Persons {
		events, err := list(ctx, s.read, readAudit, query{
			auditColumns + ` WHERE company = $1 AND actor IN ($2, $3) ORDER BY happened, event`, []any{company, "user:" + id, "customer:" + id},
		})
		if err != nil {
			return err
		}
		for _, e := range events {
			if err := out.Encode(exported{Audit: &e}); err != nil {
				return err
			}
		}
	}
	return nil
}
