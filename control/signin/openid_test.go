package signin

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/zitadel/oidc/v3/example/server/exampleop"
	"github.com/zitadel/oidc/v3/example/server/storage"

	"github.com/meridian-video/meridian/control/state"
)

// A provider is run from a library that is certified as one (zitadel/oidc): what it refuses of us is wrong.

const (
	clientID     = "meridian"
	clientSecret = "s3cret of acme"
	redirect     = "https://meet.acme.example/api/v1/sessions/openid/callback"
)

// people are those whom the provider knows.
type people map[string]*storage.User

func (p people) GetUserByID(id string) *storage.User         { return p[id] }
func (p people) GetUserByUsername(name string) *storage.User { return p[name] }
func (p people) ExampleClientID() string                     { return storage.ServiceUserID }

// withProvider is a network whose company has a provider of its own.
func withProvider(t *testing.T, known people) (*network, *httptest.Server) {
	t.Helper()
	var handler atomic.Pointer[http.Handler]
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { (*handler.Load()).ServeHTTP(w, r) }))
	t.Cleanup(server.Close)
	storage.RegisterClients(storage.WebClient(clientID, clientSecret, redirect))
	h := http.Handler(exampleop.SetupServer(server.URL, storage.NewStorage(known), slog.New(slog.DiscardHandler), false))
	handler.Store(&h)
	n := newNetworkWith(t, server.Client())
	n.openid(server.URL, clientSecret)
	return n, server
}

func (n *network) openid(issuer, secretText string) {
	n.t.Helper()
	set := state.Set(state.KindCompany, "acme", "", map[string]any{"openid": map[string]any{"enabled": true, "issuer": issuer, "client_id": clientID}})
	set.Secret = secret(map[string]any{"openid": n.cfg.Seal.Seal([]byte(secretText), "company", "acme", "openid")})
	n.do(set)
}

