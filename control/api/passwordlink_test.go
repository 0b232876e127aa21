package api_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/meridian-video/meridian/control/api"
	"github.com/meridian-video/meridian/control/signin"
	"github.com/meridian-video/meridian/control/token"
)

// letters hands links over.
type letters chan signin.Link

func (l letters) SendLink(_ context.Context, link signin.Link) error {
	l <- link
	return nil
}

// CB-A19 by the native routes.
func TestLinksSetPasswords(t *testing.T) {
	p := newPlatform(t)
	acme := p.company("acme")
	u := p.user("acme", "ada@acme.example", "COMPANY_ADMIN")
	var link struct {
		URL       string
		ExpiresAt time.Time `json:"expires_at"`
	}
	acme.want(201, "POST", "/api/v1/companies/acme/users/"+u.ID+"/password-links", m{}, &link)
	page, secret, _ := strings.Cut(link.URL, "#")
	if page != "https://example.com/admin/password" || !strings.HasPrefix(secret, "mrl_") || time.Until(link.ExpiresAt) < 23*time.Hour {
		t.Fatalf("%+v", link)
	}
	nobody := caller{p: p}
	nobody.refused(422, "validation_failed", "password", "POST", "/api/v1/password-links/redeem", m{"token": secret, "password": "short"})
	nobody.want(204, "POST", "/api/v1/password-links/redeem", m{"token": secret, "password": "staple of the battery"}, nil)
	nobody.refused(422, "validation_failed", "token", "POST", "/api/v1/password-links/redeem", m{"token": secret, "password": goodPassword})
	var in struct{ Token string }
	nobody.want(201, "POST", "/api/v1/sessions", m{"company": "acme", "email": u.Email, "password": "staple of the battery"}, &in)
	session := caller{p: p, key: in.Token}
	session.refused(422, "validation_failed", "password", "POST", "/api/v1/me/password", m{"password": goodPassword, "new_password": goodPassword})
	session.want(204, "POST", "/api/v1/me/password", m{"password": "staple of the battery", "new_password": goodPassword}, nil)
	session.refused(401, "unauthorized", "", "GET", "/api/v1/me", nil)
	acme.refused(403, "forbidden", "", "POST", "/api/v1/me/password", m{"password": goodPassword, "new_password": goodPassword})
	if strings.Contains(p.log.String(), secret) || strings.Contains(p.snapshot(), strings.SplitN(secret, "_", 3)[2]) {
		t.Error("the link is in the log or the state")
	}
	acme.want(201, "POST", "/api/v1/companies/acme/users/"+u.ID+"/password-links", m{}, &link)
	_, secret, _ = strings.Cut(link.URL, "#")
	acme.want(200, "PATCH", "/api/v1/companies/acme/users/"+u.ID, m{"email": "ada.l@acme.example"}, nil)
	nobody.refused(422, "validation_failed", "token", "POST", "/api/v1/password-links/redeem", m{"token": secret, "password": goodPassword})
}

func TestWhoAsksIsSentALink(t *testing.T) {
	p := newPlatform(t)
	p.company("acme")
	u := p.user("acme", "ada@acme.example", "HOST")
	sent := make(letters, 1)
	a, err := api.New(api.Config{Store: p.store, Tokens: token.NewSigner("kid1", p.signer), Seal: sealer(t), Letters: sent})
	if err != nil {
		t.Fatal(err)
	}
	p.handler = a
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() { a.Run(ctx) })
	defer func() { cancel(); wg.Wait() }()
	there := caller{p: p}.want(202, "POST", "/api/v1/password-links", m{"company": "acme", "email": u.Email}, nil)
	absent := caller{p: p}.want(202, "POST", "/api/v1/password-links", m{"company": "acme", "email": "nobody@acme.example"}, nil)
	same(t, "an address that is nobody's", there, absent)
	select {
	case l := <-sent:
		if l.User.ID != u.ID || l.First {
			t.Errorf("%+v", l)
		}
		caller{p: p}.want(204, "POST", "/api/v1/password-links/redeem", m{"token": l.Token.Text(), "password": "staple of the battery"}, nil)
	case <-t.Context().Done():
	}
}

func TestLoginKeysOpenSessions(t *testing.T) {
	p := newPlatform(t)
	acme := p.company("acme")
	u := p.user("acme", "ada@acme.example", "HOST")
	of := "/api/v1/companies/acme/users/" + u.ID + "/login-keys"
	var k struct {
		LoginKey string `json:"login_key"`
	}
	acme.want(201, "POST", of, m{}, &k)
	var in struct{ Token string }
	sign := m{"company": "acme", "user": u.ID, "login_key": k.LoginKey}
	caller{p: p}.want(201, "POST", "/api/v1/sessions/login-key", sign, &in)
	session := caller{p: p, key: in.Token}
	var me struct{ SSO bool }
	if session.want(200, "GET", "/api/v1/me", nil, &me); !me.SSO {
		t.Error("the session does not say how it was opened")
	}
	session.refused(422, "validation_failed", "password", "POST", "/api/v1/me/password", m{"password": goodPassword, "new_password": goodPassword})
	acme.want(201, "POST", of, m{"end_sessions": true}, nil)
	session.refused(401, "unauthorized", "", "GET", "/api/v1/me", nil)
	caller{p: p}.refused(401, "unauthorized", "", "POST", "/api/v1/sessions/login-key", sign)
	acme.want(204, "DELETE", of, nil, nil)
	if strings.Contains(p.snapshot()+p.log.String(), strings.SplitN(k.LoginKey, "_", 3)[2]) {
		t.Error("the key is in the log or the state")
	}
}
