package signin

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/meridian-video/meridian/control/state"
)

// flowFor is how long somebody may take at the provider.
const flowFor = 10 * time.Minute

// maxCode bounds what the provider's answer may have of code and state, in bytes.
const maxCode = 2048

// flow is one way to the provider and back. The browser keeps it sealed, so that no node need remember it, and so
// that nobody can end in another browser what they began in theirs.
type flow struct {
	Company  string    `json:"company"`
	Redirect string    `json:"redirect"` // URI of the answer
	To       string    `json:"to"`       // path to go on with
	State    string    `json:"state"`
	Nonce    string    `json:"nonce"`
	Verifier string    `json:"verifier"` // PKCE (RFC 7636)
	Ends     time.Time `json:"ends"`
}

// Departure sends a browser to a company's provider.
type Departure struct {
	URL    string
	Sealed []byte // to be kept by the browser until it is back
	Ends   time.Time
}

// Arrival is what a browser brings back from the provider (RFC 6749 section 4.1.2, RFC 9207).
type Arrival struct {
	Sealed              []byte
	State, Code, Issuer string
}

// Depart begins to sign somebody in at their company's provider. redirect is the URI to which the provider sends
// them back, to the path with which they go on then. The error is ErrRefused for a company without a provider.
func (s *Signin) Depart(ctx context.Context, company, redirect, to string) (Departure, error) {
	v, err := s.cfg.Store.Linearizable(ctx)
	if err != nil {
		return Departure{}, err
	}
	of, _ := Company(v, company)
	p, err := s.provider(ctx, of, redirect)
	if err != nil {
		return Departure{}, err
	}
	f := flow{
		Company: of.ID, Redirect: redirect, To: to, State: rand.Text(), Nonce: rand.Text(), Verifier: oauth2.GenerateVerifier(),
		Ends: s.cfg.Now().Add(flowFor),
	}
	text, err := json.Marshal(f)
	if err != nil {
		return Departure{}, err
	}
	return Departure{
		URL:    p.config.AuthCodeURL(f.State, oidc.Nonce(f.Nonce), oauth2.S256ChallengeOption(f.Verifier)),
		Sealed: s.cfg.Seal.Seal(text, "signin", "openid"), Ends: f.Ends,
	}, nil
}

// Arrive lets in who comes back, and gives the path to go on with. The error is ErrRefused, *Paused, or the
// store's; the path holds with it as long as the flow was ours.
func (s *Signin) Arrive(ctx context.Context, a Arrival, address string) (o Opened, to string, err error) {
	f, err := s.flow(a)
	if err != nil {
		return Opened{}, "", err
	}
	if err := s.shut(address); err != nil {
		return Opened{}, f.To, err
	}
	o, err = s.arrive(ctx, f, a)
	if errors.Is(err, ErrRefused) {
		s.missed(address)
	}
	return o, f.To, err
}

// flow opens what the browser kept, if the answer is its.
func (s *Signin) flow(a Arrival) (flow, error) {
	var f flow
	text, err := s.cfg.Seal.Open(a.Sealed, "signin", "openid")
	if err != nil || json.Unmarshal(text, &f) != nil {
		return flow{}, ErrRefused
	}
	if f.State == "" || subtle.ConstantTimeCompare([]byte(f.State), []byte(a.State)) != 1 || s.cfg.Now().After(f.Ends) || len(a.Code) > maxCode {
		return flow{}, ErrRefused
	}
	return f, nil
}

func (s *Signin) arrive(ctx context.Context, f flow, a Arrival) (Opened, error) {
	v, err := s.cfg.Store.Linearizable(ctx)
	if err != nil {
		return Opened{}, err
	}
	of, _ := state.Get[state.Company](v, f.Company)
	p, err := s.provider(ctx, of, f.Redirect)
	if err != nil {
		return Opened{}, err
	}
	if a.Code == "" || a.Issuer != "" && a.Issuer != of.OpenID.Issuer { // another provider's answer
		return Opened{}, ErrRefused
	}
	who, err := s.exchange(ctx, p, f, a.Code)
	if err != nil {
		s.cfg.Log.Warn("nobody is signed in by a provider's answer", "company", of.ID, "err", err)
		return Opened{}, ErrRefused
	}
	u, err := s.match(ctx, v, of, who)
	if err != nil {
		return Opened{}, err
	}
	return s.open(ctx, u, Native)
}

