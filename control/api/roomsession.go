package api

import (
	"context"
	"net/http"
	"time"

	"github.com/meridian-video/meridian/control/history"
)

// RoomSession is a room's live period.
type RoomSession struct {
	ID           string     `json:"id"`
	Company      string     `json:"company"`
	Room         string     `json:"room" doc:"Public id of the room."`
	Kind         string     `json:"kind,omitempty" enum:"call,webinar"`
	POP          string     `json:"pop,omitempty" doc:"Where the room had its home when it began."`
	State        string     `json:"state" enum:"running,ended"`
	StartedAt    time.Time  `json:"started_at"`
	EndedAt      *time.Time `json:"ended_at,omitempty" doc:"Absent while it runs."`
	Lost         bool       `json:"lost" doc:"Nobody said that it ended; nothing was heard of it after ended_at. It runs again if something is."`
	Participants int        `json:"participants" doc:"Different peer ids."`
}

// Participant is one presence of a person in a session. Who came back is there again.
type Participant struct {
	ID         string            `json:"id"`
	Session    string            `json:"session"`
	Peer       string            `json:"peer" doc:"The person's peer id; a random one where the person was erased."`
	Person     string            `json:"person,omitempty" doc:"Id of a user, customer or attendee, where it is known."`
	Name       string            `json:"name,omitempty"`
	Attributes map[string]string `json:"attributes,omitempty"`
	Role       string            `json:"role" enum:"regular,moderator"`
	Mode       string            `json:"mode" enum:"speaker,viewer,observer,hidden"`
	POP        string            `json:"pop,omitempty"`
	JoinedAt   time.Time         `json:"joined_at"`
	LeftAt     *time.Time        `json:"left_at,omitempty" doc:"Absent while they are there."`
	EndReason  string            `json:"end_reason,omitempty" enum:"left,kicked,blocked,superseded,lost,room_closed" doc:"Absent while they are there."`
}

// Message is a chat message. Of one whose writer was erased only its place is left.
type Message struct {
	ID     string    `json:"id"`
	Seq    uint64    `json:"seq" doc:"Its place in the room."`
	SentAt time.Time `json:"sent_at"`
	Peer   string    `json:"peer"`
	Name   string    `json:"name,omitempty"`
	Text   string    `json:"text"`
}

type sessionsIn struct {
	Company string `path:"company" doc:"Id of the company."`
	Room    string `query:"room" maxLength:"256" doc:"Those of this room, by its id or public id." example:"standup"`
	State   string `query:"state" enum:"running,ended" doc:"Those that run, or those that do not."`
	SpanQuery
	PastQuery
}

// SessionPath names a session.
type SessionPath struct {
	Company string `path:"company" doc:"Id of the company."`
	Session string `path:"session" doc:"Id of the session."`
}

type sessionPageIn struct {
	SessionPath
	PastQuery
}

type roomSessionOut struct{ Body RoomSession }

// Moments of the examples.
var (
	exampleStart = time.Date(2026, 11, 21, 9, 30, 0, 0, time.UTC)
	exampleEnd   = time.Date(2026, 11, 21, 10, 15, 30, 0, time.UTC)
)

