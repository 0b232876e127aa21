package event

import (
	"time"

	"github.com/meridian-video/meridian/control/history/record"
)

// Types of what happens in meetings.
const (
	TypeSessionOpened     Type = "session.opened"
	TypeSessionClosed     Type = "session.closed"
	TypeParticipantJoined Type = "participant.joined"
	TypeParticipantLeft   Type = "participant.left"
	TypeChatMessage       Type = "chat.message"
)

// SessionOpened says that the first person was admitted to a room.
type SessionOpened struct {
	Session  string          `json:"session"`
	RoomKind record.RoomKind `json:"room_kind"` // call or webinar
	POP      string          `json:"pop"`
}

// SessionClosed says that a session is over.
type SessionClosed struct {
	Session string        `json:"session"`
	Reason  record.Reason `json:"reason,omitempty"` // lost: nobody said so, see Lost; else absent
}

// ParticipantJoined says that somebody takes part. A connection that resumes is no new participation.
type ParticipantJoined struct {
	Session    string            `json:"session"`
	Presence   string            `json:"presence"` // this participation, from joining to leaving
	Peer       string            `json:"peer"`
	Role       record.Role       `json:"role"` // regular or moderator
	Mode       record.Mode       `json:"mode"` // speaker, viewer, observer or hidden
	POP        string            `json:"pop"`
	Person     string            `json:"person,omitempty"` // id of a user, customer or attendee
	Name       string            `json:"name,omitempty"`
	Attributes map[string]string `json:"attributes,omitempty"`
}

// ParticipantLeft says that a participation ended, and how; once for each.
type ParticipantLeft struct {
	Session  string        `json:"session"`
	Presence string        `json:"presence"`
	Peer     string        `json:"peer"`
	Reason   record.Reason `json:"reason"` // left, kicked, blocked, superseded, lost or room_closed
}

// ChatMessage is a message to all in a room.
type ChatMessage struct {
	Session string `json:"session"`
	Message string `json:"message"`
	Order   uint64 `json:"order"` // in the session, the same for everybody
	Peer    string `json:"peer"`
	Name    string `json:"name,omitempty"`
	Text    string `json:"text"`
}

// FromRecord makes the event that a record of history tells; false for records that tell none. Of records that
// history merges (two nodes' ends of one presence) the first told counts.
func FromRecord(r record.Record) (Event, bool, error) {
	var e Event
	var err error
	switch r := r.(type) {
	case *record.Opened:
		e, err = live(TypeSessionOpened, r.ID(), r.Live, SessionOpened{r.Session, r.RoomKind, r.POP})
	case *record.Closed:
		e, err = live(TypeSessionClosed, r.ID(), r.Live, SessionClosed{Session: r.Session})
	case *record.Joined:
		e, err = live(TypeParticipantJoined, r.ID(), r.Live, ParticipantJoined{
			r.Session, r.Presence, r.Peer, r.Role, r.Mode, r.POP, r.Person, r.Name, r.Attributes,
		})
	case *record.Left:
		e, err = live(TypeParticipantLeft, r.ID(), r.Live, ParticipantLeft{r.Session, r.Presence, r.Peer, r.Reason})
	case *record.Chat:
		e, err = live(TypeChatMessage, r.ID(), r.Live, ChatMessage{r.Session, r.Message, r.Seq, r.Peer, r.Name, r.Text})
	case *record.Audit:
		return fromAudit(r)
	default:
		return Event{}, false, nil
	}
	return e, err == nil, err
}

// Lost makes the event that a session is over whose home is gone without a word; at is when it was last heard of.
// It is that of a closing that may still come, with one id, so that a company is told of one end, whichever comes
// first.
func Lost(company, room, session string, at time.Time) (Event, error) {
	r := record.Closed{Live: record.Live{Company: company, Room: room, Session: session, At: at}}
	return live(TypeSessionClosed, r.ID(), r.Live, SessionClosed{session, record.ReasonLost})
}

func live(t Type, source string, l record.Live, data any) (Event, error) {
	return New(t, source, l.Company, l.Room, l.At, data)
}
