package state

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"
)

// Version is the newest command envelope this package writes and reads.
const Version = 1

// Command is one change of the state as the log carries it. Its fields hold every id and secret hash it
// needs; the time comes with the envelope.
type Command interface {
	// Name is the command's stable word in the log.
	Name() string
	apply(tx *tx) (any, error)
}

// envelope is the log entry's form.
type envelope struct {
	Version int             `json:"v"`
	Name    string          `json:"n"`
	At      int64           `json:"at"` // Unix milliseconds of the proposer's clock
	Data    json.RawMessage `json:"d"`
}

// Encode makes the log entry of a command that happens at the given time (kept to the millisecond).
func Encode(at time.Time, c Command) ([]byte, error) {
	data, err := json.Marshal(c)
	if err != nil {
		return nil, fmt.Errorf("encode command %s: %w", c.Name(), err)
	}
	return json.Marshal(envelope{Version: Version, Name: c.Name(), At: at.UnixMilli(), Data: data})
}

// Decode reads a log entry. A command of a newer version is an *Error with CodeUnknownCommand: the node that
// meets it is too old, which its operator must learn; it is no reason to crash.
func Decode(entry []byte) (Command, time.Time, error) {
	var e envelope
	if err := json.Unmarshal(entry, &e); err != nil {
		return nil, time.Time{}, &Error{Code: CodeMalformed, Message: "envelope: " + err.Error()}
	}
	if e.Version < 1 || e.Version > Version {
		return nil, time.Time{}, &Error{Code: CodeUnknownCommand, Message: fmt.Sprintf("envelope version %d", e.Version)}
	}
	if e.At < 0 || e.At > maxMillis {
		return nil, time.Time{}, &Error{Code: CodeMalformed, Message: "time out of range"}
	}
	c := newCommand(e.Name)
	if c == nil {
		return nil, time.Time{}, &Error{Code: CodeUnknownCommand, Message: fmt.Sprintf("command %q", e.Name)}
	}
	d := json.NewDecoder(bytes.NewReader(e.Data))
	d.DisallowUnknownFields() // a field we do not know is a rule we would not obey
	if err := d.Decode(c); err != nil {
		return nil, time.Time{}, &Error{Code: CodeMalformed, Message: e.Name + ": " + err.Error()}
	}
	return c, time.UnixMilli(e.At).UTC(), nil
}

// maxMillis is the end of the year 9999, the last that RFC 3339 can write.
const maxMillis = 253402300799999

func newCommand(name string) Command {
	switch name {
	case "platform.init":
		return &InitPlatform{}
	case "platform.default_company":
		return &SetDefaultCompany{}
	case "signing_key.put":
		return &PutSigningKey{}
	case "company.create":
		return &CreateCompany{}
	case "company.update":
		return &UpdateCompany{}
	case "company.delete":
		return &DeleteCompany{}
	case "domain.create":
		return &CreateDomain{}
	case "domain.delete":
		return &DeleteDomain{}
	case "tenant_key.create":
		return &CreateTenantKey{}
	case "tenant_key.update":
		return &UpdateTenantKey{}
	case "tenant_key.revoke":
		return &RevokeTenantKey{}
	case "api_key.create":
		return &CreateAPIKey{}
	case "api_key.revoke":
		return &RevokeAPIKey{}
	case "room.create":
		return &CreateRoom{}
	case "room.update":
		return &UpdateRoom{}
	case "room.delete":
		return &DeleteRoom{}
	}
	return nil
}
