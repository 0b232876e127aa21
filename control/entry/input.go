package entry

import "time"

// Kind is the kind of a room.
type Kind string

// The kinds of room.
const (
	Call    Kind = "call"
	Webinar Kind = "webinar"
)

// Limits where nothing else is configured.
const (
	CallCapacity    = 50   // participants of a call
	SpeakerCapacity = 20   // speakers of a webinar
	ViewerCapacity  = 2000 // viewers of a webinar
)

// Company is the tenant the host name or the room belongs to, with its
// settings as they hold for this user and room.
type Company struct {
	ID        string
	Suspended bool
	// OpenRooms lets rooms that nobody configured come into being by being
	// entered, where the source knows such rooms.
	OpenRooms bool
	// JWTMandatory lets nobody in without a token, from no source.
	JWTMandatory bool
	// MaxParticipants, MaxSpeakers and MaxViewers limit calls and the two parts
	// of webinars; 0 means the defaults above.
	MaxParticipants, MaxSpeakers, MaxViewers int

	GuestStartRecording bool     // a link may start a recording for who is no moderator
	VideoSignedOnly     bool     // a link brings no player
	EmailCode           bool     // entry by e-mail wants the address proved
	EndWithToken        bool     // a presence ends when its token does
	HiddenControls      []string // controls that the page does not show

	// Photos is where pictures of people come from.
	Photos PhotoSource

	// Access and Event are the partner's registered servers; DebugAttributes
	// lets a URL name others where none is registered.
	Access, Event   Endpoint
	Close           Endpoint // is told that somebody has left
	DebugAttributes bool
	WebhookFailOpen bool // who cannot be asked about is let in
}

// Endpoint is a partner's server that is asked about visitors.
type Endpoint struct {
	URL           string // https, checked here; the resolved address when dialling
	Authorization string // value of the header, may be empty
	// Registered is the id by which the caller finds the header of a registered
	// endpoint; where there is one, Authorization is empty.
	Registered string
	Method     string // GET or POST; empty: as the question goes by custom
	FailOpen   *bool  // nil: as the company has it
}

// MuteMode is who starts with the microphone off in a meeting (CB-A30).
type MuteMode string

// The mute modes; the empty one is the first.
const (
	Conversation MuteMode = "conversation" // all may speak at once
	QandA        MuteMode = "q&a"          // starts muted, may unmute
	Presentation MuteMode = "presentation" // starts muted, may not unmute
)

// Room is a room as configured, with the meeting it is for at the moment.
type Room struct {
	ID      string
	Owner   string // user who owns it
	Kind    Kind   // empty: that of the page
	Deleted bool
	Opens   time.Time // zero: always open
	Closes  time.Time // zero: never
	// MaxParticipants, MaxSpeakers and MaxViewers are 0 where the company's hold.
	MaxParticipants, MaxSpeakers, MaxViewers int
	// TokenRequired lets nobody in without a token, whatever the company does.
	TokenRequired    bool
	Public           bool // any e-mail address opens it (MB-A13)
	PasswordRequired bool // a room password or a meeting's security PIN
	HasPIN           bool // a PIN makes a moderator, where the source knows such PINs
	Lobby            bool
	MuteMode         MuteMode
	ViewersChat      bool // viewers may write and raise hands
}

// Proof is what kind of token somebody holds; the words are those of the kinds
// of token.
type Proof string

// The proofs.
const (
	Join           Proof = "join"
	Partner        Proof = "partner"
	Participant    Proof = "participant"
	ModeratorToken Proof = "moderator"
	Invite         Proof = "invite"
	Session        Proof = "session" // what a one-time join token was exchanged for
	Host           Proof = "host"    // a signed-in user
)

// Claims is what a verified token says.
type Claims struct {
	Proof   Proof
	Company string
	ID      string // jti; may be empty
	// Room, Peer, Name and Role are the named claims of tokens of our own. Peer
	// is the user of a host token.
	Room, Peer, Name, Role string
	Person                 Person // whom a token of our own names
	Expires                time.Time
	// Attributes are the other claims, in a partner's token all of them.
	Attributes map[string]string
}

// Attendee is what is configured for a person in this meeting.
type Attendee struct {
	ID   string
	Name string
	Role string // owner, moderator or attendee
	// Person is who was invited; nobody: an address alone.
	Person Person
	// User tells partner users, who sign in or bring a token, from customers.
	User bool
}

// Mail is entry by e-mail address (MB-FL6).
type Mail struct {
	Address string // as typed; empty: none was
	Proved  bool   // by a code sent there
}

// Check is the outcome of comparing a secret.
type Check int

// The outcomes.
const (
	NotGiven Check = iota
	Wrong
	Right
)

// Secrets are what the visitor typed, already compared: by the caller, in
// constant time, and only while no pause holds.
//
// Wrong tries are counted by the edge that compares, per room and per visitor's
// address: after five comes a pause of 60 s (L-49). Misses of codes that find
// no room it counts per address (L-50). Neither is counted here.
type Secrets struct {
	Password Check // of the room, or the meeting's security PIN
	PIN      Check // the moderator's
	// Pause is how long no try counts; the right secret does not either.
	Pause time.Duration
}

// Live is what the room's home knows of the running session; the zero value
// stands for a room where nobody is.
type Live struct {
	Lobby   bool     // a moderator has switched it on
	Blocked []string // identities (Admission.Identities) that may not come back
	// Returning means that a presence of this person is in its reconnect grace,
	// proved by the same token, access token or ticket. A peer id alone, which
	// anybody may put into a link, proves nothing: who returns is not asked
	// about again.
	Returning bool
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
	// UseErr is what the owner of the token's first use answered, if it was
	// asked (Admission.Counts).
	UseErr error
	Mail   Mail
	// Attendee is found by the caller for the proved user, or under
	// CleanAddress(Mail.Address); nil where there is none.
	Attendee *Attendee
	Secrets  Secrets
	Live     Live
	// Browser names the visitor's browser, by a hash of its cookie; may be empty.
	Browser string
	Now     time.Time
}
