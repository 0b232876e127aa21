package state

import (
	"fmt"
	"iter"
	"time"
)

// Status of a meeting.
const (
	MeetingScheduled = "scheduled"
	MeetingCancelled = "cancelled"
)

// Role of an attendee.
const (
	AttendeeOwner     = "owner"
	AttendeeModerator = "moderator"
	AttendeeRegular   = "attendee"
)

// Meeting is a date in a room.
type Meeting struct {
	Meta
	MeetingSpec
	// DialIn is the space in which the one-time code is unique, as Room.DialIn.
	DialIn string `json:"dial_in,omitempty"`
	// Sequence counts the changes that calendars must hear of (RFC 5545 section 3.8.7.4).
	Sequence int            `json:"sequence"`
	Secret   *MeetingSecret `json:"secret,omitempty" hidden:"true"`
}

// MeetingSecret is what opens the meeting.
type MeetingSecret struct {
	PIN []byte `json:"pin,omitempty"` // the security PIN, sealed: its organiser is shown it
}

// MeetingSpec is what is agreed.
type MeetingSpec struct {
	Room            string    `json:"room" minLength:"1" maxLength:"64" doc:"The room's id."`
	User            string    `json:"user" minLength:"1" maxLength:"64" doc:"Who holds it: owner and organiser."`
	Subject         string    `json:"subject,omitempty" maxLength:"500"`
	Agenda          string    `json:"agenda,omitempty" maxLength:"8000"`
	StartsAt        time.Time `json:"starts_at"`
	DurationMinutes int       `json:"duration_minutes,omitempty" minimum:"1" maximum:"1440" doc:"Absent = 60."`
	TimeZone        string    `json:"time_zone,omitempty" maxLength:"64" doc:"IANA name in which people read the time; absent = the company's."`
	AutoRecord      string    `json:"auto_record,omitempty" enum:"none,audio,video" doc:"Absent = none."`
	AutoTranscribe  bool      `json:"auto_transcribe" required:"false"`
	MuteMode        string    `json:"mute_mode,omitempty" enum:"conversation,q&a,presentation" doc:"Who comes in speaks, comes in muted, or cannot unmute without being a moderator; absent = as the room has it. It holds from when the meeting begins, as people come in, until the next meeting begins in the room or its session ends, and until a moderator changes it."`
	OneTimeCode     string    `json:"one_time_code,omitempty" minLength:"4" maxLength:"12" pattern:"^[0-9]*$" doc:"Digits that open this meeting alone, unique in the dial-in space."`
	Public          bool      `json:"public" required:"false" doc:"Entry without being invited."`
	Status          string    `json:"status,omitempty" enum:"scheduled,cancelled" doc:"Absent = scheduled."`
}

// EndsAt is when the meeting is over as planned.
func (m Meeting) EndsAt() time.Time {
	return m.StartsAt.Add(time.Duration(m.DurationMinutes) * time.Minute)
}

// ahead tells whether people still expect the meeting.
func (m Meeting) ahead(at time.Time) bool {
	return m.Status == MeetingScheduled && m.EndsAt().After(at)
}

func (m *Meeting) spec() any    { return &m.MeetingSpec }
func (m *Meeting) secrets() any { return secretOf(&m.Secret) }
func (m *Meeting) masked() Entity {
	c := *m
	c.Secret = nil
	return &c
}

func (m *Meeting) check(tx *tx, was Entity) error {
	c, ok := Get[Company](tx.view(), m.Company)
	if !ok {
		return notFound("company")
	}
	m.DialIn = c.Reseller
	setDefault(&m.AutoRecord, "none")
	setDefault(&m.Status, MeetingScheduled)
	setDefault(&m.TimeZone, c.TimeZone)
	if m.DurationMinutes == 0 {
		m.DurationMinutes = 60
	}
	if err := m.references(tx); err != nil {
		return err
	}
	if err := checkText("subject", m.Subject, 500); err != nil {
		return err
	}
	if err := checkText("agenda", m.Agenda, 8000); err != nil {
		return err
	}
	if m.StartsAt.IsZero() || m.StartsAt.Year() < 2000 || m.StartsAt.Year() > 9998 {
		return invalid("starts_at", "must be a time between the years 2000 and 9998")
	}
	m.StartsAt = m.StartsAt.UTC().Truncate(time.Millisecond)
	if m.DurationMinutes < 1 || m.DurationMinutes > 1440 {
		return invalid("duration_minutes", "must be between 1 and 1440")
	}
	if err := checkZoneName("time_zone", m.TimeZone); err != nil {
		return err
	}
	for _, f := range []struct {
		field string
		value *string
		words []string
	}{
		{"auto_record", &m.AutoRecord, []string{"none", "audio", "video"}},
		{"status", &m.Status, []string{MeetingScheduled, MeetingCancelled}},
	} {
		if err := checkOneOf(f.field, f.value, f.words...); err != nil {
			return err
		}
	}
	if m.MuteMode != "" {
		if err := checkOneOf("mute_mode", &m.MuteMode, "conversation", "q&a", "presentation"); err != nil {
			return err
		}
	}
	if m.OneTimeCode != "" {
		if err := checkDigits("one_time_code", m.OneTimeCode, 4, 12); err != nil {
			return err
		}
	}
	if old, ok := was.(*Meeting); ok {
		if old.Status == MeetingCancelled {
			return conflict("status", "the meeting is cancelled")
		}
		if old.User != m.User {
			return invalid("user", "cannot be changed")
		}
		m.Sequence = old.Sequence + 1
	}
	return nil
}

