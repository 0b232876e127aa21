package signin

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/meridian-video/meridian/control/password"
	"github.com/meridian-video/meridian/control/seal"
	"github.com/meridian-video/meridian/control/state"
)

const (
	good  = "correct horse battery"
	other = "staple of the battery"
)

// memory is a store on one machine, whose lead can change.
type memory struct {
	mu      sync.Mutex
	state   *state.State
	index   uint64
	term    uint64
	delay   time.Duration // of a write
	down    error
	touches int // log entries about uses
}

func (s *memory) ProposeOn(_ context.Context, c state.Command, terms state.Terms) (state.Result, error) {
	time.Sleep(s.delay) // in a bubble, and without the lock: who waits for that does not let time pass
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.down != nil {
		return state.Result{}, s.down
	}
	entry, err := state.Encode(time.Now(), c, terms)
	if err != nil {
		return state.Result{}, err
	}
	if _, ok := c.(*state.TouchSessions); ok {
		s.touches++
	}
	s.index++
	r := s.state.Apply(s.index, entry)
	return r, r.Err
}

func (s *memory) Linearizable(context.Context) (*state.View, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state.View(), s.down
}

func (s *memory) Term() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.term
}

// network is a company with people, and who lets them in.
type network struct {
	*Signin
	t     testing.TB
	store *memory
	mail  *mailbox
}

func newNetwork(t testing.TB) *network {
	t.Helper()
	return newNetworkWith(t, nil)
}

func newNetworkWith(t testing.TB, providers *http.Client) *network {
	t.Helper()
	sealer, err := seal.New(make([]byte, seal.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	n := &network{t: t, store: &memory{state: state.New(), term: 1}, mail: &mailbox{}}
	n.Signin = New(Config{
		Store: n.store, Passwords: password.New(4), Seal: sealer, Letters: n.mail, Client: providers, Log: slog.New(slog.DiscardHandler), Now: time.Now,
	})
	n.do(&state.InitPlatform{Epoch: "e"})
	n.do(state.Add(state.KindCompany, "acme", "", state.CompanySpec{Name: "ACME", EmailDomain: "acme.example"}))
	n.do(state.Add(state.KindCompany, "rival", "", state.CompanySpec{Name: "Rival"}))
	return n
}

func (n *network) do(c state.Command) any {
	n.t.Helper()
	r, err := n.store.ProposeOn(n.t.Context(), c, state.Terms{})
	if err != nil {
		n.t.Fatal(err)
	}
	return r.Value
}

// person makes a user of acme; the hash of a password is made once.
func (n *network) person(id, role string) state.User {
	n.t.Helper()
	c := state.Add(state.KindUser, id, "acme", state.UserSpec{Name: id, Email: id + "@acme.example", Role: role})
	c.Secret = secret(map[string]any{"password": goodHash(n.t)})
	u, ok := n.do(c).(state.User)
	if !ok {
		n.t.Fatal("no user")
	}
	return u
}

var goodHash = func() func(testing.TB) string {
	var once sync.Once
	var hash string
	var err error
	return func(t testing.TB) string {
		once.Do(func() { hash, err = password.New(1).Hash(context.Background(), good) })
		if err != nil {
			t.Fatal(err)
		}
		return hash
	}
}()

func (n *network) view() *state.View { return n.store.state.View() }

func (n *network) user(id string) state.User {
	u, _ := state.Get[state.User](n.view(), id)
	return u
}

// alive tells whether a token is good now.
func (n *network) alive(o Opened) bool {
	_, ok := n.Find(n.view(), o.Token.Text(), time.Now())
	return ok
}

// call is one that succeeds, if the token is good.
func (n *network) call(o Opened) bool {
	n.t.Helper()
	s, ok := n.Find(n.view(), o.Token.Text(), time.Now())
	if !ok {
		return false
	}
	if err := n.Used(n.t.Context(), s, time.Now()); err != nil {
		n.t.Fatal(err)
	}
	return true
}

// in signs somebody in by password.
func (n *network) in(email, typed string) (Opened, error) {
	n.t.Helper()
	return n.ByPassword(n.t.Context(), Credentials{Company: "acme", Email: email, Password: typed, Address: "192.0.2.1"})
}

// open signs somebody in for a scope, whatever the password.
func (n *network) session(user string, scope Scope) Opened {
	n.t.Helper()
	o, err := n.open(n.t.Context(), n.user(user), scope)
	if err != nil {
		n.t.Fatal(err)
	}
	return o
}

// elects another leader, who knows what the state has.
func (n *network) elect() {
	n.store.mu.Lock()
	n.store.term++
	n.store.mu.Unlock()
	n.Signin = New(n.cfg)
}

// mailbox takes letters.
type mailbox struct {
	mu    sync.Mutex
	links []Link
}

func (m *mailbox) SendLink(_ context.Context, l Link) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.links = append(m.links, l)
	return nil
}

func refused(t *testing.T, name string, err error) {
	t.Helper()
	if !errors.Is(err, ErrRefused) {
		t.Errorf("%s: %v", name, err)
	}
}
