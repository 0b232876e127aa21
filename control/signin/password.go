package signin

import (
	"context"
	"errors"
	"strings"

	"github.com/meridian-video/meridian/control/password"
	"github.com/meridian-video/meridian/control/state"
)

// Credentials are what a person types.
type Credentials struct {
	Company  string // id or host name
	Email    string
	Password string
	Address  string // of the client, as Try has it
}

// ByPassword lets a person in. The error is ErrRefused or *Paused, or the store's.
//
// Who is not there takes as long as who is: every try that is charged costs one hash.
func (s *Signin) ByPassword(ctx context.Context, c Credentials) (Opened, error) {
	if err := s.shut(c.Address); err != nil {
		return Opened{}, err
	}
	v, err := s.cfg.Store.Linearizable(ctx)
	if err != nil {
		return Opened{}, err
	}
	of, _ := Company(v, c.Company)
	email := strings.ToLower(c.Email)
	paid, err := s.take(Try{Address: c.Address, Company: of.ID, Account: email})
	if err != nil {
		return Opened{}, err
	}
	u, err := s.check(ctx, v, of, email, c.Password)
	var out Opened
	if err == nil {
		out, err = s.open(ctx, u, Native)
	}
	s.settle(paid, err)
	return out, err
}

// check finds the user whose address and password they are.
func (s *Signin) check(ctx context.Context, v *state.View, of state.Company, email, typed string) (state.User, error) {
	u, _ := state.Find[state.User](v, "email", of.ID, email)
	ok, err := s.verify(ctx, u, typed)
	switch {
	case err != nil:
		return u, err
	case !ok, u.Inactive, elsewhere(of, u):
		return u, ErrRefused
	}
	return u, nil
}

// verify compares a password with the user's; a user without one, or none at all, takes as long.
func (s *Signin) verify(ctx context.Context, u state.User, typed string) (bool, error) {
	hash := ""
	if u.Secret != nil {
		hash = u.Secret.Password
	}
	ok, err := s.cfg.Passwords.Verify(ctx, hash, typed)
	if errors.Is(err, password.ErrHash) {
		s.cfg.Log.Error("a password's hash of the state cannot be read", "user", u.ID, "err", err)
		return s.cfg.Passwords.Verify(ctx, "", typed)
	}
	return ok, err
}

// elsewhere tells whether the user signs in at the company's provider alone. Administrators may use their
// passwords all the same: a provider that is set wrong must not shut out who can set it right.
func elsewhere(of state.Company, u state.User) bool {
	return of.OpenID != nil && of.OpenID.Enabled && u.Role == state.RoleHost
}

// ChangePassword sets a new one for who knows the old one, and ends all sessions of theirs. The error is
// ErrRefused for a wrong old one, password.ErrLength for a new one, *Paused, or the store's.
func (s *Signin) ChangePassword(ctx context.Context, by Session, address, typed, chosen string) error {
	if by.Scope == SSO {
		return ErrRefused // who came by their company's key never proved to be the person
	}
	v, err := s.cfg.Store.Linearizable(ctx)
	if err != nil {
		return err
	}
	u, ok := state.GetOwned[state.User](v, by.Company, by.User.ID)
	if !ok {
		return ErrRefused
	}
	paid, err := s.take(Try{Address: address, Company: u.Company, Account: strings.ToLower(u.Email)})
	if err != nil {
		return err
	}
	good, err := s.verify(ctx, u, typed)
	if err == nil && !good {
		err = ErrRefused
	}
	s.settle(paid, err)
	if err != nil {
		return err
	}
	return s.setPassword(ctx, u, chosen)
}

// setPassword also ends the open link and all sessions: whoever had them may be why it is changed.
func (s *Signin) setPassword(ctx context.Context, u state.User, chosen string) error {
	hash, err := s.cfg.Passwords.Hash(ctx, chosen)
	if err != nil {
		return err
	}
	set := state.Set(state.KindUser, u.ID, u.Company, struct{}{})
	set.Secret = secret(map[string]any{"password": hash, "link": nil, "link_ends": nil})
	_, err = s.cfg.Store.ProposeOn(ctx, &state.Batch{Commands: []state.Command{
		set, &state.CloseSession{Company: u.Company, User: u.ID},
	}}, state.Terms{By: "user:" + u.ID, If: u.Version})
	return err
}
