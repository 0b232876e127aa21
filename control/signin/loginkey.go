package signin

import (
	"context"
	"strconv"

	"github.com/meridian-video/meridian/control/state"
)

// NewLoginKey makes the key by which a company's server signs a user in, in place of the one before. The command
// makes it known; the key itself is shown once.
func NewLoginKey(u state.User) (key Token, command *state.Update) {
	key = newToken(kindLoginKey, u.ID)
	set := state.Set(state.KindUser, u.ID, u.Company, struct{}{})
	set.Secret = secret(map[string]any{"login_key": key.hash()})
	return key, set
}

// NoLoginKey takes a user's login key away.
func NoLoginKey(u state.User) *state.Update {
	set := state.Set(state.KindUser, u.ID, u.Company, struct{}{})
	set.Secret = secret(map[string]any{"login_key": nil})
	return set
}

// ByLoginKey lets a user in whose company's server has the key. user is an id or a number. The error is ErrRefused
// or *Paused, or the store's.
func (s *Signin) ByLoginKey(ctx context.Context, company, user, text, address string) (Opened, error) {
	if err := s.shut(address); err != nil {
		return Opened{}, err
	}
	v, err := s.cfg.Store.Linearizable(ctx)
	if err != nil {
		return Opened{}, err
	}
	of, _ := Company(v, company)
	paid, err := s.take(Try{Address: address, Company: of.ID, Account: "key of " + user})
	if err != nil {
		return Opened{}, err
	}
	out, err := s.byLoginKey(ctx, v, of, user, text)
	s.settle(paid, err)
	return out, err
}

func (s *Signin) byLoginKey(ctx context.Context, v *state.View, of state.Company, user, text string) (Opened, error) {
	key, ok := parseToken(kindLoginKey, text)
	u, _ := state.GetOwned[state.User](v, of.ID, key.id)
	var hash []byte
	if u.Secret != nil {
		hash = u.Secret.LoginKey
	}
	if !key.is(hash) || !ok || u.Inactive || user != u.ID && user != strconv.FormatUint(u.Number, 10) {
		return Opened{}, ErrRefused
	}
	return s.open(ctx, u, SSO)
}
