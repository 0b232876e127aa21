package state

import "time"

// Kind of a room.
const (
	// KindCall is a meeting in which everybody may speak.
	KindCall = "call"
	// KindWebinar is a meeting of few speakers and many viewers.
	KindWebinar = "webinar"
)

// Room is a place to meet as configured; who is in it is the room plane's business.
type Room struct {
	Meta
	RoomSpec
	// DialIn is the space in which the room's codes are unique: its company's reseller; empty for the platform's.
	DialIn string `json:"dial_in,omitempty"`
	// UserSettings are those of the room's user, for edges, which hold no users.
	UserSettings Settings    `json:"user_settings,omitzero" hidden:"true"`
	Secret       *RoomSecret `json:"secret,omitempty" hidden:"true"`
}

// RoomSecret is what opens the room.
type RoomSecret struct {
	Password  string `json:"password,omitempty"`   // argon2id, PHC form
	PIN       []byte `json:"pin,omitempty"`        // the moderator PIN, sealed: it is shown to its owner
	PINDigest string `json:"pin_digest,omitempty"` // HMAC of the PIN, to find the room and keep PINs unique
}

// RoomSpec is what is configured for a room.
type RoomSpec struct {
	PublicID        string   `json:"public_id" required:"false" maxLength:"128" doc:"Part of links, unique in the company; made when absent." example:"standup"`
	Kind            string   `json:"kind,omitempty" enum:"call,webinar" doc:"Absent = call."`
	Name            string   `json:"name,omitempty" maxLength:"200"`
	User            string   `json:"user,omitempty" maxLength:"64" doc:"Whose room it is: its owner."`
	AccessCode      string   `json:"access_code,omitempty" minLength:"4" maxLength:"12" pattern:"^[0-9]*$" doc:"Digits for dialling in, unique in the dial-in space."`
	HomePOP         string   `json:"home_pop,omitempty" maxLength:"63" doc:"Preferred POP; absent = where the first one joins."`
	Open            bool     `json:"open" required:"false" doc:"Entry without a token."`
	MaxParticipants int      `json:"max_participants" required:"false" minimum:"0" maximum:"100000" doc:"0 = the company's."`
	MaxSpeakers     int      `json:"max_speakers" required:"false" minimum:"0" maximum:"1000" doc:"Of a webinar; 0 = the company's."`
	MaxViewers      int      `json:"max_viewers" required:"false" minimum:"0" maximum:"100000" doc:"Of a webinar; 0 = the company's."`
	Video           string   `json:"video,omitempty" maxLength:"2048" doc:"https URL of a player for all."`
	Settings        Settings `json:"settings,omitzero"`
}

func (r *Room) spec() any    { return &r.RoomSpec }
func (r *Room) secrets() any { return secretOf(&r.Secret) }
func (r *Room) masked() Entity {
	m := *r
	m.Secret, m.UserSettings = nil, Settings{}
	return &m
}

func (r *Room) check(tx *tx, was Entity) error {
	c, ok := Get[Company](tx.view(), r.Company)
	if !ok {
		return notFound("company")
	}
	r.DialIn = c.Reseller
	if r.PublicID == "" {
		r.PublicID = r.ID
	}
	if r.Kind == "" {
		r.Kind = KindCall
	}
	if err := checkPublicID("public_id", r.PublicID); err != nil {
		return err
	}
	if old, ok := was.(*Room); ok && old.PublicID != r.PublicID {
		return invalid("public_id", "cannot be changed: it stands in links")
	}
	if err := checkOneOf("kind", &r.Kind, KindCall, KindWebinar); err != nil {
		return err
	}
	if err := checkName("name", r.Name, false); err != nil {
		return err
	}
	if r.User != "" {
		u, ok := GetOwned[User](tx.view(), r.Company, r.User)
		if !ok {
			return invalid("user", "is no user of the company")
		}
		r.UserSettings = u.Settings
	}
	if r.AccessCode != "" {
		if err := checkDigits("access_code", r.AccessCode, 4, 12); err != nil {
			return err
		}
	}
	if r.HomePOP != "" {
		if err := checkID("home_pop", r.HomePOP); err != nil {
			return err
		}
	}
	if r.Video != "" {
		if err := checkHTTPS("video", r.Video); err != nil {
			return err
		}
	}
	if err := checkLimits(r.MaxParticipants, r.MaxSpeakers, r.MaxViewers); err != nil {
		return err
	}
	return r.Settings.check("settings")
}

// kept keeps a user's permanent room as long as the user.
func (r *Room) kept(tx *tx) error {
	if u, ok := Get[User](tx.view(), r.User); ok && u.Room == r.ID {
		return conflict("id", "the room is its owner's permanent one; it goes with the user")
	}
	return nil
}

// Placement is where a live room has its home: id is company and public id, since ad-hoc rooms have no other.
type Placement struct {
	Meta
	Room  string `json:"room"` // public id
	Node  string `json:"node"` // home
	Epoch uint64 `json:"epoch"`
	// Provisional counts the homes that the room has had since the epoch was confirmed.
	Provisional uint64    `json:"provisional,omitempty"`
	Session     string    `json:"session"`
	Expires     time.Time `json:"expires"` // swept when nobody has renewed it
}

func (p *Placement) spec() any               { return &struct{}{} }
func (p *Placement) check(*tx, Entity) error { return nil }
