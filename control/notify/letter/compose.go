package letter

import (
	"errors"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/meridian-video/meridian/control/notify/calendar"
	"github.com/meridian-video/meridian/control/notify/mail"
)

// ErrOccasion is returned when a letter cannot be written because what it is about is incomplete or wrong.
var ErrOccasion = errors.New("the letter cannot be written")

// Compose writes an e-mail by the built-in template of the recipient's language, with the parts that a company's
// own template replaces ("" is none). When the own one does not work the built-in one is used and the error says
// why, beside a letter that can be sent. The letter has no ID yet.
func Compose(o Occasion, own string, now time.Time) (mail.Letter, error) {
	written, broken, err := write(o, own, []string{"subject", "text", "html"})
	if err != nil {
		return mail.Letter{}, err
	}
	l := mail.Letter{
		From: mail.Address{Name: o.Brand, Email: o.From}, To: mail.Address{Name: o.To.Name, Email: o.To.Email},
		Subject: strings.TrimSpace(written["subject"]), Text: written["text"], HTML: written["html"], ReplyTo: o.Meeting.Organizer.Email,
	}
	if err := attach(&l, o, now); err != nil {
		return mail.Letter{}, err
	}
	return l, broken
}

// SMS writes the text of a message, errors as in Compose.
func SMS(o Occasion, own string) (string, error) {
	written, broken, err := write(o, own, []string{"sms"})
	if err != nil {
		return "", err
	}
	return strings.TrimSpace(written["sms"]), broken
}

func write(o Occasion, own string, wanted []string) (written map[string]string, broken, err error) {
	l := languageOf(o.To.Language)
	v, err := o.view(l)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %w", ErrOccasion, err)
	}
	t, err := builtInTemplate(o.Kind, l)
	if err != nil {
		return nil, nil, err
	}
	if written, err = t.write(v, wanted); err != nil || own == "" {
		return written, nil, err
	}
	t, broken = parseTemplate(own)
	if broken != nil {
		return written, broken, nil
	}
	replaced, broken := t.write(v, wanted)
	maps.Copy(written, replaced)
	return written, broken, nil
}

// methods are the kinds that go into a calendar.
var methods = map[Kind]calendar.Method{Invitation: calendar.Request, Update: calendar.Request, Cancellation: calendar.Cancel}

func attach(l *mail.Letter, o Occasion, now time.Time) error {
	method, ok := methods[o.Kind]
	if !ok {
		return nil
	}
	m := o.Meeting
	if m.ID == "" {
		return fmt.Errorf("%w: the meeting has no id", ErrOccasion)
	}
	organizer := m.Organizer
	if organizer.Email == "" {
		organizer = Person{Name: o.Brand, Email: o.From}
	}
	file, err := calendar.Encode(method, calendar.Event{
		UID: m.ID, Sequence: m.Sequence, Stamp: now, Start: m.Start, Duration: m.Duration, Zone: m.Zone,
		Summary: or(m.Subject, languageOf(o.To.Language).untitled), Description: l.Text, URL: m.Link,
		Organizer: calendar.Person{Name: organizer.Name, Email: organizer.Email},
		Attendees: []calendar.Person{{Name: o.To.Name, Email: o.To.Email}},
	})
	if err != nil {
		return fmt.Errorf("%w: %w", ErrOccasion, err)
	}
	l.Calendar, l.Method = string(file), string(method)
	return nil
}
