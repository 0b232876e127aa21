package mail

import (
	"errors"
	"fmt"
	"net/mail"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"
)

// ErrLetter is returned when a letter cannot be written: an address is none.
var ErrLetter = errors.New("this letter cannot be sent")

// Address is a person's.
type Address struct {
	Name  string `json:"name,omitempty"`
	Email string `json:"email"`
}

// Letter is an e-mail to one person.
type Letter struct {
	ID       string  `json:"id"` // part of its Message-ID, the same in every attempt
	From     Address `json:"from"`
	ReplyTo  string  `json:"reply_to,omitempty"` // address alone
	To       Address `json:"to"`
	Subject  string  `json:"subject"`
	Text     string  `json:"text"`
	HTML     string  `json:"html,omitempty"`
	Calendar string  `json:"calendar,omitempty"` // iCalendar
	Method   string  `json:"method,omitempty"`   // of the calendar file: REQUEST or CANCEL
}

// message composes the MIME form: text, HTML and calendar are alternatives, since mail programs look for an
// invitation there, and the calendar is also a file for the others.
func (l Letter) message(at time.Time) (*gomail.Msg, error) {
	m := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	for _, set := range []struct {
		address Address
		set     func(*mail.Address)
	}{{l.From, m.FromMailAddress}, {l.To, m.AddToMailAddress}} {
		a, err := set.address.parse()
		if err != nil {
			return nil, err
		}
		set.set(a)
	}
	if l.ReplyTo != "" {
		a, err := Address{Email: l.ReplyTo}.parse()
		if err != nil {
			return nil, err
		}
		m.SetAddrHeaderFromMailAddress(gomail.HeaderReplyTo, a)
	}
	m.Subject(oneLine(l.Subject))
	m.SetDateWithValue(at)
	_, domain, _ := strings.Cut(l.From.Email, "@")
	m.SetMessageIDWithValue(oneLine(l.ID) + "@" + domain)
	m.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: no holiday answers
	m.SetBodyString(gomail.TypeTextPlain, l.Text)
	if l.HTML != "" {
		m.AddAlternativeString(gomail.TypeTextHTML, l.HTML)
	}
	if l.Calendar == "" {
		return m, nil
	}
	if l.Method != "REQUEST" && l.Method != "CANCEL" {
		return nil, fmt.Errorf("%w: method %q", ErrLetter, l.Method)
	}
	m.AddAlternativeString(gomail.ContentType("text/calendar; method="+l.Method), l.Calendar)
	err := m.AttachReader("invite.ics", strings.NewReader(l.Calendar), gomail.WithFileContentType("application/ics"))
	return m, err
}

// parse checks an address; what the name holds is encoded, so that it cannot end its header.
func (a Address) parse() (*mail.Address, error) {
	parsed, err := mail.ParseAddress(a.Email)
	if err != nil || parsed.Address != a.Email {
		return nil, fmt.Errorf("%w: %q is no address", ErrLetter, a.Email)
	}
	name := strings.ReplaceAll(oneLine(a.Name), `\`, "/") // which net/mail writes bare into an encoded word
	return &mail.Address{Name: name, Address: a.Email}, nil
}

// CheckAddress wants an address alone; the error is ErrLetter.
func CheckAddress(email string) error {
	_, err := Address{Email: email}.parse()
	return err
}

// oneLine makes text fit for a header.
func oneLine(s string) string {
	return strings.Join(strings.FieldsFunc(strings.ToValidUTF8(s, "\uFFFD"), func(r rune) bool {
		return r < ' ' || r == 0x7F || r == '\u0085' || r == '\u2028' || r == '\u2029'
	}), " ")
}
