package entry

import "time"

// Source is the way somebody comes in; it decides whose rules apply.
type Source string

// The sources.
const (
	Native Source = "native"
	GCore  Source = "gcore"
)

// Kind is the kind of a room.
type Kind string

// The kinds of room.
const (
	Call    Kind = "call"
	Webinar Kind = "webinar"
)

// ParticipantRole is what somebody may decide for others.
type ParticipantRole string

// The roles.
const (
	Regular   ParticipantRole = "regular"
	Moderator ParticipantRole = "moderator"
)

// Mode is what somebody may publish.
type Mode string

// The modes.
const (
	Speaker Mode = "speaker"
	Viewer  Mode = "viewer"
)

// Limits where nothing else is configured.
const (
	CallCapacity    = 50   // participants of a call
	SpeakerCapacity = 20   // speakers of a webinar
	ViewerCapacity  = 2000 // viewers of a webinar
)

// Company is the tenant the host name or the room belongs to.
type Company struct {
	ID        string
	Suspended bool
	// OpenRooms lets rooms that nobody configured come into being by being
	// entered.
	OpenRooms bool
	// JWTMandatory lets nobody in without a token.
	JWTMandatory bool
	// MaxParticipants limits calls; 0 means CallCapacity.
	MaxParticipants int
}

// Room is a room as configured.
type Room struct {
	ID              string
	Kind            Kind // empty: that of the page
	Deleted         bool
	Opens           time.Time // zero: always open
	MaxParticipants int       // 0: the company's
	// TokenRequired lets nobody in without a token, whatever the company does.
	TokenRequired bool
}

// Claims is what a verified token says.
type Claims struct {
	// Native tells join tokens of our own from tokens partners signed.
	Native  bool
	Company string
	// Room, Peer, Name and Role are the named claims of join tokens.
	Room, Peer, Name, Role string
	// Attributes are the other claims, in a partner's token all of them.
	Attributes map[string]string
}

// Input is everything the decision rests on.
type Input struct {
	Source  Source
	Company *Company // nil: not found
	// Room is what is configured under RoomOf(Input), nil where nothing is.
	Room *Room
	Kind Kind // of the page; empty: call
	URL  Attributes
	// Typed is the name the person typed, used where no attribute names them.
	Typed string
	// Token holds the claims of a verified token. TokenErr is why one that was
	// given is not valid; its Code() becomes that of the refusal. An error
	// with the code token_missing is the same as no token.
	Token    *Claims
	TokenErr error
	Now      time.Time
}

// Admission is who comes in, and as what.
type Admission struct {
	Company, Room string
	AdHoc         bool // the room is not configured
	Kind          Kind
	Peer          string // empty: to be given one
	Name          string // empty: nobody named them
	NameLocked    bool   // the person cannot change it in the page
	Role          ParticipantRole
	Mode          Mode
	// Capacity is how many of this mode the room holds; the room's home
	// reserves the place.
	Capacity int

	CanRecord     bool // may start a recording
	WaitingRoom   bool // brings the waiting room with them
	StartTime     time.Time
	TokenLifetime time.Duration // from the first connection; 0: not stated
	Video         string        // https URL of a player for all

	// View holds the attributes for the page alone: language, name screen,
	// controls, chat, tiles, order, full screen, audio.
	View Attributes
}

// Refusal is why somebody does not come in.
type Refusal struct {
	Code    string // one of the signalling protocol's refusal codes
	Message string // safe to show
	// Opens says when to come back, for the code too_early.
	Opens time.Time
	Cause error // may be nil
}

func (r *Refusal) Error() string {
	if r.Cause != nil {
		return r.Code + ": " + r.Cause.Error()
	}
	return r.Code + ": " + r.Message
}

func (r *Refusal) Unwrap() error { return r.Cause }

func refuse(code, message string) *Refusal { return &Refusal{Code: code, Message: message} }
