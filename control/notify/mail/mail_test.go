package mail

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
)

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

func sample() Letter {
	return Letter{
		ID: "ltr_1", From: Address{"Acme Meetings", "meet@acme.example"}, ReplyTo: "ann@acme.example", To: Address{"Борис", "boris@example.org"},
		Subject: "Встреча: бюджет", Text: "Hello\nthere", HTML: "<p>Hello</p>", Calendar: "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n", Method: "REQUEST",
	}
}

func TestLettersArriveOverEverySecurity(t *testing.T) {
	for _, security := range []Security{StartTLS, TLS, Plain} {
		t.Run(string(security), func(t *testing.T) {
			p := &post{}
			s := p.start(t, security)
			if security != Plain {
				s.User, s.Password = "meet", "right"
			}
			if status, err := s.Send(t.Context(), sample(), noon); status != 250 || err != nil {
				t.Fatal(status, err)
			}
			if len(p.received) != 1 || p.from[0] != "meet@acme.example" || p.to[0] != "boris@example.org" || len(p.users) != len(s.User)/4 {
				t.Errorf("from %v to %v as %v", p.from, p.to, p.users)
			}
			check(t, p.received[0])
		})
	}
}

// check reads a letter as a mail program does.
func check(t *testing.T, content string) {
	t.Helper()
	m, err := mail.ReadMessage(strings.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if err != nil || subject != "Встреча: бюджет" {
		t.Errorf("subject %q, %v", subject, err)
	}
	if to, err := m.Header.AddressList("To"); err != nil || to[0].Name != "Борис" {
		t.Errorf("to %v, %v", to, err)
	}
	for name, want := range map[string]string{
		"Message-Id": "<ltr_1@acme.example>", "Auto-Submitted": "auto-generated", "Reply-To": "<ann@acme.example>", "Date": "Fri, 20 Nov 2026 12:00:00 +0000",
	} {
		if got := m.Header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	var types []string
	walk(t, m.Header.Get("Content-Type"), m.Body, &types)
	if got := strings.Join(types, " "); got != "text/plain text/html text/calendar/REQUEST application/ics" {
		t.Errorf("parts %s", got)
	}
}

func walk(t *testing.T, kind string, body io.Reader, types *[]string) {
	t.Helper()
	name, parameters, err := mime.ParseMediaType(kind)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(name, "multipart/") {
		if method := parameters["method"]; method != "" {
			name += "/" + method
			if text, err := io.ReadAll(quotedprintable.NewReader(body)); err != nil || !strings.Contains(string(text), "BEGIN:VCALENDAR") {
				t.Errorf("calendar %q, %v", text, err)
			}
		}
		*types = append(*types, name)
		return
	}
	for r := multipart.NewReader(body, parameters["boundary"]); ; {
		part, err := r.NextRawPart()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		walk(t, part.Header.Get("Content-Type"), part, types)
	}
}

func TestAnswersAreJudged(t *testing.T) {
	busy := &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 2}, Message: "try later"}
	unknown := &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such user"}
	tests := []struct {
		name   string
		server *post
		status int
		dead   bool
	}{
		{"sender for now", &post{atMail: busy}, 451, false}, {"sender for good", &post{atMail: unknown}, 550, true},
		{"recipient for now", &post{atRcpt: busy}, 451, false}, {"recipient for good", &post{atRcpt: unknown}, 550, true},
		{"content for now", &post{atData: busy}, 451, false}, {"content for good", &post{atData: unknown}, 550, true},
	}
	for _, tt := range tests {
		status, err := tt.server.start(t, StartTLS).Send(t.Context(), sample(), noon)
		if err == nil || status != tt.status || errors.Is(err, ErrRefused) != tt.dead {
			t.Errorf("%s: %d, %v", tt.name, status, err)
		}
	}
}

