package api_test

import (
	"encoding/base64"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/meridian-video/meridian/control/api"
	"github.com/meridian-video/meridian/control/token"
)

// provider signs everybody in as one person. It is no more than the routes need; package signin has a real one.
func provider(t *testing.T, p *platform, nonce *string) string {
	t.Helper()
	var server *httptest.Server
	server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		answer := map[string]any{"keys": []m{{"kty": "OKP", "crv": "Ed25519", "kid": "k", "x": base64.RawURLEncoding.EncodeToString(p.signer[32:])}}}
		switch r.URL.Path {
		case "/.well-known/openid-configuration":
			answer = m{
				"issuer": server.URL, "authorization_endpoint": server.URL + "/auth", "token_endpoint": server.URL + "/token", "jwks_uri": server.URL + "/keys",
				"id_token_signing_alg_values_supported": []string{"EdDSA"},
			}
		case "/token":
			id := jwt.NewWithClaims(jwt.SigningMethodEdDSA, jwt.MapClaims{
				"iss": server.URL, "aud": "c", "sub": "sub-ada", "nonce": *nonce, "exp": time.Now().Add(time.Hour).Unix(), "iat": time.Now().Unix(),
				"email": "ada@acme.example", "email_verified": true,
			})
			id.Header["kid"] = "k"
			text, err := id.SignedString(p.signer)
			if err != nil {
				t.Error(err)
			}
			answer = m{"access_token": "x", "token_type": "Bearer", "id_token": text}
		}
		if err := json.NewEncoder(w).Encode(answer); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(server.Close)
	var err error
	if p.handler, err = api.New(api.Config{
		Store: p.store, Tokens: token.NewSigner("kid1", p.signer), Seal: sealer(t), Providers: server.Client(), Log: slog.New(slog.NewJSONHandler(p.log, nil)),
	}); err != nil {
		t.Fatal(err)
	}
	return server.URL
}

func (p *platform) browse(path, cookie string) *httptest.ResponseRecorder {
	r := httptest.NewRequestWithContext(p.t.Context(), "GET", "https://meet.acme.example"+path, nil)
	if cookie != "" {
		r.Header.Set("Cookie", cookie)
	}
	return caller{p: p}.send(r)
}

func TestBrowsersGoToTheProviderAndBack(t *testing.T) {
	p := newPlatform(t)
	p.company("acme")
	nonce := ""
	issuer := provider(t, p, &nonce)
	p.root.want(201, "POST", "/api/v1/companies/acme/domains", m{"fqdn": "meet.acme.example"}, nil)
	p.root.want(200, "PATCH", "/api/v1/companies/acme", m{
		"email_domain": "acme.example", "openid": m{"enabled": true, "issuer": issuer, "client_id": "c"}, "openid_secret": "s3cret of acme",
	}, nil)
	p.user("acme", "ada@acme.example", "COMPANY_ADMIN")
	w := p.browse("/api/v1/sessions/openid?to=/admin/rooms", "")
	to, err := url.Parse(w.Header().Get("Location"))
	cookies := w.Result().Cookies()
	if err != nil || w.Code != 302 || !strings.HasPrefix(to.String(), issuer+"/auth?") || len(cookies) != 1 {
		t.Fatalf("%d %v %s", w.Code, w.Header(), w.Body)
	}
	flow := cookies[0]
	if flow.Name != "__Host-meridian-openid" || !flow.HttpOnly || !flow.Secure || flow.SameSite != http.SameSiteLaxMode || flow.MaxAge < 590 || flow.MaxAge > 600 {
		t.Errorf("%v", flow)
	}
	q := to.Query()
	nonce = q.Get("nonce")
	if q.Get("redirect_uri") != "https://meet.acme.example/api/v1/sessions/openid/callback" || q.Get("code_challenge_method") != "S256" {
		t.Errorf("%v", q)
	}
	const back = "/api/v1/sessions/openid/callback?code=c&state="
	if w := p.browse(back+q.Get("state"), ""); w.Code != 401 {
		t.Errorf("without the cookie: %d %s", w.Code, w.Body)
	}
	w = p.browse(back+q.Get("state"), flow.Name+"="+flow.Value)
	if w.Code != 302 || w.Header().Get("Location") != "/admin/rooms" || w.Header().Get("Referrer-Policy") != "no-referrer" {
		t.Fatalf("%d %v %s", w.Code, w.Header(), w.Body)
	}
	session := ""
	for _, c := range w.Result().Cookies() {
		switch c.Name {
		case "__Host-meridian":
			session = c.Name + "=" + c.Value
		case flow.Name:
			if c.MaxAge >= 0 {
				t.Error("the flow's cookie stays")
			}
		}
	}
	if w := p.browse("/api/v1/me", session); w.Code != 200 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	nonce = "another"
	if w := p.browse(back+q.Get("state"), flow.Name+"="+flow.Value); w.Code != 302 || w.Header().Get("Location") != "/admin/rooms#sign-in-failed" {
		t.Errorf("refused: %d %v", w.Code, w.Header())
	}
	if log := p.log.String(); strings.Contains(log, "s3cret of acme") || strings.Contains(log, flow.Value) {
		t.Error("secrets are in the log")
	}
	if w := p.browse("/api/v1/sessions/openid?company=nothing", ""); w.Code != 401 {
		t.Errorf("a company without a provider: %d", w.Code)
	}
}

func TestWhereOneGoesOnIsHere(t *testing.T) {
	p := newPlatform(t)
	p.company("acme")
	for _, to := range []string{"https://evil.example/", "//evil.example", "/\\evil.example", "evil", "/a#b", "/\t/evil.example", "javascript:alert(1)", "/%0a%ff\n"} {
		if w := p.browse("/api/v1/sessions/openid?company=acme&to="+url.QueryEscape(to), ""); w.Code != 422 {
			t.Errorf("%q: %d %s", to, w.Code, w.Body)
		}
	}
}
