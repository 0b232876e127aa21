package state

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"
)

// Version is the command envelope that this package writes and reads. The first one was never in use outside of
// development.
const Version = 2

// Command is one change of the state as the log carries it. Its fields hold every id and hash it needs; the time
// comes with the envelope.
type Command interface {
	// Name is the command's stable word in the log: kind.verb.
	Name() string
	apply(tx *tx) (any, error)
}

// Terms are the circumstances of a command. The zero value is a change that control makes by itself: it leaves
// no trace among events.
type Terms struct {
	// By is who wants it: key:<id>, user:<id>, or what else the proposer calls them.
	By string `json:"by,omitempty"`
	// Request is the id of the API call.
	Request string `json:"rq,omitempty"`
	// If is the version of the entity that the command is meant for; 0 = whatever it is.
	If uint64 `json:"if,omitempty"`
	// Once makes a repetition give what the first time gave.
	Once *OnceKey `json:"once,omitempty"`
}

// OnceKey is a caller's idempotency key.
type OnceKey struct {
	Scope string `json:"scope"` // whose key: the tenant that calls, without a colon
	Key   string `json:"key"`
	Sum   string `json:"sum"` // of method, path and body: another request must not use the key
	// Extra is kept with the result, for secrets of the answer: sealed by the proposer.
	Extra []byte `json:"extra,omitempty"`
}

// envelope is the log entry's form.
type envelope struct {
	Version int             `json:"v"`
	Name    string          `json:"n"`
	At      int64           `json:"at"` // Unix milliseconds of the proposer's clock
	Terms                   // flat
	Data    json.RawMessage `json:"d"`
}

// Encode makes the log entry of a command that happens at the given time (kept to the millisecond).
func Encode(at time.Time, c Command, terms Terms) ([]byte, error) {
	data, err := json.Marshal(c)
	if err != nil {
		return nil, fmt.Errorf("encode command %s: %w", c.Name(), err)
	}
	return json.Marshal(envelope{Version: Version, Name: c.Name(), At: at.UnixMilli(), Terms: terms, Data: data})
}

// Decode reads a log entry. A command of another version is an *Error with CodeUnknownCommand: the node that
// meets it is too old or too new, which its operator must learn; it is no reason to crash.
func Decode(entry []byte) (Command, time.Time, Terms, error) {
	var e envelope
	if err := json.Unmarshal(entry, &e); err != nil {
		return nil, time.Time{}, Terms{}, &Error{Code: CodeMalformed, Message: "envelope: " + err.Error()}
	}
	if e.Version != Version {
		return nil, time.Time{}, Terms{}, &Error{Code: CodeUnknownCommand, Message: fmt.Sprintf("envelope version %d", e.Version)}
	}
	if e.At < 0 || e.At > maxMillis {
		return nil, time.Time{}, Terms{}, &Error{Code: CodeMalformed, Message: "time out of range"}
	}
	c, err := decodeCommand(e.Name, e.Data)
	return c, time.UnixMilli(e.At).UTC(), e.Terms, err
}

func decodeCommand(name string, data []byte) (Command, error) {
	c := newCommand(name)
	if c == nil {
		return nil, &Error{Code: CodeUnknownCommand, Message: fmt.Sprintf("command %q", name)}
	}
	if err := strict(data, c); err != nil {
		return nil, &Error{Code: CodeMalformed, Message: name + ": " + err.Error()}
	}
	return c, nil
}

// strict refuses unknown fields: a field we do not know is a rule we would not obey.
func strict(data []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	return d.Decode(into)
}

// maxMillis is the end of the year 9999, the last that RFC 3339 can write.
const maxMillis = 253402300799999