// browser walks to the provider, signs in there, and stops where it is sent back to us.
func browser(t *testing.T, server *httptest.Server, departure, name string) url.Values {
	t.Helper()
	client := server.Client()
	client.Jar, _ = cookiejar.New(nil)
	client.CheckRedirect = func(r *http.Request, _ []*http.Request) error {
		if strings.HasPrefix(r.URL.String(), redirect) {
			return http.ErrUseLastResponse
		}
		return nil
	}
	page, err := client.Get(departure)
	if err != nil {
		t.Fatal(err)
	}
	defer page.Body.Close()
	if page.Request.URL.Path != "/login/username" {
		body, _ := io.ReadAll(page.Body)
		t.Fatalf("%s: %s", page.Request.URL, body)
	}
	back, err := client.PostForm(server.URL+"/login/username", url.Values{
		"id": {page.Request.URL.Query().Get("authRequestID")}, "username": {name}, "password": {"pw"},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer back.Body.Close()
	to, err := back.Location()
	if err != nil {
		body, _ := io.ReadAll(back.Body)
		t.Fatalf("%v: %s", err, body)
	}
	return to.Query()
}

// sso goes all the way.
func (n *network) sso(t *testing.T, server *httptest.Server, name string, change func(*Arrival)) (Opened, error) {
	t.Helper()
	d, err := n.Depart(t.Context(), "acme", redirect, "/admin")
	if err != nil {
		t.Fatal(err)
	}
	q := browser(t, server, d.URL, name)
	a := Arrival{Sealed: d.Sealed, State: q.Get("state"), Code: q.Get("code"), Issuer: q.Get("iss")}
	if change != nil {
		change(&a)
	}
	o, to, err := n.Arrive(t.Context(), a, "a")
	if err == nil && to != "/admin" {
		t.Errorf("goes on with %q", to)
	}
	return o, err
}

func at(id, email string, verified bool) *storage.User {
	return &storage.User{ID: id, Username: id, Password: "pw", Email: email, EmailVerified: verified}
}

// CB-A57.
func TestProvidersLetIn(t *testing.T) {
	n, server := withProvider(t, people{
		"sub-ada": at("sub-ada", "ada@acme.example", true), "sub-bob": at("sub-bob", "elsewhere@other.example", true),
		"sub-unsure": at("sub-unsure", "eve@acme.example", false), "sub-foreign": at("sub-foreign", "foreign@other.example", true),
		"sub-second": at("sub-second", "ada@acme.example", true), "sub-nobody": at("sub-nobody", "nobody@acme.example", true),
		"sub-boss": at("sub-boss", "boss@acme.example", true), "sub-gone": at("sub-gone", "gone@acme.example", true),
	})
	n.person("ada", state.RoleHost)
	n.person("bob", state.RoleCompany)
	n.person("eve", state.RoleCompany)
	n.person("boss", state.RoleReseller)
	n.person("gone", state.RoleHost)
	n.do(state.Set(state.KindUser, "gone", "acme", map[string]bool{"inactive": true}))
	n.do(state.Set(state.KindUser, "bob", "acme", map[string]string{"openid_subject": "sub-bob"}))
	n.do(state.Add(state.KindUser, "foreign", "acme", state.UserSpec{Name: "f", Email: "foreign@other.example"}))
	for _, c := range []struct{ name, sub, user string }{
		{"by the verified address of the company's domain", "sub-ada", "ada"},
		{"by the subject from then on", "sub-ada", "ada"},
		{"by the subject alone", "sub-bob", "bob"},
		{"an address that is not verified", "sub-unsure", ""},
		{"an address of another domain", "sub-foreign", ""},
		{"the address of who has another subject", "sub-second", ""},
		{"nobody's address", "sub-nobody", ""},
		{"a reseller's administrator", "sub-boss", ""},
		{"who is inactive", "sub-gone", ""},
	} {
		o, err := n.sso(t, server, c.sub, nil)
		switch {
		case c.user == "":
			refused(t, c.name, err)
		case err != nil || o.User.ID != c.user || o.Scope != Native || !n.alive(o):
			t.Errorf("%s: %+v %v", c.name, o, err)
		}
	}
	if n.user("ada").OpenIDSubject != "sub-ada" || n.user("eve").OpenIDSubject != "" || n.user("boss").OpenIDSubject != "" {
		t.Error("subjects are bound to the wrong people")
	}
}

func TestFlowsCannotBeSwapped(t *testing.T) {
	n, server := withProvider(t, people{"sub-ada": at("sub-ada", "ada@acme.example", true)})
	n.person("ada", state.RoleHost)
	another, err := n.Depart(t.Context(), "acme", redirect, "/admin")
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*Arrival){
		"no cookie":               func(a *Arrival) { a.Sealed = nil },
		"another browser's":       func(a *Arrival) { a.Sealed = another.Sealed },
		"changed":                 func(a *Arrival) { a.Sealed[len(a.Sealed)-1] ^= 1 },
		"another state":           func(a *Arrival) { a.State = "x" },
		"no state":                func(a *Arrival) { a.State = "" },
		"no code":                 func(a *Arrival) { a.Code = "" },
		"another code":            func(a *Arrival) { a.Code += "x" },
		"a code without an end":   func(a *Arrival) { a.Code = strings.Repeat("x", maxCode+1) },
		"another provider's word": func(a *Arrival) { a.Issuer = "https://evil.example" },
	} {
		_, err := n.sso(t, server, "sub-ada", change)
		refused(t, name, err)
	}
	var used Arrival
	if _, err := n.sso(t, server, "sub-ada", func(a *Arrival) { used = *a }); err != nil {
		t.Fatal(err)
	}
	_, _, err = n.Arrive(t.Context(), used, "a")
	refused(t, "a second time", err)
	n.cfg.Now = func() time.Time { return time.Now().Add(flowFor + time.Second) }
	_, _, err = n.Arrive(t.Context(), Arrival{Sealed: another.Sealed, State: "x"}, "a")
	refused(t, "too late", err)
}

func TestCompaniesWithoutAProviderSendNobodyAnywhere(t *testing.T) {
	n, server := withProvider(t, people{})
	depart := func(company string) error {
		_, err := n.Depart(t.Context(), company, redirect, "/admin")
		return err
	}
	refused(t, "another company", depart("rival"))
	refused(t, "no company", depart("nothing"))
	server.Close()
	n.elect()
	refused(t, "a provider that is down", depart("acme"))
	n.do(state.Set(state.KindCompany, "acme", "", map[string]any{"openid": map[string]any{"enabled": false}}))
	refused(t, "switched off", depart("acme"))
}

// forger is a provider of an attacker's making: what it answers is up to the test.
func forger(t *testing.T, info map[string]any, token func(issuer string) string) *network {
	t.Helper()
	var server *httptest.Server
	server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		answer := map[string]any{"access_token": "x", "token_type": "Bearer", "id_token": token(server.URL)}
		switch r.URL.Path {
		case "/.well-known/openid-configuration":
			answer = map[string]any{
				"issuer": server.URL, "authorization_endpoint": server.URL + "/auth", "token_endpoint": server.URL + "/token", "jwks_uri": server.URL + "/keys",
				"id_token_signing_alg_values_supported": []string{"EdDSA", "none", "HS256"}, "userinfo_endpoint": server.URL + "/userinfo",
			}
		case "/userinfo":
			answer = info
		case "/keys":
			answer = map[string]any{"keys": []any{map[string]string{
				"kty": "OKP", "crv": "Ed25519", "kid": "k", "alg": "EdDSA", "use": "sig", "x": encode(forgerKey.Public().(ed25519.PublicKey)),
			}}}
		}
		if err := json.NewEncoder(w).Encode(answer); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(server.Close)
	n := newNetworkWith(t, server.Client())
	n.openid(server.URL, clientSecret)
	n.person("ada", state.RoleHost)
	return n
}

var forgerKey = ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// One thing is wrong with each of these ID tokens.
func TestBadIDTokensLetNobodyIn(t *testing.T) {
	var nonce string
	claim := func(name string, value any) func(jwt.MapClaims) {
		return func(m jwt.MapClaims) { m[name] = value }
	}
	for _, c := range []struct {
		name   string
		change func(jwt.MapClaims)
		method jwt.SigningMethod
		key    any
		info   map[string]any // what the UserInfo endpoint says; nil = the ID token has the address
		good   bool
	}{
		{name: "good", good: true},
		{name: "another nonce", change: claim("nonce", "x")},
		{name: "no nonce", change: func(m jwt.MapClaims) { delete(m, "nonce") }},
		{name: "another audience", change: claim("aud", "other")},
		{name: "another issuer", change: claim("iss", "https://evil.example")},
		{name: "over", change: claim("exp", 1)},
		{name: "not yet", change: claim("nbf", 99999999999)},
		{name: "no subject", change: claim("sub", "")},
		{name: "address is no text", change: claim("email", 7)},
		{name: "verified by a word", change: claim("email_verified", "yes")},
		{name: "the address at the other endpoint", info: map[string]any{"sub": "sub-ada", "email": "ada@acme.example", "email_verified": "true"}, good: true},
		{name: "another user's address there", info: map[string]any{"sub": "sub-eve", "email": "ada@acme.example", "email_verified": true}},
		{name: "nothing there", info: map[string]any{}},
		{name: "another key", key: ed25519.NewKeyFromSeed([]byte("another key that nobody asked of"))},
		{name: "no signature", method: jwt.SigningMethodNone, key: jwt.UnsafeAllowNoneSignatureType},
		{name: "signed with the client's secret", method: jwt.SigningMethodHS256, key: []byte(clientSecret)},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := forger(t, c.info, func(issuer string) string {
				m := jwt.MapClaims{
					"iss": issuer, "aud": clientID, "sub": "sub-ada", "nonce": nonce, "exp": time.Now().Add(time.Hour).Unix(),
					"iat": time.Now().Unix(), "email": "ada@acme.example", "email_verified": true,
				}
				if c.info != nil {
					delete(m, "email")
				}
				if c.change != nil {
					c.change(m)
				}
				method, key := c.method, c.key
				if method == nil {
					method = jwt.SigningMethodEdDSA
				}
				if key == nil {
					key = forgerKey
				}
				token := jwt.NewWithClaims(method, m)
				token.Header["kid"] = "k"
				text, err := token.SignedString(key)
				if err != nil {
					t.Error(err)
				}
				return text
			})
			d, err := n.Depart(t.Context(), "acme", redirect, "/admin")
			if err != nil {
				t.Fatal(err)
			}
			u, err := url.Parse(d.URL)
			if err != nil || u.Query().Get("code_challenge_method") != "S256" || u.Query().Get("code_challenge") == "" {
				t.Fatalf("%s %v", d.URL, err)
			}
			nonce = u.Query().Get("nonce")
			_, _, err = n.Arrive(t.Context(), Arrival{Sealed: d.Sealed, State: u.Query().Get("state"), Code: "c"}, "a")
			if c.good && err != nil {
				t.Error(err)
			}
			if !c.good {
				refused(t, c.name, err)
			}
		})
	}
}

// A provider that sends without end is cut short.
func TestProvidersAnswersAreBounded(t *testing.T) {
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		chunk := []byte(strings.Repeat(" ", 64<<10))
		for range 1024 {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	}))
	t.Cleanup(server.Close)
	n := newNetworkWith(t, server.Client())
	n.openid(server.URL, clientSecret)
	_, err := n.Depart(t.Context(), "acme", redirect, "/admin")
	refused(t, "64 MiB", err)
}

func FuzzArrival(f *testing.F) {
	n := newNetworkWith(f, http.DefaultClient)
	f.Add([]byte(nil), "s", "c", "")
	f.Add(n.cfg.Seal.Seal([]byte(`{"state":"s","ends":"2999-01-01T00:00:00Z"}`), "signin", "openid"), "x", "c", "i")
	f.Fuzz(func(t *testing.T, sealed []byte, state, code, issuer string) {
		o, _, err := n.Arrive(t.Context(), Arrival{Sealed: sealed, State: state, Code: code, Issuer: issuer}, "a")
		if err == nil {
			t.Errorf("%+v is let in", o)
		}
	})
}
