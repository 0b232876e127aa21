// Package mailbox is a mail server for tests: it takes letters over TLS from
// who has its password, and shows them. It keeps them in memory and sends none
// on.
package mailbox

import (
	"crypto/tls"
	"encoding/base64"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// What the server at localhost wants to hear.
const (
	User     = "meridian"
	Password = "correct horse"
	From     = "meetings@example.net"
)

// Box is an SMTP server that wants STARTTLS and a password.
type Box struct {
	Port int

	mu      sync.Mutex
	letters map[string]Letter // by Message-ID
	times   int
}

// Letter is what somebody got, with what calendars read of it.
type Letter struct {
	To, Subject, Text, Method, Calendar string
}

// Open starts a server with a certificate for localhost. It ends with the test.
func Open(t testing.TB, c tls.Certificate) *Box {
	t.Helper()
	b := &Box{letters: map[string]Letter{}}
	s := smtp.NewServer(b)
	s.Domain, s.MaxMessageBytes, s.TLSConfig = "localhost", 1<<20, &tls.Config{Certificates: []tls.Certificate{c}}
	s.ErrorLog = silent{}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b.Port = l.Addr().(*net.TCPAddr).Port
	done := make(chan error, 1)
	go func() { done <- s.Serve(l) }()
	t.Cleanup(func() {
		_ = s.Close()
		if err := <-done; err != nil && !errors.Is(err, smtp.ErrServerClosed) && !errors.Is(err, net.ErrClosed) {
			t.Error(err)
		}
	})
	return b
}

type silent struct{}

func (silent) Printf(string, ...any) {}
func (silent) Println(...any)        {}

// NewSession implements smtp.Backend.
func (b *Box) NewSession(*smtp.Conn) (smtp.Session, error) { return &dialogue{box: b}, nil }

// dialogue is one connection.
type dialogue struct {
	box      *Box
	in       bool
	from, to string
}

func (*dialogue) Reset()                   {}
func (*dialogue) Logout() error            { return nil }
func (*dialogue) AuthMechanisms() []string { return []string{sasl.Plain} }

func (d *dialogue) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if d.in = user == User && password == Password; !d.in {
			return smtp.ErrAuthFailed
		}
		return nil
	}), nil
}

func (d *dialogue) Mail(from string, _ *smtp.MailOptions) error {
	if d.from = from; !d.in || from != From {
		return smtp.ErrAuthRequired
	}
	return nil
}

func (d *dialogue) Rcpt(to string, _ *smtp.RcptOptions) error { d.to = to; return nil }

func (d *dialogue) Data(r io.Reader) error {
	m, err := mail.ReadMessage(r)
	if err != nil {
		return err
	}
	l := Letter{To: d.to}
	if l.Subject, err = new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject")); err != nil {
		return err
	}
	if err := l.part(m.Header.Get("Content-Type"), m.Header.Get("Content-Transfer-Encoding"), m.Body); err != nil {
		return err
	}
	d.box.mu.Lock()
	defer d.box.mu.Unlock()
	d.box.times++
	d.box.letters[m.Header.Get("Message-ID")] = l
	return nil
}

// part reads a part of a letter and those in it.
func (l *Letter) part(kind, encoding string, body io.Reader) error {
	media, params, err := mime.ParseMediaType(kind)
	if err != nil {
		return err
	}
	if strings.HasPrefix(media, "multipart/") {
		for parts := multipart.NewReader(body, params["boundary"]); ; {
			p, err := parts.NextRawPart()
			if errors.Is(err, io.EOF) {
				return nil
			}
			if err != nil {
				return err
			}
			if err := l.part(p.Header.Get("Content-Type"), p.Header.Get("Content-Transfer-Encoding"), p); err != nil {
				return err
			}
		}
	}
	switch encoding {
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	}
	text, err := io.ReadAll(body)
	switch media {
	case "text/plain":
		l.Text = string(text)
	case "text/calendar":
		l.Method, l.Calendar = params["method"], string(text)
	}
	return err
}

// Times is how many letters were given in, and how many of them differ.
func (b *Box) Times() (all, different int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.times, len(b.letters)
}

// Got lists the different letters to somebody, in the order of method and subject.
func (b *Box) Got(to string) (found []Letter) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, l := range b.letters {
		if l.To == to {
			found = append(found, l)
		}
	}
	slices.SortFunc(found, func(a, b Letter) int { return strings.Compare(a.Method+a.Subject, b.Method+b.Subject) })
	return found
}
