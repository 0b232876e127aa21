package signal

import (
	"errors"
	"fmt"
	"time"
)

// Code is a stable word for why something did not happen; the list is codes.json.
type Code string

// Codes that Go code names. Codes of tokens and of the entry decision come
// from those packages as they are.
const (
	BadMessage         Code = "bad_message"
	UnsupportedVersion Code = "unsupported_version"
	NotFound           Code = "not_found"
	Denied             Code = "denied"
	ResumeInvalid      Code = "resume_invalid"
	Full               Code = "full"
	Locked             Code = "locked"
	Blocked            Code = "blocked"
	NodeFull           Code = "node_full"
	NodeDraining       Code = "node_draining"
	TryAgain           Code = "try_again"
	Internal           Code = "internal"
	SlowConsumer       Code = "slow_consumer"
	TransportFailed    Code = "transport_failed"
	Superseded         Code = "superseded"
	Kicked             Code = "kicked"
	RoomClosed         Code = "room_closed"
	ChatTooLong        Code = "chat_too_long"
	NoSuchTrack        Code = "no_such_track"
	NoSuchSlot         Code = "no_such_slot"
	NotAllowed         Code = "not_allowed"
	RateLimited        Code = "rate_limited"
	TooEarly           Code = "too_early"
	CheckFailed        Code = "check_failed"
)

// Kind says what an Error ends: a join, an attachment, or one request.
type Kind string

// The kinds of error, named as their messages.
const (
	Refused Kind = "refused"
	Ended   Kind = "ended"
	Failed  Kind = "error"
)

// Error is an error that is safe to show to a client. Anything else that
// reaches a client is shown as internal and logged with its cause.
type Error struct {
	Kind       Kind
	Code       Code
	Message    string
	RetryAfter int    // seconds; 0 = not stated
	By         string // of an end: peer id of who decided it
	// Opens is when to come back, where that is known. Reason and Contact are what
	// the company's own server says to the visitor: plain text, never markup.
	Opens           *time.Time
	Reason, Contact string
	Ask             bool // of a refusal: a password is wanted, none was given
	Cause           error
}

func (e *Error) Error() string {
	if e.Cause != nil {
		return fmt.Sprintf("%s %s: %v", e.Kind, e.Code, e.Cause)
	}
	return fmt.Sprintf("%s %s: %s", e.Kind, e.Code, e.Message)
}

func (e *Error) Unwrap() error { return e.Cause }

// Refuse makes the error that refuses a join.
func Refuse(code Code, message string, cause error) *Error {
	return &Error{Kind: Refused, Code: code, Message: message, Cause: cause}
}

// asError is the one place where an error becomes a code and a sentence.
func asError(err error, kind Kind) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	if errors.Is(err, errBadMessage) {
		return &Error{Kind: kind, Code: BadMessage, Message: err.Error()}
	}
	return &Error{Kind: kind, Code: Internal, Message: "Something went wrong on our side.", Cause: err}
}

func (e *Error) fault(id string) Fault {
	return Fault{Type: string(e.Kind), ID: id, Code: e.Code, Message: e.Message, By: e.By, RetryAfter: e.RetryAfter, Opens: e.Opens, Reason: e.Reason, Contact: e.Contact, Ask: e.Ask}
}
