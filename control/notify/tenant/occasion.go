package tenant

import (
	"errors"
	"fmt"
	"time"

	"github.com/meridian-video/meridian/control/notify/letter"
	"github.com/meridian-video/meridian/control/state"
)

// errNobody is returned where there is nobody to write to, or nobody who would.
var errNobody = errors.New("nobody is written to")

// company finds one whose letters go out, with its settings for a room, which may be zero.
func (s *Secretary) company(v *state.View, id string, r state.Room) (state.Company, state.Settings, error) {
	c, ok := state.Get[state.Company](v, id)
	if !ok || c.Suspended() {
		return c, state.Settings{}, errNobody
	}
	return c, v.Settings(c, r), nil
}

// occasion is a letter of a kind about a meeting to an attendee, and the company's template for it.
func (s *Secretary) occasion(v *state.View, k letter.Kind, m state.Meeting, a state.Attendee) (o letter.Occasion, own string, err error) {
	room, _ := state.GetOwned[state.Room](v, m.Company, m.Room)
	c, settings, err := s.company(v, m.Company, room)
	if err != nil {
		return o, "", err
	}
	to, ok := guest(v, a, text(settings.Locale))
	if !ok {
		return o, "", errNobody
	}
	o = letter.Occasion{Kind: k, Brand: brand(c, settings), From: s.From, To: to, Meeting: about(v, c, m)}
	if k != letter.Cancellation {
		if err := s.admit(v, &o, c, m, a, room); err != nil {
			return o, "", err
		}
	}
	return o, template(v, c.ID, k, to.Language), nil
}

// about is what a letter says of a meeting to everybody.
func about(v *state.View, c state.Company, m state.Meeting) letter.Meeting {
	out := letter.Meeting{
		ID: m.ID, Sequence: m.Sequence, Subject: m.Subject, Agenda: m.Agenda, Start: m.StartsAt,
		Duration: time.Duration(m.DurationMinutes) * time.Minute, Zone: zone(m.TimeZone),
	}
	if u, ok := state.GetOwned[state.User](v, c.ID, m.User); ok {
		out.Organizer = letter.Person{Name: u.DisplayName(), Email: u.Email}
	}
	return out
}

// admit adds what opens the meeting to the attendee.
func (s *Secretary) admit(v *state.View, o *letter.Occasion, c state.Company, m state.Meeting, a state.Attendee, r state.Room) (err error) {
	if o.Meeting.Link, err = s.link(v, c, m, a, o.To.Name); err != nil {
		return fmt.Errorf("link to meeting %q: %w", m.ID, err)
	}
	if m.Secret != nil && len(m.Secret.PIN) > 0 {
		pin, err := s.Seal.Open(m.Secret.PIN, string(state.KindMeeting), m.ID, "pin")
		if err != nil {
			return fmt.Errorf("PIN of meeting %q: %w", m.ID, err)
		}
		o.Meeting.PIN = string(pin)
	}
	code := m.OneTimeCode
	if code == "" {
		code = r.AccessCode
	}
	reseller, _ := state.Get[state.Reseller](v, c.Reseller)
	if code != "" && len(reseller.DialInNumbers) > 0 {
		o.Meeting.DialIn, o.Meeting.Code = reseller.DialInNumbers[0], code
	}
	return nil
}

// brand is the name under which a company writes.
func brand(c state.Company, s state.Settings) string {
	if s.Branding != nil && s.Branding.Name != "" {
		return s.Branding.Name
	}
	return c.Name
}

func zone(name string) string {
	if name == "" {
		return "UTC"
	}
	return name
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