// claims are what we read of an ID token (OpenID Connect Core, section 5.1).
type claims struct {
	Subject  string `json:"sub"`
	Email    string `json:"email"`
	Verified any    `json:"email_verified"` // some providers write a string
}

// exchange gives the code for an ID token and checks it: signature, issuer, audience, times and nonce (OpenID
// Connect Core, section 3.1.3.7).
func (s *Signin) exchange(ctx context.Context, p provider, f flow, code string) (claims, error) {
	ctx = oidc.ClientContext(ctx, s.cfg.Client)
	answer, err := p.config.Exchange(ctx, code, oauth2.VerifierOption(f.Verifier))
	if err != nil {
		if _, answered := errors.AsType[*oauth2.RetrieveError](err); answered {
			err = errors.New("the provider refuses the code") // its answer may hold secrets
		}
		return claims{}, fmt.Errorf("exchange code: %w", err)
	}
	raw, ok := answer.Extra("id_token").(string)
	if !ok {
		return claims{}, errors.New("the answer has no ID token")
	}
	token, err := p.VerifierContext(ctx, &oidc.Config{ClientID: p.config.ClientID, Now: s.cfg.Now}).Verify(ctx, raw)
	if err != nil {
		return claims{}, fmt.Errorf("ID token: %w", err)
	}
	if subtle.ConstantTimeCompare([]byte(token.Nonce), []byte(f.Nonce)) != 1 {
		return claims{}, errors.New("ID token: not for this flow")
	}
	var c claims
	if err := token.Claims(&c); err != nil || c.Email != "" {
		return c, err
	}
	err = told(ctx, p, answer, &c)
	return c, err
}

// told asks for what the ID token does not say: with an access token at hand, providers may leave it to the
// UserInfo endpoint (OpenID Connect Core, sections 5.3.2 and 5.4).
func told(ctx context.Context, p provider, answer *oauth2.Token, c *claims) error {
	if p.UserInfoEndpoint() == "" {
		return nil
	}
	info, err := p.UserInfo(ctx, oauth2.StaticTokenSource(answer))
	if err != nil {
		return errors.New("the provider tells nothing of the user") // its answer may hold secrets
	}
	if info.Subject != c.Subject {
		return errors.New("the provider tells of another user")
	}
	return info.Claims(c)
}

// match finds the user: by the subject, then by a verified address of the company's own e-mail domain, which binds
// the subject to the user for good. A reseller's administrator is not found: the company chooses the provider.
func (s *Signin) match(ctx context.Context, v *state.View, of state.Company, who claims) (state.User, error) {
	u, found := state.Find[state.User](v, "openid", of.ID, who.Subject)
	if !found {
		email := strings.ToLower(who.Email)
		_, domain, _ := strings.Cut(email, "@")
		if verified := who.Verified == true || who.Verified == "true"; !verified || domain == "" || domain != strings.ToLower(of.EmailDomain) {
			return u, ErrRefused
		}
		if u, found = state.Find[state.User](v, "email", of.ID, email); u.OpenIDSubject != "" {
			return u, ErrRefused
		}
	}
	if !found || who.Subject == "" || u.Inactive || u.Role == state.RoleReseller {
		return u, ErrRefused
	}
	if u.OpenIDSubject == who.Subject {
		return u, nil
	}
	bind := state.Set(state.KindUser, u.ID, u.Company, map[string]string{"openid_subject": who.Subject})
	_, err := s.cfg.Store.ProposeOn(ctx, bind, state.Terms{By: "user:" + u.ID, If: u.Version})
	if _, refused := errors.AsType[*state.Error](err); refused {
		return u, ErrRefused // somebody was quicker
	}
	return u, err
}
