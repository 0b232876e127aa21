package room

import "errors"

var (
	// ErrFull is returned when a join would exceed the room's capacity and the
	// peer id holds no place yet.
	ErrFull = errors.New("room is full")

	// ErrResumeInvalid is returned when a resume ticket is malformed, was not
	// made for this room's session, or belongs to somebody who was removed.
	ErrResumeInvalid = errors.New("resume ticket is not valid")

	// ErrTryAgain is returned when no home could be reached in time, or too
	// much waits for one already. The same call may succeed later.
	ErrTryAgain = errors.New("room is not reachable now, try again")

	// ErrSuperseded is returned when a newer claim holds the peer id.
	ErrSuperseded = errors.New("a newer attachment holds the peer id")

	// ErrNoAttachment is returned when a command names an attachment that is
	// not, or no longer, the current one of anybody present.
	ErrNoAttachment = errors.New("no such attachment in the room")

	// ErrNotAllowed is returned when the role, the mode or the room's rules do not
	// let somebody do what they ask for, or nobody may do it to that person.
	ErrNotAllowed = errors.New("that is not allowed")

	// ErrNoPerson is returned when an act is about somebody who is not there.
	ErrNoPerson = errors.New("nobody of that peer id is here")

	// ErrLocked is returned when a room takes nobody new.
	ErrLocked = errors.New("room is locked")

	// ErrBlocked is returned for somebody who was removed for good.
	ErrBlocked = errors.New("blocked from the room")

	// ErrDenied is returned when a moderator did not admit somebody who waited.
	ErrDenied = errors.New("not admitted to the room")

	// ErrInvalid is returned when a value is malformed or outside its bounds.
	ErrInvalid = errors.New("value outside its bounds")

	// ErrChatTooLong is returned when a chat text is over MaxChatText bytes.
	ErrChatTooLong = errors.New("chat text is too long")

	// ErrNotFound is returned when no living node knows the room.
	ErrNotFound = errors.New("room is not live")

	// ErrClosed is returned when the plane or the seat has been closed.
	ErrClosed = errors.New("room plane is closed")

	// ErrGap is returned by Core.Apply when a batch does not follow the copy's
	// epoch and version directly.
	ErrGap = errors.New("batch does not follow the copy")

	// ErrVersion is returned when a message between nodes has a version of the
	// protocol that this node does not speak.
	ErrVersion = errors.New("unknown version of the room protocol")
)

// codes are the names of errors on the wire between nodes.
var codes = map[string]error{
	"full":           ErrFull,
	"resume_invalid": ErrResumeInvalid,
	"try_again":      ErrTryAgain,
	"superseded":     ErrSuperseded,
	"no_attachment":  ErrNoAttachment,
	"invalid":        ErrInvalid,
	"not_allowed":    ErrNotAllowed,
	"no_person":      ErrNoPerson,
	"locked":         ErrLocked,
	"blocked":        ErrBlocked,
	"denied":         ErrDenied,
	"chat_too_long":  ErrChatTooLong,
	"not_found":      ErrNotFound,
}

func codeOf(err error) string {
	for code, e := range codes {
		if errors.Is(err, e) {
			return code
		}
	}
	return "try_again"
}

func errorOf(code string) error {
	if err, ok := codes[code]; ok {
		return err
	}
	return ErrTryAgain
}