func TestAServerThatIsNotTrustedGetsNothing(t *testing.T) {
	p := &post{}
	s := p.start(t, StartTLS)
	stranger := s
	stranger.Roots = &tls.Config{}
	plain := p.start(t, Plain)
	plain.Security = StartTLS // which it does not offer
	wrong := s
	wrong.User, wrong.Password = "meet", "wrong"
	for name, s := range map[string]Server{"unknown certificate": stranger, "no TLS": plain, "wrong password": wrong, "nobody there": {Host: "localhost", Port: 1, Security: TLS}} {
		if _, err := s.Send(t.Context(), sample(), noon); err == nil || errors.Is(err, ErrRefused) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if len(p.from)+len(p.received) > 0 {
		t.Errorf("it was told of %v", p.from)
	}
}

func TestASlowServerIsLeft(t *testing.T) {
	p := &post{slow: make(chan struct{})}
	s := p.start(t, StartTLS)
	s.Timeout = 300 * time.Millisecond
	if _, err := s.Send(t.Context(), sample(), noon); err == nil || errors.Is(err, ErrRefused) {
		t.Errorf("timeout: %v", err)
	}
	s.Timeout = time.Minute
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Send(ctx, sample(), noon); err == nil || errors.Is(err, ErrRefused) {
		t.Errorf("cancelled: %v", err)
	}
	close(p.slow)
}

func TestBadAddressesAndMethodsAreRefused(t *testing.T) {
	for name, change := range map[string]func(*Letter){
		"from":     func(l *Letter) { l.From.Email = "acme" },
		"to":       func(l *Letter) { l.To.Email = "boris@example.org\r\nBcc: all@example.org" },
		"two":      func(l *Letter) { l.To.Email = "a@example.org, b@example.org" },
		"reply to": func(l *Letter) { l.ReplyTo = "Ann <ann@acme.example>" },
		"method":   func(l *Letter) { l.Method = "REQUEST; x=y" },
	} {
		l := sample()
		change(&l)
		if _, err := (Server{Host: "localhost", Port: 1, Security: Plain}).Send(t.Context(), l, noon); !errors.Is(err, ErrLetter) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSettingsAreChecked(t *testing.T) {
	good := Server{Host: "mail.example", Security: StartTLS, User: "u"}
	if err := good.Validate(); err != nil {
		t.Error(err)
	}
	for _, bad := range []Server{{Security: TLS}, {Host: "x"}, {Host: "x", Security: Plain, User: "u"}, {Host: "x", Security: TLS, Port: 70000}} {
		if bad.Validate() == nil {
			t.Errorf("%+v is accepted", bad)
		}
	}
}

// FuzzLetter holds that no text makes a header of its own.
func FuzzLetter(f *testing.F) {
	f.Add("Subject\r\nBcc: all@example.org", "Name\nX: y", "id", "text\r\n.\r\n")
	f.Add("\u2028\x00\xff", "\"", "\r\n\r\nbody", "")
	f.Add("0", "\xc2\\", "0", "0")
	f.Fuzz(func(t *testing.T, subject, name, id, text string) {
		l := sample()
		l.Subject, l.To.Name, l.ID, l.Text = subject, name, id, text
		m, err := l.message(noon)
		if err != nil {
			return
		}
		var b strings.Builder
		if _, err := m.WriteTo(&b); err != nil {
			t.Fatal(err)
		}
		parsed, err := mail.ReadMessage(strings.NewReader(b.String()))
		if err != nil {
			t.Fatalf("%v: %s", err, b.String())
		}
		for key := range parsed.Header {
			switch key {
			case "Date", "Mime-Version", "Message-Id", "Subject", "From", "To", "Reply-To", "Auto-Submitted", "Content-Type":
			default:
				t.Errorf("header %q of %q, %q, %q", key, subject, name, id)
			}
		}
		if to, err := parsed.Header.AddressList("To"); err != nil || len(to) != 1 || to[0].Address != "boris@example.org" {
			t.Errorf("to %v, %v", to, err)
		}
	})
}
