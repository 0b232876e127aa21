package entry

import "time"

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
	// Observers hear and are heard, and have no camera and no tile.
	ObserverMode Mode = "observer"
)

// PersonKind is what a person is to a company; the words are those of tokens.
type PersonKind string

// The kinds of person.
const (
	UserPerson     PersonKind = "user"
	CustomerPerson PersonKind = "customer"
	AttendeePerson PersonKind = "attendee"
)

// Person is somebody of a company's people, for its records. Unlike the peer id
// it says the same of them in every room. The zero value is nobody.
type Person struct {
	Kind PersonKind
	ID   string
}

// Pool is a part of a room's places.
type Pool string

// The pools.
const (
	CallPool    Pool = "call"
	SpeakerPool Pool = "speakers"
	ViewerPool  Pool = "viewers"
)

// Page is what a person sees before the room.
type Page string

// The pages.
const (
	SetupPage Page = "setup" // devices, preview, name if it is not locked
	NamePage  Page = "name"  // a name and nothing else
	NoPage    Page = ""      // straight into the room
)

// Counted says what a lifetime is counted for.
type Counted string

// What is counted for.
const (
	CountsNothing Counted = ""
	CountsToken   Counted = "token"  // the token's hash
	CountsAccess  Counted = "access" // the pair of room and access token (GC-T13)
)

// Admission is who comes in, and as what, and what is still to be done, in this
// order: have the first use judged (Counts), reserve the place, ask the
// partner's server (Asks), wait in the lobby, close an older presence of the
// same peer, show the page before the room.
type Admission struct {
	Company, Room string
	AdHoc         bool // the room is not configured
	Kind          Kind
	Peer          string // empty: to be given one
	Person        Person // whom the company knows them as; nobody, mostly
	Name          string // empty: nobody named them
	NameLocked    bool   // the person cannot change it in the page
	// Role is the one to begin with; one that a moderator gave in the running
	// session stays on reconnecting. Owner goes with Moderator.
	Role  ParticipantRole
	Owner bool
	Mode  Mode
	// Identities are what a block holds for, and what it is looked up by.
	Identities []string

	// Capacity is how many places the pool has. The room's home reserves one
	// under the peer id, so that who reconnects or supersedes needs no second.
	Capacity int
	Pool     Pool

	Counts Counted
	Asks   []Ask // in order; the first that says no ends it
	// AccessToken is what the visitor brought for the partner's server.
	AccessToken string
	Tells       Endpoint // who is told when the presence is over (GC-H3); without a URL nobody is
	Lobby       bool     // waits until a moderator lets them in
	Page        Page
	PIN         bool // typing the moderators' PIN would make them one
	// Until is when the presence ends with its token; zero: it does not.
	Until time.Time

	MicOff, CameraOff bool // at the start
	MicLocked         bool // until a moderator allows it (CB-A30)
	MayChat           bool // may write, and raise a hand
	CanRecord         bool // may start a recording
	StartRecording    bool // one starts at the person's first entry
	WaitingRoom       bool // brings the waiting room with them
	StartTime         time.Time
	TokenLifetime     time.Duration // from the first connection; 0: not stated
	Video             string        // https URL of a player for all
	// Photo is where a picture of the person is, an https URL; MailHash by what
	// the company lets one be looked up. At most one is given.
	Photo, MailHash string

	// View holds the attributes for the page alone: language, name screen,
	// controls, chat, tiles, order, layout, full screen, audio.
	View           Attributes
	HiddenControls []string
}

// Refusal is why somebody does not come in.
type Refusal struct {
	Code    string // one of the signalling protocol's refusal codes
	Message string // safe to show
	// Opens says when to come back, for the codes too_early and
	// token_not_yet_valid; Closed what was the end, for token_expired.
	Opens, Closed time.Time
	// RetryAfter is when the next try counts, for the code wrong_password.
	RetryAfter time.Duration
	// Ask means that a password is wanted and none was given.
	Ask   bool
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
