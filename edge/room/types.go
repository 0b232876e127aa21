package room

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/meridian-video/meridian/geo"
)

// Bounds of what a room holds.
const (
	MaxName     = 128       // runes of a displayed name
	MaxChatText = 8 << 10   // bytes of a chat message
	MaxTracks   = 8         // tracks of a person
	ChatKept    = 200       // messages kept for latecomers
	maxSubject  = 64        // bytes of a subject
	maxPhoto    = 1024      // bytes of where a photo is
	MaxFarewell = 1536      // bytes of what is told outside when a presence ends
	maxID       = 256       // bytes of any identifier
	maxPeople   = 4096      // people in any state taken from the network
	endedKept   = 256       // ended attachments remembered, so that a leaf that was cut off learns why
	secretsKept = 4         // ticket secrets accepted: the current one and those of merged or rotated rooms
	secretSize  = 32        // bytes, the block HMAC-SHA256 is strongest with
	chatBytes   = 512 << 10 // of kept messages as encoded: a state must fit one message between nodes
)

// Key names a room: its company and its public id there.
type Key struct{ Company, Room string }

func (k Key) String() string { return k.Company + "/" + k.Room }

// rank is the key for rendezvous hashing. The length keeps apart companies and
// rooms whose names contain a slash.
func (k Key) rank() string { return fmt.Sprintf("%d/%s/%s", len(k.Company), k.Company, k.Room) }

func (k Key) valid() bool {
	return k.Company != "" && k.Room != "" && okID(k.Company) && okID(k.Room)
}

// Role is what a person may do.
type Role string

// The roles.
const (
	Regular   Role = "regular"
	Moderator Role = "moderator"
)

func (r Role) valid() bool { return r == Regular || r == Moderator }

// Reason says why a presence ended. Every presence ends with exactly one.
type Reason string

// The reasons of the signalling protocol.
const (
	Left       Reason = "left"
	Kicked     Reason = "kicked"
	Blocked    Reason = "blocked"
	Superseded Reason = "superseded"
	Lost       Reason = "lost"
	RoomClosed Reason = "room_closed"

	// Denied ends waiting in the lobby, and no presence.
	Denied Reason = "denied"
)

func (r Reason) valid() bool {
	switch r {
	case Left, Kicked, Blocked, Superseded, Lost, RoomClosed, Denied:
		return true
	}
	return false
}

// removed reports whether somebody decided that the person must go.
func (r Reason) removed() bool { return r == Kicked || r == Blocked || r == RoomClosed }

// Presence is whether a person's node is heard.
type Presence string

// The presences.
const (
	Present      Presence = "present"
	Reconnecting Presence = "reconnecting"
)

// Media is what of a person's own media is on, as others see it.
type Media struct {
	Mic        bool `json:"mic"`
	Camera     bool `json:"camera"`
	Share      bool `json:"share"`
	ShareAudio bool `json:"share_audio"`
}

// Person is one participant. Values are copies; Tracks is never written after
// it was handed out.
type Person struct {
	PeerID     string            `json:"peer_id"`
	Subject    string            `json:"subject,omitempty"` // see Join
	Name       string            `json:"name"`
	Photo      string            `json:"photo,omitempty"`    // see Join; for nodes alone
	Farewell   string            `json:"farewell,omitempty"` // see Join; for nodes alone
	Role       Role              `json:"role"`
	Owner      bool              `json:"owner,omitempty"` // is not demoted or removed by others
	Mode       Mode              `json:"mode"`
	Identities []string          `json:"identities,omitempty"` // what a block holds for, see identify
	Node       geo.NodeID        `json:"node"`
	POP        string            `json:"pop"`
	Attachment string            `json:"attachment"` // unique id of the connection that is current
	JoinedAt   time.Time         `json:"joined_at"`
	Ordinal    uint64            `json:"ordinal"`        // join order, unique in the room
	Claim      Stamp             `json:"claim"`          // of the attachment on the peer id
	Acted      Stamp             `json:"acted,omitzero"` // the attachment's latest act that is done
	Hand       time.Time         `json:"hand,omitzero"`  // raised at
	Media      Media             `json:"media"`
	Hushed     Hushed            `json:"hushed,omitzero"`  // what Media knows of
	Tracks     map[string]string `json:"tracks,omitempty"` // kind to track id, only what is on
	State      Presence          `json:"state"`
	Since      time.Time         `json:"since,omitzero"` // reconnecting since
	Proof      Proof             `json:"proof,omitzero"`
}