func (a *API) registerRoomSessions() {
	const path = "/companies/{company}/sessions"
	session := RoomSession{
		ID: exampleID("session"), Company: "acme", Room: "standup", Kind: "call", POP: "fra", State: "ended",
		StartedAt: exampleStart, EndedAt: &exampleEnd, Participants: 2,
	}
	register(a, operation{
		method: http.MethodGet, path: path, id: "list-sessions", summary: "List sessions of a company, the newest first", tag: "sessions",
		scope: "sessions:read", status: http.StatusOK, answer: Page[RoomSession]{Items: []RoomSession{session}},
		about: "A session is a room's live period. What edges report arrives within seconds, or when an edge that was cut off is back.",
	}, a.listSessions)
	register(a, operation{
		method: http.MethodGet, path: path + "/{session}", id: "get-session", summary: "Get a session", tag: "sessions",
		scope: "sessions:read", status: http.StatusOK, answer: session,
	}, a.getSession)
	register(a, operation{
		method: http.MethodGet, path: path + "/{session}/participants", id: "list-participants", summary: "List who took part in a session, in the order of joining",
		tag: "sessions", scope: "sessions:read", status: http.StatusOK, answer: Page[Participant]{Items: []Participant{{
			ID: "mfrggzdfmztwq2lknnwg23tp", Session: exampleID("session"), Peer: "ada-1", Name: "Ada", Role: "moderator", Mode: "speaker", POP: "fra",
			JoinedAt: exampleStart, LeftAt: &exampleEnd, EndReason: "left",
		}}},
	}, a.listParticipants)
	register(a, operation{
		method: http.MethodGet, path: path + "/{session}/messages", id: "list-messages", summary: "List the chat of a session, in its order",
		tag: "sessions", scope: "messages:read", status: http.StatusOK, answer: Page[Message]{Items: []Message{{
			ID: "m1", Seq: 1, SentAt: exampleStart, Peer: "ada-1", Name: "Ada", Text: "Good morning",
		}}},
	}, a.listMessages)
}

func (a *API) listSessions(ctx context.Context, in *sessionsIn) (*pageOut[RoomSession], error) {
	of, err := companyOf(ctx)
	if err != nil {
		return nil, err
	}
	room, err := roomNamed(ctx, of.ID, in.Room)
	if err != nil {
		return nil, err
	}
	rows, next, err := a.history.Sessions(ctx, history.SessionFilter{
		Company: of.ID, Room: room, Phase: history.Phase(in.State), From: in.Since, To: in.Until,
	}, in.page())
	return pageOf(rows, next, showSession), err
}

// session finds the one of the path, for those whose company's it is.
func (a *API) session(ctx context.Context, in SessionPath) (history.Session, error) {
	of, err := companyOf(ctx)
	if err != nil {
		return history.Session{}, err
	}
	if plain(ctx, map[string]string{"session": in.Session}) != nil {
		return history.Session{}, notFound(ctx)
	}
	s, ok, err := a.history.Session(ctx, of.ID, in.Session)
	if err == nil && !ok {
		err = notFound(ctx)
	}
	return s, err
}

func (a *API) getSession(ctx context.Context, in *SessionPath) (*roomSessionOut, error) {
	s, err := a.session(ctx, *in)
	return &roomSessionOut{showSession(s)}, err
}

func (a *API) listParticipants(ctx context.Context, in *sessionPageIn) (*pageOut[Participant], error) {
	s, err := a.session(ctx, in.SessionPath)
	if err != nil {
		return nil, err
	}
	rows, next, err := a.history.Participants(ctx, s.Company, s.ID, in.page())
	return pageOf(rows, next, showParticipant), err
}

func (a *API) listMessages(ctx context.Context, in *sessionPageIn) (*pageOut[Message], error) {
	s, err := a.session(ctx, in.SessionPath)
	if err != nil {
		return nil, err
	}
	rows, next, err := a.history.Messages(ctx, s.Company, s.ID, in.page())
	return pageOf(rows, next, func(m history.Message) Message {
		return Message{ID: m.ID, Seq: m.Seq, SentAt: m.Written, Peer: m.Peer, Name: m.Name, Text: m.Text}
	}), err
}

func showSession(s history.Session) RoomSession {
	out := RoomSession{
		ID: s.ID, Company: s.Company, Room: s.Room, Kind: string(s.Kind), POP: s.POP, State: string(history.Running), StartedAt: s.Started,
		EndedAt: optionalTime(s.Closed), Lost: s.Lost, Participants: s.People,
	}
	if out.EndedAt != nil {
		out.State = string(history.Ended)
	}
	return out
}

func showParticipant(p history.Participant) Participant {
	return Participant{
		ID: p.Presence, Session: p.Session, Peer: p.Peer, Person: p.Person, Name: p.Name, Attributes: p.Attributes, Role: string(p.Role),
		Mode: string(p.Mode), POP: p.POP, JoinedAt: p.Joined, LeftAt: optionalTime(p.Left), EndReason: string(p.Reason),
	}
}

// optionalTime is nil for the zero time.
func optionalTime(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
