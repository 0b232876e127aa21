package api_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/meridian-video/meridian/control/state"
)

const goodPassword = "correct horse battery"

// user makes a user of a company.
func (p *platform) user(company, email, role string) state.User {
	p.t.Helper()
	var u state.User
	p.root.want(201, "POST", "/api/v1/companies/"+company+"/users", m{"name": email, "email": email, "role": role, "password": goodPassword}, &u)
	return u
}

// signedIn is a user in a session.
func (p *platform) signedIn(company, email string) caller {
	p.t.Helper()
	var s struct{ Token string }
	caller{p: p}.want(201, "POST", "/api/v1/sessions", m{"company": company, "email": email, "password": goodPassword}, &s)
	return caller{p: p, key: s.Token}
}

func TestSigningIn(t *testing.T) {
	p := newPlatform(t)
	p.company("acme")
	p.company("rival")
	p.root.want(201, "POST", "/api/v1/companies/acme/domains", m{"fqdn": "meet.acme.example"}, nil)
	ada := p.user("acme", "ada@acme.example", "COMPANY_ADMIN")
	var in struct {
		Token     string
		ExpiresAt time.Time `json:"expires_at"`
		User      struct{ ID, Role, Company, Email string }
	}
	w := caller{p: p}.want(201, "POST", "/api/v1/sessions", m{"company": "acme", "email": "ADA@acme.example", "password": goodPassword}, &in)
	if !strings.HasPrefix(in.Token, "mrs_") || in.User.ID != ada.ID || in.User.Company != "acme" || time.Until(in.ExpiresAt) < 11*time.Hour {
		t.Fatalf("%+v", in)
	}
	if w.Header().Get("Set-Cookie") != "" || w.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("%v", w.Header())
	}
	session := caller{p: p, key: in.Token}
	var me struct {
		User        struct{ ID string }
		Role, Reach string
		Company     struct{ ID, Name string }
		Permissions []string
	}
	session.want(200, "GET", "/api/v1/me", nil, &me)
	if me.User.ID != ada.ID || me.Role != "COMPANY_ADMIN" || me.Reach != "company" || me.Company.ID != "acme" ||
		!slices.Contains(me.Permissions, "rooms:write") || slices.Contains(me.Permissions, "cluster:read") || slices.Contains(me.Permissions, "platform:write") {
		t.Errorf("%+v", me)
	}
	session.want(200, "GET", "/api/v1/companies/acme/rooms", nil, nil)
	session.want(404, "GET", "/api/v1/companies/rival/rooms", nil, nil)
	session.want(204, "DELETE", "/api/v1/sessions/current", nil, nil)
	session.refused(401, "unauthorized", "", "GET", "/api/v1/me", nil)
	if strings.Contains(p.log.String(), in.Token) || strings.Contains(p.snapshot(), strings.SplitN(in.Token, "_", 3)[2]) {
		t.Error("the token is in the log or the state")
	}
}

