package tenant

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"github.com/meridian-video/meridian/control/notify"
	"github.com/meridian-video/meridian/control/notify/letter"
	"github.com/meridian-video/meridian/control/seal"
	"github.com/meridian-video/meridian/control/state"
	"github.com/meridian-video/meridian/control/token"
)

// Post takes letters for sending; *notify.Notifier is one.
type Post interface {
	MailAll(ctx context.Context, company string, all ...notify.Addressed) error
	// Mailed says whether an occasion with a source was given before.
	Mailed(ctx context.Context, company string, o letter.Occasion) (bool, error)
}

// Minter signs the tokens of personal links.
type Minter interface {
	Mint(c token.Claims) (string, error)
}

// Secretary writes letters about what was changed. It may be used by any number of goroutines.
type Secretary struct {
	View      func() *state.View
	Seal      *seal.Sealer
	Tokens    Minter
	Post      Post
	Propose   func(context.Context, state.Command) error
	Passwords notify.PasswordLinks // nil writes no welcome
	From      string               // address that e-mail comes from; "" writes none
	SMS       bool                 // there is a gateway
	Now       func() time.Time
	Log       *slog.Logger
}

// Write writes the letters that an event of the state asks for. Source is a stable id of the event: when the same
// is given again, as after a crash, nobody gets a second letter. What a meeting is like counts as it is now.
func (s *Secretary) Write(ctx context.Context, e state.Event, source string) error {
	err := s.revoke(ctx, e.Attendees)
	if s.From == "" {
		return err
	}
	v := s.View()
	letters := s.callOff(v, e, source)
	switch e.Action {
	case "meeting.create", "attendee.create":
		letters = append(letters, s.invite(v, e, source)...)
	case "meeting.update":
		letters = append(letters, s.update(v, e, source)...)
	case "user.create":
		err = errors.Join(err, s.welcome(ctx, v, e, source))
	}
	if len(letters) == 0 {
		return err
	}
	return errors.Join(err, s.Post.MailAll(ctx, e.Owner, letters...))
}

// mail is a letter to an attendee; none where nobody is to be written to. One that cannot be written is passed over:
// it must not stop the others for ever.
func (s *Secretary) mail(v *state.View, k letter.Kind, m state.Meeting, a state.Attendee, source string) []notify.Addressed {
	o, own, err := s.occasion(v, k, m, a)
	o.Source = source
	switch {
	case errors.Is(err, errNobody) || err == nil && o.To.Email == "":
		return nil
	case err != nil:
		s.Log.Error("a letter cannot be written", "kind", k, "meeting", m.ID, "err", err)
		return nil
	}
	return []notify.Addressed{{Occasion: o, Own: own}}
}

// expected tells whether people are waiting for a meeting.
func (s *Secretary) expected(m state.Meeting) bool {
	return m.Status == state.MeetingScheduled && m.EndsAt().After(s.Now())
}

// invite writes to those whom the event's call has put on the list: the owner of a new meeting, an attendee.
func (s *Secretary) invite(v *state.View, e state.Event, source string) (letters []notify.Addressed) {
	meeting := e.Object
	if a, ok := state.GetOwned[state.Attendee](v, e.Owner, e.Object); ok {
		meeting = a.Meeting
	}
	m, ok := state.GetOwned[state.Meeting](v, e.Owner, meeting)
	if !ok || !s.expected(m) {
		return nil
	}
	for a := range state.ByIndex[state.Attendee](v, "meeting", m.ID, "") {
		if a.CreatedAt.Equal(e.At) {
			letters = append(letters, s.mail(v, letter.Invitation, m, a, source)...)
		}
	}
	return letters
}

// quiet are fields of a meeting of which no calendar has to hear.
var quiet = []string{"auto_record", "auto_transcribe", "mute_mode", "public"}

// update tells everybody on the list of a change, or that the meeting is cancelled. Several changes that are there
// by now are one letter: the meeting's sequence tells them apart.
func (s *Secretary) update(v *state.View, e state.Event, source string) (letters []notify.Addressed) {
	m, ok := state.GetOwned[state.Meeting](v, e.Owner, e.Object)
	if !ok || !m.EndsAt().After(s.Now()) || !slices.ContainsFunc(e.Fields, func(f string) bool { return !slices.Contains(quiet, f) }) {
		return nil
	}
	kind := letter.Update
	if m.Status == state.MeetingCancelled {
		kind = letter.Cancellation
	}
	for a := range state.ByIndex[state.Attendee](v, "meeting", m.ID, "") {
		switch {
		case a.CreatedAt.Before(e.At):
			letters = append(letters, s.mail(v, kind, m, a, "")...)
		case a.CreatedAt.Equal(e.At) && kind == letter.Update: // by the same call
			letters = append(letters, s.mail(v, letter.Invitation, m, a, source)...)
		}
	}
	return letters
}

// callOff tells those whose meeting was deleted, and those who were taken from a list.
func (s *Secretary) callOff(v *state.View, e state.Event, source string) (letters []notify.Addressed) {
	for _, a := range e.Attendees {
		m, ok := state.GetOwned[state.Meeting](v, a.Company, a.Meeting)
		if i := slices.IndexFunc(e.Meetings, func(m state.Meeting) bool { return m.ID == a.Meeting }); i >= 0 {
			m, ok = e.Meetings[i], true
			m.Sequence++ // the deletion is a change, too
		}
		if ok && s.expected(m) {
			letters = append(letters, s.mail(v, letter.Cancellation, m, a, source)...)
		}
	}
	return letters
}
