package record

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Kind names a kind of record in its line.
type Kind string

// The kinds.
const (
	KindOpened Kind = "opened" // a session began
	KindClosed Kind = "closed" // a session ended, and whoever was still in it
	KindJoined Kind = "joined" // a presence began
	KindLeft   Kind = "left"   // a presence ended
	KindTick   Kind = "tick"   // a presence lasted
	KindChat   Kind = "chat"   // a message was written
	KindAudit  Kind = "audit"  // somebody changed something; control's own, refused from edges
)

var (
	// ErrMalformed is returned when a line is not a record at all.
	ErrMalformed = errors.New("malformed record")
	// ErrUnknownKind is returned for a kind that this version does not know. A newer one may.
	ErrUnknownKind = errors.New("unknown kind of record")
	// ErrInvalid is returned when a field of a record breaks a rule; the text names it.
	ErrInvalid = errors.New("invalid record")
)

// Record is one fact: *Opened, *Closed, *Joined, *Left, *Tick, *Chat or *Audit.
type Record interface {
	// Kind is what it is.
	Kind() Kind
	// ID is the same whenever and by whomever the same fact is reported. IDs of different kinds differ.
	ID() string
	// Tenant is the company it belongs to; empty for audit events of the platform.
	Tenant() string
	// When it happened, by the clock of the node that saw it.
	When() time.Time

	tidy()           // brings fields into the form they are kept in
	validate() error // ErrInvalid
}

// Live is what every record of a session has.
type Live struct {
	Company string    `json:"company"`
	Room    string    `json:"room"` // public id
	Session string    `json:"session"`
	At      time.Time `json:"at"` // kept in milliseconds, UTC
}

// Tenant implements Record.
func (l *Live) Tenant() string { return l.Company }

// When implements Record.
func (l *Live) When() time.Time { return l.At }

func (l *Live) tidy() {
	tidyText(&l.Company, &l.Room, &l.Session)
	l.At = instant(l.At)
}

func (l *Live) validate() error {
	return first(id("company", l.Company), id("room", l.Room), id("session", l.Session), moment("at", l.At))
}

// newOf makes an empty record of a kind; nil for an unknown one.
func newOf(k Kind) Record {
	switch k {
	case KindOpened:
		return new(Opened)
	case KindClosed:
		return new(Closed)
	case KindJoined:
		return new(Joined)
	case KindLeft:
		return new(Left)
	case KindTick:
		return new(Tick)
	case KindChat:
		return new(Chat)
	case KindAudit:
		return new(Audit)
	}
	return nil
}

// Check brings a record into the form it is kept in (times in UTC and milliseconds, no NUL, which PostgreSQL
// cannot hold) and says what is wrong with it: ErrInvalid.
func Check(r Record) error {
	r.tidy()
	if err := r.validate(); err != nil {
		return fmt.Errorf("%w: %s: %w", ErrInvalid, r.Kind(), err)
	}
	return nil
}

// Encode checks a record and makes its line, ended by "\n": an object that begins with its kind as "t".
func Encode(r Record) ([]byte, error) {
	if err := Check(r); err != nil {
		return nil, err
	}
	body, err := json.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	line := make([]byte, 0, len(body)+16)
	line = append(line, `{"t":"`...)
	line = append(line, r.Kind()...)
	line = append(line, `",`...)
	line = append(line, body[1:]...) // no record is an empty object
	if len(line) >= MaxLine {
		return nil, fmt.Errorf("%w: %s: more than %d bytes", ErrInvalid, r.Kind(), MaxLine)
	}
	return append(line, '\n'), nil
}

// Decode reads and checks one line, with or without its end. Fields it does not know are passed over. Errors
// are ErrMalformed, ErrUnknownKind and ErrInvalid.
func Decode(line []byte) (Record, error) {
	if len(line) > MaxLine {
		return nil, fmt.Errorf("%w: more than %d bytes", ErrMalformed, MaxLine)
	}
	var head struct {
		Kind Kind `json:"t"`
	}
	if err := json.Unmarshal(line, &head); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	r := newOf(head.Kind)
	if r == nil {
		return nil, fmt.Errorf("%w: %.32q", ErrUnknownKind, head.Kind)
	}
	if err := json.Unmarshal(line, r); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	return r, Check(r)
}

// Lines cuts a batch into its lines, without their ends; empty ones are left out.
func Lines(batch []byte) [][]byte {
	var lines [][]byte
	for line := range bytes.Lines(batch) {
		if line = bytes.TrimRight(line, "\r\n"); len(line) > 0 {
			lines = append(lines, line)
		}
	}
	return lines
}
