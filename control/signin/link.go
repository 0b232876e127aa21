package signin

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"time"

	"github.com/meridian-video/meridian/control/password"
	"github.com/meridian-video/meridian/control/state"
)

// Letters sends people the links that they asked for.
type Letters interface {
	// SendLink queues a letter; it must not wait for a mail server.
	SendLink(ctx context.Context, l Link) error
}

// Link lets somebody choose a password, once. It is a secret. Of several, only the newest works.
type Link struct {
	User    state.User
	Company state.Company
	Token   Token
	URL     string // of the page where the password is typed
	Ends    time.Time
	First   bool // for a first password, not for a forgotten one
}

// How long a link works.
const (
	FirstFor  = 24 * time.Hour
	ForgotFor = time.Hour
)

// PagePassword is where a password is chosen. The token follows as the fragment, which browsers send nowhere.
const PagePassword = "/admin/password"

// PasswordLink makes a user's link and forgets the one before. host is named in the URL where the company has no
// host name of its own. The error is ErrRefused for who cannot sign in by password, or the store's.
func (s *Signin) PasswordLink(ctx context.Context, company, user, host string, first bool, by string) (Link, error) {
	v, err := s.cfg.Store.Linearizable(ctx)
	if err != nil {
		return Link{}, err
	}
	of, _ := state.Get[state.Company](v, company)
	u, ok := state.GetOwned[state.User](v, company, user)
	if !ok || u.Inactive || elsewhere(of, u) {
		return Link{}, ErrRefused
	}
	l := Link{User: u, Company: of, Token: newToken(kindLink, u.ID), Ends: s.cfg.Now().Add(ForgotFor), First: first}
	if first {
		l.Ends = s.cfg.Now().Add(FirstFor)
	}
	if own := v.HostOf(of); own != "" {
		host = own
	}
	l.URL = (&url.URL{Scheme: "https", Host: host, Path: PagePassword, Fragment: l.Token.Text()}).String()
	set := state.Set(state.KindUser, u.ID, u.Company, struct{}{})
	set.Secret = secret(map[string]any{"link": l.Token.hash(), "link_ends": l.Ends.UTC()})
	_, err = s.cfg.Store.ProposeOn(ctx, set, state.Terms{By: by})
	return l, err
}

// redeemTries is how often a link is tried again while the user is changed by others.
const redeemTries = 4

// Redeem sets the password of the link's user, ends the link and all sessions of theirs. Of several at a time one
// wins. The error is ErrRefused for a link that is over, used or nobody's, password.ErrLength, *Paused, or the
// store's.
func (s *Signin) Redeem(ctx context.Context, text, chosen, address string) error {
	if len(chosen) < password.MinLength || len(chosen) > password.MaxLength {
		return password.ErrLength // first: the link is still good
	}
	paid, err := s.take(Try{Address: address, Account: "link"})
	if err != nil {
		return err
	}
	u, err := s.redeem(ctx, text, chosen)
	if s.settle(paid, err); err == nil {
		s.know(Try{Address: address, Company: u.Company, Account: strings.ToLower(u.Email)})
	}
	return err
}

func (s *Signin) redeem(ctx context.Context, text, chosen string) (u state.User, err error) {
	for range redeemTries {
		var v *state.View
		if v, err = s.cfg.Store.Linearizable(ctx); err != nil {
			return u, err
		}
		var ok bool
		if u, ok = s.linked(v, text); !ok {
			return u, ErrRefused
		}
		err = s.setPassword(ctx, u, chosen)
		if d, isDomain := errors.AsType[*state.Error](err); !isDomain || d.Code != state.CodeStale {
			return u, err
		}
	}
	return u, err
}

// linked is the user of a link that works.
func (s *Signin) linked(v *state.View, text string) (state.User, bool) {
	t, ok := parseToken(kindLink, text)
	if !ok {
		return state.User{}, false
	}
	u, _ := state.Get[state.User](v, t.id)
	if u.Secret == nil {
		u.Secret = &state.UserSecret{}
	}
	good := t.is(u.Secret.Link)
	if !good || u.Secret.LinkEnds == nil || s.cfg.Now().After(*u.Secret.LinkEnds) || u.Inactive {
		return state.User{}, false
	}
	of, _ := state.Get[state.Company](v, u.Company)
	return u, !elsewhere(of, u)
}

// asking is somebody who has forgotten a password.
type asking struct {
	company, email, host string
}

// maxAsked bounds those who wait; more are not served.
const maxAsked = 64

// perAsked is how many letters of ours a person can be made to get by strangers.
var perAsked = rate{3, 20 * time.Minute}

// Forgot has a link sent to an address, if it is somebody's. It tells nobody whether it is: all is done later, by
// Run. The error is *Paused.
func (s *Signin) Forgot(company, email, host, address string) error {
	s.mu.Lock()
	wait := s.tries.ask(address, s.cfg.Now())
	s.mu.Unlock()
	if wait > 0 {
		return &Paused{wait}
	}
	select {
	case s.asked <- asking{company: company, email: strings.ToLower(email), host: host}:
	default:
		s.cfg.Log.Warn("too many ask for passwords: one is not sent a link")
	}
	return nil
}

// answer sends the link that somebody asked for.
func (s *Signin) answer(ctx context.Context, a asking) error {
	ctx, cancel := context.WithTimeout(ctx, writeDeadline)
	defer cancel()
	v, err := s.cfg.Store.Linearizable(ctx)
	if err != nil {
		return err
	}
	of, _ := Company(v, a.company)
	u, ok := state.Find[state.User](v, "email", of.ID, a.email)
	s.mu.Lock()
	often := !s.tries.send(of.ID, a.email, s.cfg.Now())
	s.mu.Unlock()
	if !ok || often || s.cfg.Letters == nil {
		return nil
	}
	l, err := s.PasswordLink(ctx, of.ID, u.ID, a.host, false, "user:"+u.ID)
	switch {
	case errors.Is(err, ErrRefused):
		return nil
	case err != nil:
		return err
	}
	return s.cfg.Letters.SendLink(ctx, l)
}

// Run sends links and forgets sessions that are over, until ctx ends.
func (s *Signin) Run(ctx context.Context) {
	t := time.NewTicker(time.Minute)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
			s.uses.forget(s.cfg.Now())
		case a := <-s.asked:
			if err := s.answer(ctx, a); err != nil {
				s.cfg.Log.Warn("somebody is not sent the link they asked for", "err", err)
			}
		}
	}
}