// Whatever is wrong, the answer is one.
func TestWhoIsNotLetInHearsOneAnswer(t *testing.T) {
	p := newPlatform(t)
	p.company("acme")
	p.company("rival")
	p.user("acme", "ada@acme.example", "COMPANY_ADMIN")
	gone := p.user("acme", "gone@acme.example", "HOST")
	p.root.want(200, "PATCH", "/api/v1/companies/acme/users/"+gone.ID, m{"inactive": true}, nil)
	p.root.want(201, "POST", "/api/v1/companies/acme/users", m{"name": "No password", "email": "none@acme.example"}, nil)
	var first *httptest.ResponseRecorder
	for name, body := range map[string]m{
		"wrong password":   {"company": "acme", "email": "ada@acme.example", "password": "wrong horse battery"},
		"nobody":           {"company": "acme", "email": "bob@acme.example", "password": goodPassword},
		"another company":  {"company": "rival", "email": "ada@acme.example", "password": goodPassword},
		"no company":       {"company": "nothing", "email": "ada@acme.example", "password": goodPassword},
		"no company named": {"email": "ada@acme.example", "password": goodPassword},
		"inactive":         {"company": "acme", "email": "gone@acme.example", "password": goodPassword},
		"without password": {"company": "acme", "email": "none@acme.example", "password": goodPassword},
	} {
		w := caller{p: p}.from(name).do("POST", "/api/v1/sessions", body)
		if w.Code != 401 {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
		if first == nil {
			first = w
		}
		same(t, name, first, w)
	}
}

func TestCompanyIsFoundByTheHostThatIsCalled(t *testing.T) {
	p := newPlatform(t)
	p.company("acme")
	p.root.want(201, "POST", "/api/v1/companies/acme/domains", m{"fqdn": "meet.acme.example"}, nil)
	p.user("acme", "ada@acme.example", "COMPANY_ADMIN")
	body := m{"email": "ada@acme.example", "password": goodPassword}
	caller{p: p}.want(201, "POST", "http://meet.acme.example/api/v1/sessions", body, nil)
	caller{p: p}.want(401, "POST", "http://meet.rival.example/api/v1/sessions", body, nil)
}

func TestThePageGetsACookieThatOnlyItsOwnPagesUse(t *testing.T) {
	p := newPlatform(t)
	p.company("acme")
	p.user("acme", "ada@acme.example", "COMPANY_ADMIN")
	send := func(method, path, body string, header ...string) *httptest.ResponseRecorder {
		r := httptest.NewRequestWithContext(t.Context(), method, "https://meet.acme.example"+path, strings.NewReader(body))
		for i := 0; i < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		return caller{p: p}.send(r)
	}
	credentials, err := json.Marshal(m{"company": "acme", "email": "ada@acme.example", "password": goodPassword})
	if err != nil {
		t.Fatal(err)
	}
	if w := send("POST", "/api/v1/sessions", string(credentials), "Content-Type", "application/json", "Meridian-Cookie", "1", "Sec-Fetch-Site", "cross-site"); w.Code != 403 {
		t.Fatalf("another site signs somebody in: %d %s", w.Code, w.Body)
	}
	w := send("POST", "/api/v1/sessions", string(credentials), "Content-Type", "application/json", "Meridian-Cookie", "1", "Sec-Fetch-Site", "same-origin")
	cookies := w.Result().Cookies()
	if w.Code != 201 || len(cookies) != 1 || strings.Contains(w.Body.String(), "mrs_") {
		t.Fatalf("%d %v %s", w.Code, w.Header(), w.Body)
	}
	c := cookies[0]
	if c.Name != "__Host-meridian" || !c.Secure || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" {
		t.Errorf("%v", c)
	}
	with := c.Name + "=" + c.Value
	for _, call := range []struct {
		name, method, site, origin string
		status                     int
	}{
		{"read by the page", "GET", "same-origin", "", 200},
		{"written by the page", "POST", "same-origin", "", 201},
		{"written by the page of an old browser", "POST", "", "https://meet.acme.example", 201},
		{"written by another site", "POST", "cross-site", "", 403},
		{"written by a sister host", "POST", "same-site", "", 403},
		{"written from another origin", "POST", "", "https://evil.example", 403},
	} {
		header := []string{"Cookie", with, "Content-Type", "application/json"}
		if call.site != "" {
			header = append(header, "Sec-Fetch-Site", call.site)
		}
		if call.origin != "" {
			header = append(header, "Origin", call.origin)
		}
		if w := send(call.method, "/api/v1/companies/acme/rooms", "{}", header...); w.Code != call.status {
			t.Errorf("%s: %d, want %d: %s", call.name, w.Code, call.status, w.Body)
		}
	}
	w = send("DELETE", "/api/v1/sessions/current", "", "Cookie", with, "Sec-Fetch-Site", "same-origin")
	if cookies = w.Result().Cookies(); w.Code != 204 || len(cookies) != 1 || cookies[0].MaxAge >= 0 {
		t.Errorf("%d %v", w.Code, w.Header())
	}
	if w := send("GET", "/api/v1/me", "", "Cookie", with); w.Code != 401 {
		t.Errorf("the cookie lives on: %d", w.Code)
	}
}

func TestMeOfAnAPIKey(t *testing.T) {
	p := newPlatform(t)
	p.company("acme")
	narrow := p.root.keyOf("/companies/acme", m{"name": "booking", "scopes": []string{"rooms:write"}})
	var me struct {
		User        *struct{}
		Key         struct{ ID, Name string }
		Reach       string
		Permissions []string
	}
	narrow.want(200, "GET", "/api/v1/me", nil, &me)
	if me.User != nil || me.Key.Name != "booking" || me.Reach != "company" || !slices.Equal(me.Permissions, []string{"rooms:read", "rooms:write"}) {
		t.Errorf("%+v", me)
	}
	narrow.refused(404, "not_found", "", "DELETE", "/api/v1/sessions/current", nil)
}
