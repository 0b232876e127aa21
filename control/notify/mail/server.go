package mail

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"time"

	gomail "github.com/wneessen/go-mail"
)

// Security is how a connection is protected.
type Security string

// The ways.
const (
	StartTLS Security = "starttls" // required, not opportunistic
	TLS      Security = "tls"      // from the first byte
	Plain    Security = "none"     // for a server on the same machine
)

// Server is the operator's SMTP server.
type Server struct {
	Host     string
	Port     int // 0: 587, with TLS 465, with none 25
	Security Security
	User     string // "" is no authentication
	Password string
	Name     string        // for EHLO; "" is the machine's
	Timeout  time.Duration // of a whole delivery; 0 is a minute
	Roots    *tls.Config   // nil: the system's; for tests
}

// ErrRefused is returned when the server will never take a letter (5xx to an address or the content).
var ErrRefused = errors.New("refused for good")

// Validate says everything that is wrong.
func (s Server) Validate() error {
	var errs []error
	if s.Host == "" {
		errs = append(errs, errors.New("host is missing"))
	}
	if s.Security != StartTLS && s.Security != TLS && s.Security != Plain {
		errs = append(errs, errors.New("security is none of starttls, tls, none"))
	}
	if s.Security == Plain && s.User != "" {
		errs = append(errs, errors.New("a password is not sent without TLS"))
	}
	if s.Port < 0 || s.Port > 65535 {
		errs = append(errs, errors.New("port is not between 0 and 65535"))
	}
	return errors.Join(errs...)
}

// Send makes one attempt and returns the server's status, 0 when it said none. ErrLetter and ErrRefused mean that
// another attempt is of no use.
func (s Server) Send(ctx context.Context, l Letter, at time.Time) (status int, err error) {
	m, err := l.message(at)
	if err != nil {
		return 0, err
	}
	client, err := s.client()
	if err != nil {
		return 0, fmt.Errorf("smtp: %w", err)
	}
	timeout := s.Timeout
	if timeout == 0 {
		timeout = time.Minute
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	connection, err := client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return 0, fmt.Errorf("smtp: %w", err)
	}
	stop := context.AfterFunc(ctx, func() { _ = connection.Close() })
	defer stop()
	err = client.SendWithSMTPClient(connection, m)
	_ = client.CloseWithSMTPClient(connection) // the server has spoken
	return judge(err)
}

// judge reads what a server said. Trouble after it took the letter is none of the letter's.
func judge(err error) (status int, _ error) {
	if err == nil {
		return 250, nil
	}
	e, ok := errors.AsType[*gomail.SendError](err)
	if !ok {
		return 0, fmt.Errorf("smtp: %w", err)
	}
	switch e.Reason {
	case gomail.ErrSMTPReset:
		return 250, nil
	case gomail.ErrSMTPMailFrom, gomail.ErrSMTPRcptTo, gomail.ErrSMTPData, gomail.ErrSMTPDataClose:
		if status = e.ErrorCode(); status/100 == 5 {
			return status, fmt.Errorf("smtp: %w: %w", ErrRefused, err)
		}
	}
	return e.ErrorCode(), fmt.Errorf("smtp: %w", err)
}

func (s Server) client() (*gomail.Client, error) {
	config := &tls.Config{}
	if s.Roots != nil {
		config = s.Roots.Clone()
	}
	config.ServerName, config.MinVersion = s.Host, tls.VersionTLS12
	port := s.Port
	options := []gomail.Option{gomail.WithTLSConfig(config), gomail.WithoutNoop()}
	switch s.Security {
	case TLS:
		options = append(options, gomail.WithSSL())
		port = orElse(port, 465)
	case Plain:
		options = append(options, gomail.WithTLSPolicy(gomail.NoTLS))
		port = orElse(port, 25)
	default:
		options = append(options, gomail.WithTLSPolicy(gomail.TLSMandatory))
		port = orElse(port, 587)
	}
	options = append(options, gomail.WithPort(port))
	if s.Timeout > 0 {
		options = append(options, gomail.WithTimeout(s.Timeout))
	}
	if s.Name != "" {
		options = append(options, gomail.WithHELO(s.Name))
	}
	if s.User != "" {
		options = append(options, gomail.WithSMTPAuth(gomail.SMTPAuthAutoDiscover), gomail.WithUsername(s.User), gomail.WithPassword(s.Password))
	}
	return gomail.NewClient(s.Host, options...)
}

func orElse(port, standard int) int {
	if port == 0 {
		return standard
	}
	return port
}
