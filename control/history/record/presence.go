package record

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"strings"
	"time"
)

// Reason says why a presence ended; each ends with exactly one.
type Reason string

// The reasons.
const (
	ReasonLeft       Reason = "left"
	ReasonKicked     Reason = "kicked"
	ReasonBlocked    Reason = "blocked"
	ReasonSuperseded Reason = "superseded" // a newer presence of the same peer id
	ReasonLost       Reason = "lost"
	ReasonRoomClosed Reason = "room_closed"
)

// Rank orders reasons that two nodes give for one end: the higher counts, and of equals the earlier in time.
// Who says that somebody left or was made to go has seen it; "room closed" is known of everybody at once; "lost"
// may be said by a node that was itself cut off. 0 for what is no reason.
func (r Reason) Rank() int {
	switch r {
	case ReasonBlocked:
		return 6
	case ReasonKicked:
		return 5
	case ReasonLeft:
		return 4
	case ReasonSuperseded:
		return 3
	case ReasonRoomClosed:
		return 2
	case ReasonLost:
		return 1
	}
	return 0
}

// Role is what a person may do in the room.
type Role string

// The roles.
const (
	Regular   Role = "regular"
	Moderator Role = "moderator"
)

// Mode is how a person takes part.
type Mode string

// The modes.
const (
	Speaker  Mode = "speaker"
	Viewer   Mode = "viewer"
	Observer Mode = "observer"
	Hidden   Mode = "hidden"
)

// PresenceID names one presence of a peer in a session: from joining to the one end, over any number of
// connections. Every node that knows the room computes the same.
func PresenceID(session, peer string, joined time.Time) string {
	h := sha256.New()
	var n [8]byte
	for _, part := range []string{session, peer} {
		binary.BigEndian.PutUint64(n[:], uint64(len(part)))
		h.Write(n[:])
		h.Write([]byte(part))
	}
	binary.BigEndian.PutUint64(n[:], uint64(instant(joined).UnixMilli()))
	h.Write(n[:])
	return strings.ToLower(base32.StdEncoding.EncodeToString(h.Sum(nil)[:15])) // 24 characters, no padding
}

// Joined says that a presence began; of several, the earliest counts. A connection that resumes is no new one.
type Joined struct {
	Live
	Presence string `json:"presence"` // PresenceID
	Peer     string `json:"peer"`
	Role     Role   `json:"role"`
	Mode     Mode   `json:"mode"`
	POP      string `json:"pop"`
	Node     string `json:"node"`

	// What is known of the person; deleted on demand, the rest stays.
	Person     string            `json:"person,omitempty"` // id of a user, customer or attendee
	Name       string            `json:"name,omitempty"`
	Attributes map[string]string `json:"attributes,omitempty"`
}

// Kind implements Record.
func (*Joined) Kind() Kind { return KindJoined }

// ID implements Record.
func (j *Joined) ID() string { return join(KindJoined, j.Company, j.Session, j.Presence) }

func (j *Joined) tidy() {
	j.Live.tidy()
	tidyText(&j.Presence, &j.Peer, &j.POP, &j.Node, &j.Person, &j.Name)
	j.Attributes = tidyMap(j.Attributes)
}

func (j *Joined) validate() error {
	return first(j.Live.validate(), id("presence", j.Presence), id("peer", j.Peer),
		oneOf("role", j.Role, Regular, Moderator), oneOf("mode", j.Mode, Speaker, Viewer, Observer, Hidden),
		optionalID("pop", j.POP), optionalID("node", j.Node), optionalID("person", j.Person),
		text("name", j.Name, maxName), attributes(j.Attributes))
}

// Left says that a presence ended. Of several, Rank and time decide.
type Left struct {
	Live
	Presence string `json:"presence"`
	Peer     string `json:"peer"`
	Reason   Reason `json:"reason"`

	// For the companies' servers that are told of it; history keeps neither.
	Name     string `json:"name,omitempty"`
	Farewell string `json:"farewell,omitempty"` // what else they are to be told, see Farewell
}

// Kind implements Record.
func (*Left) Kind() Kind { return KindLeft }

// ID implements Record.
func (l *Left) ID() string { return join(KindLeft, l.Company, l.Session, l.Presence) }

func (l *Left) tidy() {
	l.Live.tidy()
	tidyText(&l.Presence, &l.Peer, &l.Name, &l.Farewell)
}

func (l *Left) validate() error {
	if err := first(text("name", l.Name, maxName), text("farewell", l.Farewell, maxFarewell)); err != nil {
		return err
	}
	if l.Reason.Rank() == 0 {
		return first(l.Live.validate(), fault("reason", "is unknown"))
	}
	return first(l.Live.validate(), id("presence", l.Presence), id("peer", l.Peer))
}

// TickLength is the grid of usage: ticks and all figures of statistics are multiples of it.
const TickLength = 30 * time.Second

// TickAt is the newest tick that is not after t.
func TickAt(t time.Time) time.Time {
	seconds := t.Unix()
	length := int64(TickLength / time.Second)
	return time.Unix(seconds-((seconds%length)+length)%length, 0).UTC()
}

// Tick says that a presence lasted until At, a multiple of TickLength.
type Tick struct {
	Live
	Presence string `json:"presence"`
	Peer     string `json:"peer"`
}

// Kind implements Record.
func (*Tick) Kind() Kind { return KindTick }

// ID implements Record.
func (t *Tick) ID() string {
	return join(KindTick, t.Company, t.Session, t.Presence, t.At.UTC().Format(time.RFC3339))
}

func (t *Tick) tidy() {
	t.Live.tidy()
	tidyText(&t.Presence, &t.Peer)
}

func (t *Tick) validate() error {
	if !TickAt(t.At).Equal(t.At) {
		return fault("at", "is not a multiple of 30 s")
	}
	return first(t.Live.validate(), id("presence", t.Presence), id("peer", t.Peer))
}
