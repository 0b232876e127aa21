package event

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"
)

// Type names what happened: "session.opened".
type Type string

// Event is something that happened in a company.
type Event struct {
	ID      string          `json:"id"` // the same however often it is told
	Type    Type            `json:"type"`
	Version int             `json:"version"`
	At      time.Time       `json:"timestamp"`
	Company string          `json:"company"`
	Room    string          `json:"room,omitempty"` // public id
	Seq     int64           `json:"seq,omitempty"`  // rises with every event of a room, by 1 or more
	Data    json.RawMessage `json:"data"`
}

// New makes an event. Source is a stable id of what it tells of; data is a struct of this package.
func New(t Type, source, company, room string, at time.Time, data any) (Event, error) {
	text, err := json.Marshal(data)
	if err != nil {
		return Event{}, fmt.Errorf("encode event %s: %w", t, err)
	}
	sum := sha256.Sum256([]byte(string(t) + "\x00" + source))
	return Event{
		ID: "evt_" + hex.EncodeToString(sum[:16]), Type: t, Version: 1, At: at.UTC().Truncate(time.Millisecond),
		Company: company, Room: room, Data: text,
	}, nil
}

// Body is what a receiver gets; the same bytes for the same event and seq.
func (e Event) Body(seq int64) ([]byte, error) {
	e.Seq = seq
	return json.Marshal(e)
}

// Parse reads an event that Body wrote.
func Parse(body []byte) (e Event, err error) {
	if err := json.Unmarshal(body, &e); err != nil {
		return Event{}, fmt.Errorf("read event: %w", err)
	}
	if e.ID == "" || e.Type == "" {
		return Event{}, fmt.Errorf("read event: no id or type")
	}
	return e, nil
}