func (p Person) equal(q Person) bool {
	tracks := maps.Equal(p.Tracks, q.Tracks)
	return tracks && p.PeerID == q.PeerID && p.Subject == q.Subject && p.Name == q.Name && p.Photo == q.Photo && p.Farewell == q.Farewell && p.Role == q.Role && p.Node == q.Node &&
		p.POP == q.POP && p.Attachment == q.Attachment && p.JoinedAt.Equal(q.JoinedAt) && p.Ordinal == q.Ordinal &&
		p.Claim == q.Claim && p.Owner == q.Owner && p.Mode == q.Mode && slices.Equal(p.Identities, q.Identities) &&
		p.Acted == q.Acted && p.Hand.Equal(q.Hand) && p.Hushed == q.Hushed && p.Media == q.Media && p.State == q.State && p.Since.Equal(q.Since) && p.Proof.equal(q.Proof)
}

func (p Person) valid() bool {
	return p.PeerID != "" && okID(p.PeerID) && p.Attachment != "" && okID(p.Attachment) &&
		okSubject(p.Subject) && okName(p.Name) && okPhoto(p.Photo) && okFarewell(p.Farewell) && okID(p.POP) && okID(string(p.Node)) && okTracks(p.Tracks) &&
		p.Proof.valid() && p.Role.valid() && p.Mode.valid() && okIdentities(p.Identities) && p.Acted.valid() && p.Hushed.valid() && (p.State == Present || p.State == Reconnecting)
}

// Message is one chat message. ID is unique over all rooms and makes repeating
// a message harmless; Seq is its place in the room, given by the home.
type Message struct {
	Seq    uint64    `json:"seq"`
	ID     string    `json:"id"`
	PeerID string    `json:"peer_id"`
	Name   string    `json:"name"`
	Text   string    `json:"text"`
	At     time.Time `json:"at"`

	// Session is where it was written, if that is another than the room's: a
	// half of the meeting that began apart.
	Session string `json:"session,omitempty"`
}

func (m Message) valid() bool {
	return m.ID != "" && okID(m.ID) && okID(m.PeerID) && okID(m.Session) && okName(m.Name) && len(m.Text) <= MaxChatText && utf8.ValidString(m.Text)
}

// Epoch fences homes: of two homes of one room the one with the higher epoch
// wins. Confirmed is the control plane's record of the placement, Provisional
// counts homes since, Node breaks ties and names the home.
type Epoch struct {
	Confirmed   uint64     `json:"confirmed"`
	Provisional uint64     `json:"provisional"`
	Node        geo.NodeID `json:"node"`
}

// Compare orders epochs lexicographically.
func (e Epoch) Compare(f Epoch) int {
	return cmp.Or(cmp.Compare(e.Confirmed, f.Confirmed), cmp.Compare(e.Provisional, f.Provisional), cmp.Compare(e.Node, f.Node))
}

// Position is how far a copy is: versions count within an epoch's home, and
// only positions of one epoch tell which copy has seen more.
type Position struct {
	Epoch   Epoch  `json:"epoch"`
	Version uint64 `json:"version"`
}

// Compare orders positions, epoch first.
func (p Position) Compare(q Position) int {
	return cmp.Or(p.Epoch.Compare(q.Epoch), cmp.Compare(p.Version, q.Version))
}

func okID(s string) bool      { return len(s) <= maxID && utf8.ValidString(s) }
func okSubject(s string) bool { return len(s) <= maxSubject && okID(s) }

func okFarewell(s string) bool { return len(s) <= MaxFarewell && utf8.ValidString(s) }

func okPhoto(s string) bool { return len(s) <= maxPhoto && utf8.ValidString(s) }

func okName(s string) bool { return utf8.ValidString(s) && utf8.RuneCountInString(s) <= MaxName }

func okTracks(t map[string]string) bool {
	if len(t) > MaxTracks {
		return false
	}
	for kind, id := range t {
		if !okID(kind) || !okID(id) {
			return false
		}
	}
	return true
}

// instant is the precision of times in a room: milliseconds, UTC, so that they
// survive the wire unchanged.
func instant(t time.Time) time.Time { return t.UTC().Truncate(time.Millisecond) }
