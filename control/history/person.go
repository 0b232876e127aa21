package history

import (
	"context"
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

// Knows tells whether anything is kept of a person.
func (s *Store) Knows(ctx context.Context, company string, who Who) (bool, error) {
	where, err := who.filter(company)
	if err != nil {
		return false, err
	}
	found, err := list(ctx, s.read, func(row scanner) (id string, err error) { return id, row.Scan(&id) },
		where.query(`SELECT presence FROM presence`, "presence", 1))
	return len(found) > 0, err
}
