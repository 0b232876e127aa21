package signal

import (
	"fmt"
	"time"
)

// Limits of what a page may say of its address. What is longer is no attribute
// of ours: the page leaves it out.
const (
	MaxEntry         = 32 << 10 // bytes of a request
	maxAttributes    = 64
	maxAttributeName = 64   // bytes
	maxAttribute     = 2048 // bytes, a URL
)

// EntryRequest asks what a join would be answered, before anything is ready for
// one. Its fields are those of Join.
type EntryRequest struct {
	Room       string            `json:"room"`
	Kind       string            `json:"kind"`
	Source     string            `json:"source"`
	Token      string            `json:"token"`
	Browser    string            `json:"browser"`
	Name       string            `json:"name"`
	Attributes map[string]string `json:"attributes"`
}

// ParseEntry reads the body of a request.
func ParseEntry(b []byte) (EntryRequest, error) {
	var r EntryRequest
	if len(b) > MaxEntry {
		return r, fmt.Errorf("%w: is longer than %d bytes", errBadMessage, MaxEntry)
	}
	if err := decode(b, &r); err != nil {
		return r, err
	}
	if len(r.Browser) > maxID {
		return r, fmt.Errorf("%w: browser: is longer than %d bytes", errBadMessage, maxID)
	}
	return r, checkAttributes(r.Attributes)
}

func checkAttributes(a map[string]string) error {
	if len(a) > maxAttributes {
		return fmt.Errorf("%w: attributes: more than %d", errBadMessage, maxAttributes)
	}
	for name, v := range a {
		if len(name) > maxAttributeName || len(v) > maxAttribute {
			return fmt.Errorf("%w: attributes: %q is too long", errBadMessage, clip(name))
		}
	}
	return nil
}

// Entry is what was decided about somebody's entry, in the words of their page.
type Entry struct {
	Name       string     `json:"name"` // empty: nobody named them
	NameLocked bool       `json:"name_locked"`
	Page       string     `json:"page"` // before the room: setup, name or empty for none
	Role       string     `json:"role"`
	Mode       string     `json:"mode"`
	Chat       bool       `json:"chat"` // may write
	Media      EntryMedia `json:"media"`
	// View holds what counts of the attributes that are for the page alone.
	View map[string]string `json:"view"`
	// Hidden names the controls that are configured not to be shown.
	Hidden []string  `json:"hidden"`
	PIN    bool      `json:"pin,omitempty"` // the moderators' PIN may be typed
	Room   RoomFacts `json:"room"`
}

// EntryMedia is what begins switched off.
type EntryMedia struct {
	MicOff    bool `json:"mic_off"`
	CameraOff bool `json:"camera_off"`
	MicLocked bool `json:"mic_locked"` // until a moderator allows it
}

// RoomFacts is what people in a room may pass on about it.
type RoomFacts struct {
	Name   string   `json:"name,omitempty"`
	Code   string   `json:"code,omitempty"` // digits for dialling in
	DialIn []string `json:"dial_in,omitempty"`
}

// EntryRefusal says why a join would be refused. Opens and Closed are for codes
// that know a time.
type EntryRefusal struct {
	Code    Code       `json:"code"`
	Message string     `json:"message"`
	Opens   *time.Time `json:"opens,omitempty"`
	Closed  *time.Time `json:"closed,omitempty"`
	Ask     bool       `json:"ask,omitempty"` // a password is wanted, none was given
}

// EntryAnswer is one of the two; with a refusal that asks for a password both.
type EntryAnswer struct {
	*Entry
	Refusal *EntryRefusal `json:"refusal,omitempty"`
}
