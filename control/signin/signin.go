package signin

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/meridian-video/meridian/control/password"
	"github.com/meridian-video/meridian/control/seal"
	"github.com/meridian-video/meridian/control/state"
)

// ErrRefused is returned when somebody is not let in. There is one answer for who is not there, who is inactive
// and who typed wrong.
var ErrRefused = errors.New("not let in")

// Paused is returned when there were too many tries, whether there is such a person or not.
type Paused struct {
	After time.Duration // until the next try counts
}

// Error implements error.
func (p *Paused) Error() string { return fmt.Sprintf("too many tries; the next one in %v", p.After) }

// Store is what is asked of the control plane's store.
type Store interface {
	ProposeOn(ctx context.Context, c state.Command, terms state.Terms) (state.Result, error)
	Linearizable(ctx context.Context) (*state.View, error)
}

// terms is a store that says when the lead has changed.
type terms interface{ Term() uint64 }

// Config of a Signin.
type Config struct {
	Store     Store
	Passwords *password.Hasher
	Seal      *seal.Sealer
	Letters   Letters      // nil = nobody is sent a link
	Client    *http.Client // asks providers; nil = none is asked, and nobody signs in by OpenID Connect
	Log       *slog.Logger
	Now       func() time.Time
}

// Signin lets people in. It is safe for many goroutines.
type Signin struct {
	cfg   Config
	uses  *uses
	known providers
	asked chan asking // for links

	mu    sync.Mutex
	tries *budget
}

// New makes a Signin. All of Config but Letters and Client is required. Run does what need not be waited for.
func New(cfg Config) *Signin {
	if cfg.Client != nil {
		c := *cfg.Client
		next := c.Transport
		if next == nil {
			next = http.DefaultTransport
		}
		c.Transport = short{next}
		cfg.Client = &c
	}
	return &Signin{
		cfg: cfg, uses: newUses(), known: providers{found: map[string]*discovery{}}, asked: make(chan asking, maxAsked), tries: newBudget(),
	}
}

// take charges a try; the error is *Paused.
func (s *Signin) take(t Try) (charge, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, wait := s.tries.take(t, s.cfg.Now())
	if wait > 0 {
		return charge{}, &Paused{wait}
	}
	return c, nil
}

// shut refuses an address that has tried too often, before anything is looked up for it. The error is *Paused.
func (s *Signin) shut(address string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if wait := s.tries.shut(address, s.cfg.Now()); wait > 0 {
		return &Paused{wait}
	}
	return nil
}

// settle tells the budgets how a try went. What failed by our fault is nobody's miss.
func (s *Signin) settle(c charge, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case err == nil:
		s.tries.good(c, s.cfg.Now())
	case !errors.Is(err, ErrRefused) && !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded):
		s.tries.giveBack(c)
	}
}

// missed charges an address for something else than a password.
func (s *Signin) missed(address string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tries.ask(address, s.cfg.Now())
}

// know notes that somebody proved to be the person, by what was sent to them.
func (s *Signin) know(t Try) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tries.know(t, s.cfg.Now())
}

// Company finds a company by its id, or by a host name of its.
func Company(v *state.View, name string) (state.Company, bool) {
	if c, ok := state.Get[state.Company](v, name); ok {
		return c, true
	}
	return v.CompanyByHost(name)
}
