package letter

import (
	"strconv"
	"time"
)

// Kind is what a letter is for.
type Kind string

// The kinds.
const (
	Invitation   Kind = "invitation"
	Update       Kind = "update"
	Cancellation Kind = "cancellation"
	Reminder     Kind = "reminder"
	Welcome      Kind = "welcome"
	Reset        Kind = "reset" // of a forgotten password
)

// Kinds are all of them.
var Kinds = []Kind{Invitation, Update, Cancellation, Reminder, Welcome, Reset}

// Person is somebody who gets a letter, or who invites.
type Person struct {
	Name     string
	Email    string
	Phone    string
	Language string // BCP 47; "" is English
}

// Meeting is what a letter about one says.
type Meeting struct {
	ID        string // unique over all companies, for good: calendars know the meeting by it
	Sequence  int    // rises with every change
	Subject   string
	Agenda    string
	Start     time.Time
	Duration  time.Duration
	Zone      string // IANA name, in which times are told
	Link      string // the recipient's own
	PIN       string
	DialIn    string // telephone number
	Code      string // to type after dialling
	Organizer Person
}

// Occasion is all that a letter is made of. What its kind does not need stays empty.
type Occasion struct {
	Kind         Kind
	Brand        string // the company's name
	From         string // address the letter comes from
	To           Person
	Meeting      Meeting
	PasswordLink string // Welcome, Reset
	// Source tells this occasion from others about the same meeting as it is now: one more invitation after somebody
	// was taken from the list, a second reminder. Equal occasions of one source are one.
	Source string
}

// view is what templates see. It has fields only: a method could be called by a company's template.
type view struct {
	Brand, Name, Organizer                string
	Subject, Agenda, When, Zone, Minutes  string
	Link, PIN, DialIn, Code, PasswordLink string
}

func (o Occasion) view(l language) (view, error) {
	v := view{
		Brand: o.Brand, Name: or(o.To.Name, o.To.Email), Organizer: or(o.Meeting.Organizer.Name, o.Meeting.Organizer.Email),
		Subject: or(o.Meeting.Subject, l.untitled), Agenda: o.Meeting.Agenda, Link: o.Meeting.Link, PIN: o.Meeting.PIN,
		DialIn: o.Meeting.DialIn, Code: o.Meeting.Code, PasswordLink: o.PasswordLink, Minutes: strconv.Itoa(int(o.Meeting.Duration.Minutes())),
	}
	if o.Kind == Welcome || o.Kind == Reset {
		return v, nil
	}
	zone, err := time.LoadLocation(o.Meeting.Zone)
	if err != nil {
		return view{}, err
	}
	v.When, v.Zone = l.when(o.Meeting.Start.In(zone)), zone.String()
	return v, nil
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}
