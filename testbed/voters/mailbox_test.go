package voters_test

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

// mailbox is an SMTP server that wants STARTTLS and a password.
type mailbox struct {
	port int

	mu      sync.Mutex
	letters map[string]received // by Message-ID
	times   int
}

// received is a letter with what calendars read of it.
type received struct {
	to, subject, text, method, calendar string
}

func open(t *testing.T, c tls.Certificate) *mailbox {
	t.Helper()
	b := &mailbox{letters: map[string]received{}}
	s := smtp.NewServer(b)
	s.Domain, s.MaxMessageBytes, s.TLSConfig = "localhost", 1<<20, &tls.Config{Certificates: []tls.Certificate{c}}
	s.ErrorLog = silent{}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b.port = l.Addr().(*net.TCPAddr).Port
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
func (b *mailbox) NewSession(*smtp.Conn) (smtp.Session, error) { return &dialogue{box: b}, nil }

// dialogue is one connection.
type dialogue struct {
	box      *mailbox
	in       bool
	from, to string
}

func (*dialogue) Reset()                   {}
func (*dialogue) Logout() error            { return nil }
func (*dialogue) AuthMechanisms() []string { return []string{sasl.Plain} }

func (d *dialogue) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if d.in = user == "meridian" && password == "correct horse"; !d.in {
			return smtp.ErrAuthFailed
		}
		return nil
	}), nil
}

func (d *dialogue) Mail(from string, _ *smtp.MailOptions) error {
	if d.from = from; !d.in || from != "meetings@example.net" {
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
	l := received{to: d.to}
	if l.subject, err = new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject")); err != nil {
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
func (l *received) part(kind, encoding string, body io.Reader) error {
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
		l.text = string(text)
	case "text/calendar":
		l.method, l.calendar = params["method"], string(text)
	}
	return err
}

// count is how many different letters came, and how many times one did.
func (b *mailbox) count() (letters, times int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.letters), b.times
}

// got lists the different letters to somebody, as method and subject, in the order of their words.
func (b *mailbox) got(to string) (found []received) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, l := range b.letters {
		if l.to == to {
			found = append(found, l)
		}
	}
	slices.SortFunc(found, func(a, b received) int { return strings.Compare(a.method+a.subject, b.method+b.subject) })
	return found
}
