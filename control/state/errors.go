package state

import "fmt"

// Code is a stable word for why a command or lookup was refused.
type Code string

// The closed set of codes.
const (
	// CodeNotFound is returned when the named entity does not exist, or belongs to another tenant.
	CodeNotFound Code = "not_found"
	// CodeConflict is returned when a unique id or name is taken.
	CodeConflict Code = "conflict"
	// CodeInvalid is returned when a field breaks a rule.
	CodeInvalid Code = "invalid"
	// CodeUnknownCommand is returned for a command that this version does not know.
	CodeUnknownCommand Code = "unknown_command"
	// CodeMalformed is returned when a command's bytes do not decode.
	CodeMalformed Code = "malformed_command"
	// CodeStale is returned when the entity is not the version that the command is meant for.
	CodeStale Code = "stale"
	// CodeKeyReused is returned when an idempotency key comes with another request than before.
	CodeKeyReused Code = "key_reused"
	// CodeUsed is returned when a token that counts once was used before.
	CodeUsed Code = "used"
	// CodeBusy is returned when a bound of the whole state is reached.
	CodeBusy Code = "busy"
	// CodeReplayed is returned when an index at or below the state's own is applied again.
	CodeReplayed Code = "replayed"
)

// Error is a refusal by the state machine. It is a value of the log's history: equal on every node.
type Error struct {
	Code    Code
	Field   string // the offending field, where one is to blame
	Message string // safe to show
}

// Error implements error.
func (e *Error) Error() string {
	if e.Field != "" {
		return fmt.Sprintf("%s: %s: %s", e.Code, e.Field, e.Message)
	}
	return fmt.Sprintf("%s: %s", e.Code, e.Message)
}

func notFound(what string) error {
	return &Error{Code: CodeNotFound, Message: what + " not found"}
}

func conflict(field, message string) error {
	return &Error{Code: CodeConflict, Field: field, Message: message}
}

func invalid(field, message string) error {
	return &Error{Code: CodeInvalid, Field: field, Message: message}
}
