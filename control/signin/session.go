package signin

import (
	"context"
	"encoding/json"
	"time"

	"github.com/meridian-video/meridian/control/state"
)

// Scope is what a session is for. It is written to the state.
type Scope string

const (
	// Native sessions call the native API.
	Native Scope = "native"
	// SSO sessions were opened by a login key: the person is who the company says, and has proved nothing to us.
	SSO Scope = "sso"
	// Callbridge sessions are auth_tokens of that facade; the native API does not take them.
	Callbridge Scope = "callbridge"
)

// idle is how long a session lives without a call that succeeds.
var idle = map[Scope]time.Duration{Native: 12 * time.Hour, SSO: 12 * time.Hour, Callbridge: 300 * time.Second}

// longestLife ends a session however often it is used.
const longestLife = 7 * 24 * time.Hour

// Session is a user signed in, as the state has both at the moment of a call.
type Session struct {
	ID      string
	Company string
	Scope   Scope
	User    state.User
	Ends    time.Time // unless it is used again
	stored  state.AuthSession
}

// Opened is a new session with its token, which nobody is told again.
type Opened struct {
	Session
	Token Token
}

// open signs a user in.
func (s *Signin) open(ctx context.Context, u state.User, scope Scope) (Opened, error) {
	t := newToken(kindSession, newID())
	r, err := s.cfg.Store.ProposeOn(ctx, &state.OpenSession{
		ID: t.id, Company: u.Company, User: u.ID, Scope: string(scope), TokenHash: t.hash(), IdleSeconds: int(idle[scope] / time.Second),
	}, state.Terms{By: "user:" + u.ID})
	if err != nil {
		return Opened{}, err
	}
	stored, ok := r.Value.(state.AuthSession)
	if !ok {
		return Opened{}, ErrRefused
	}
	s.uses.opened(stored, s.term())
	return Opened{Session{ID: t.id, Company: u.Company, Scope: scope, User: u, Ends: endOf(stored, stored.LastSuccess), stored: stored}, t}, nil
}

// Find gives the session of a token, if it is alive and its user may still sign in: what the user is allowed is
// what they are allowed now, not what they were when they signed in.
func (s *Signin) Find(v *state.View, text string, now time.Time) (Session, bool) {
	t, ok := parseToken(kindSession, text)
	if !ok {
		return Session{}, false
	}
	stored, found := state.Get[state.AuthSession](v, t.id)
	if !t.is(stored.TokenHash) || !found {
		return Session{}, false
	}
	last, ends := s.uses.last(stored, s.term())
	if now.After(ends) {
		return Session{}, false
	}
	u, ok := state.GetOwned[state.User](v, stored.Company, stored.User)
	if !ok || u.Inactive {
		return Session{}, false
	}
	return Session{ID: t.id, Company: stored.Company, Scope: Scope(stored.Scope), User: u, Ends: endOf(stored, last), stored: stored}, true
}

// endOf is when a session ends that was used last at the given time.
func endOf(s state.AuthSession, last time.Time) time.Time {
	ends := last.Add(time.Duration(s.IdleSeconds) * time.Second)
	if latest := s.CreatedAt.Add(longestLife); ends.After(latest) {
		return latest
	}
	return ends
}

// Used notes that a call of the session succeeded. Once in 30 s of a session's it returns only when that is in
// the log: a caller who has the answer may count on it, whoever leads next.
func (s *Signin) Used(ctx context.Context, of Session, now time.Time) error {
	return s.uses.note(ctx, s.cfg.Store, of.stored, s.term(), now)
}

// Close signs out of one session.
func (s *Signin) Close(ctx context.Context, of Session) error {
	_, err := s.cfg.Store.ProposeOn(ctx, &state.CloseSession{Company: of.Company, ID: of.ID}, state.Terms{By: "user:" + of.User.ID})
	return err
}

// term is that of the lead; 0 where the store does not say.
func (s *Signin) term() uint64 {
	if t, ok := s.cfg.Store.(terms); ok {
		return t.Term()
	}
	return 0
}

// secret is a merge patch of what the state keeps hashed.
func secret(m map[string]any) json.RawMessage {
	b, err := json.Marshal(m)
	if err != nil {
		return json.RawMessage("null") // texts, bytes and times encode
	}
	return b
}