func (m *Meeting) references(tx *tx) error {
	if _, ok := GetOwned[Room](tx.view(), m.Company, m.Room); !ok {
		return invalid("room", "is no room of the company")
	}
	if _, ok := GetOwned[User](tx.view(), m.Company, m.User); !ok {
		return invalid("user", "is no user of the company")
	}
	return nil
}

// starts orders meetings by when they begin.
func starts(at time.Time) string { return fmt.Sprintf("%015d", at.UnixMilli()) }

// MeetingsFrom walks the meetings of all companies that begin at a time or later, the earliest first.
func MeetingsFrom(v *View, from time.Time) iter.Seq[Meeting] {
	return func(yield func(Meeting) bool) {
		walk(v, KindMeeting, "starts", []string{starts(from), ""}, func(e Entity) bool { return yield(*e.(*Meeting)) })
	}
}

// begins orders the meetings of a room by when they begin.
func begins(room string, at time.Time) string { return room + "\x00" + starts(at) }

// Begun gives the meeting of a room that began last by a time, whether it is over or not. Who calls one off, or
// moves it, takes it back.
func Begun(v *View, room string, at time.Time) (Meeting, bool) {
	var found *Meeting
	walkBack(v, KindMeeting, "begins", []string{begins(room, at), "\xff"}, func(e Entity) bool {
		m := e.(*Meeting)
		if m.Room == room && m.Status == MeetingScheduled {
			found = m
		}
		return m.Room == room && found == nil
	})
	if found == nil {
		return Meeting{}, false
	}
	return *found, true
}

// created invites the owner (INV-10).
func (m *Meeting) created(tx *tx) error {
	return tx.create(KindAttendee, &Attendee{
		Meta: Meta{ID: m.ID + ".owner", Company: m.Company}, AttendeeSpec: AttendeeSpec{Meeting: m.ID, User: m.User, Role: AttendeeOwner},
	})
}

// Attendee is a person invited to a meeting: a user, a customer, or an address alone.
type Attendee struct {
	Meta
	AttendeeSpec
}

// AttendeeSpec is who is invited, and as what.
type AttendeeSpec struct {
	Meeting  string `json:"meeting" minLength:"1" maxLength:"64"`
	User     string `json:"user,omitempty" maxLength:"64" doc:"One of user, customer and email says who."`
	Customer string `json:"customer,omitempty" maxLength:"64"`
	Email    string `json:"email,omitempty" maxLength:"254"`
	Name     string `json:"name,omitempty" maxLength:"200"`
	Role     string `json:"role,omitempty" enum:"owner,moderator,attendee" doc:"Absent = attendee."`
}

func (a *Attendee) spec() any { return &a.AttendeeSpec }

// Invited is who the attendee is to the company: a user or a customer where one was invited, else the attendee.
func (a *Attendee) Invited() (kind Kind, id string) {
	switch {
	case a.User != "":
		return KindUser, a.User
	case a.Customer != "":
		return KindCustomer, a.Customer
	}
	return KindAttendee, a.ID
}

func (a *Attendee) person() string {
	switch {
	case a.User != "":
		return "u:" + a.User
	case a.Customer != "":
		return "c:" + a.Customer
	}
	return "e:" + fold(a.Email)
}

func (a *Attendee) check(tx *tx, was Entity) error {
	setDefault(&a.Role, AttendeeRegular)
	m, ok := GetOwned[Meeting](tx.view(), a.Company, a.Meeting)
	if !ok {
		return invalid("meeting", "is no meeting of the company")
	}
	given := 0
	for _, s := range []string{a.User, a.Customer, a.Email} {
		if s != "" {
			given++
		}
	}
	if given != 1 {
		return invalid("email", "exactly one of user, customer and email must be given")
	}
	if err := a.references(tx); err != nil {
		return err
	}
	if err := checkName("name", a.Name, false); err != nil {
		return err
	}
	if err := checkOneOf("role", &a.Role, AttendeeOwner, AttendeeModerator, AttendeeRegular); err != nil {
		return err
	}
	if owner := a.User != "" && a.User == m.User; owner != (a.Role == AttendeeOwner) {
		return invalid("role", "owner is who holds the meeting, and nobody else")
	}
	if old, ok := was.(*Attendee); ok && (old.Meeting != a.Meeting || old.person() != a.person()) {
		return invalid("meeting", "meeting and person cannot be changed")
	}
	return nil
}

func (a *Attendee) references(tx *tx) error {
	switch {
	case a.User != "":
		if _, ok := GetOwned[User](tx.view(), a.Company, a.User); !ok {
			return invalid("user", "is no user of the company")
		}
	case a.Customer != "":
		if _, ok := GetOwned[Customer](tx.view(), a.Company, a.Customer); !ok {
			return invalid("customer", "is no customer of the company")
		}
	default:
		return checkEmail("email", a.Email)
	}
	return nil
}

// kept keeps the owner on the list (INV-10).
func (a *Attendee) kept(*tx) error {
	if a.Role == AttendeeOwner {
		return conflict("id", "the owner is always an attendee")
	}
	return nil
}
