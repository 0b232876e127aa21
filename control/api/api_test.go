package api_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/meridian-video/meridian/control/api"
	"github.com/meridian-video/meridian/control/apikey"
	"github.com/meridian-video/meridian/control/history"
	"github.com/meridian-video/meridian/control/notify"
	"github.com/meridian-video/meridian/control/seal"
	"github.com/meridian-video/meridian/control/state"
	"github.com/meridian-video/meridian/control/store"
	"github.com/meridian-video/meridian/control/token"
)

// platform is an API over a real store, with the platform's key.
type platform struct {
	t       *testing.T
	store   *store.Store
	history *history.Store
	handler http.Handler
	signer  ed25519.PrivateKey
	log     *bytes.Buffer
	root    caller
	notices *notify.Notifier
}

type caller struct {
	p    *platform
	key  string
	addr string // empty = httptest's
}

// from gives the caller an address for one call, so that failed tries are not counted together.
func (c caller) from(name string) caller {
	sum := sha256.Sum256([]byte(name))
	c.addr = fmt.Sprintf("[2001:db8:%x:%x::1]:4711", sum[:2], sum[2:4])
	return c
}

func newPlatform(t *testing.T) *platform {
	t.Helper()
	return newPlatformWith(t, "sqlite:"+filepath.Join(t.TempDir(), "history.db"))
}

// newPlatformWith keeps its history at a URL.
func newPlatformWith(t *testing.T, url string) *platform {
	t.Helper()
	past, err := history.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := past.Close(); err != nil {
			t.Error(err)
		}
	})
	s, err := store.Open(store.Config{
		Dir: t.TempDir(), ID: "control-1", ElectionTimeout: 50 * time.Millisecond, OnFatal: func(err error) { t.Errorf("fatal: %v", err) },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := s.WaitReady(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, signer, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	p := &platform{t: t, store: s, history: past, signer: signer, log: &bytes.Buffer{}, notices: deliveries(t)}
	p.handler, err = api.New(api.Config{
		Store: s, Tokens: token.NewSigner("kid1", signer), Seal: sealer(t), Cluster: &nodes{}, Deliveries: p.notices, History: past, LedgerKey: signer, Log: slog.New(slog.NewJSONHandler(p.log, nil)), Registerer: prometheus.NewRegistry(),
	})
	if err != nil {
		t.Fatal(err)
	}
	key := apikey.New(api.NewID(time.Now()))
	for _, c := range []state.Command{&state.InitPlatform{Epoch: "e1"}, api.CreateKey(key, "", state.APIKeySpec{Rate: 10_000})} {
		if _, err := s.Propose(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	p.root = caller{p: p, key: key.Text()}
	return p
}

// sealer has a key that everybody knows.
func sealer(t *testing.T) *seal.Sealer {
	t.Helper()
	s, err := seal.New(make([]byte, seal.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (c caller) send(r *http.Request) *httptest.ResponseRecorder {
	if c.key != "" {
		r.Header.Set("Authorization", "Bearer "+c.key)
	}
	if c.addr != "" {
		r.RemoteAddr = c.addr
	}
	w := httptest.NewRecorder()
	c.p.handler.ServeHTTP(w, r)
	return w
}

func (c caller) do(method, path string, body any) *httptest.ResponseRecorder {
	c.p.t.Helper()
	b := []byte{}
	if body != nil {
		var err error
		if b, err = json.Marshal(body); err != nil {
			c.p.t.Fatal(err)
		}
	}
	r := httptest.NewRequestWithContext(c.p.t.Context(), method, path, bytes.NewReader(b))
	r.Header.Set("Content-Type", "application/json")
	return c.send(r)
}

func (c caller) want(status int, method, path string, body, out any) *httptest.ResponseRecorder {
	c.p.t.Helper()
	w := c.do(method, path, body)
	if w.Code != status {
		c.p.t.Fatalf("%s %s: %d, want %d: %s", method, path, w.Code, status, w.Body)
	}
	if out != nil {
		if err := json.Unmarshal(w.Body.Bytes(), out); err != nil {
			c.p.t.Fatal(err)
		}
	}
	return w
}

type problem struct {
	Status    int    `json:"status"`
	Code      string `json:"code"`
	Detail    string `json:"detail"`
	RequestID string `json:"request_id"`
	Errors    []struct{ Field, Reason string }
}

func (c caller) refused(status int, code, field, method, path string, body any) problem {
	c.p.t.Helper()
	var p problem
	w := c.want(status, method, path, body, &p)
	if w.Header().Get("Content-Type") != "application/problem+json" || p.Code != code || p.Status != status ||
		p.RequestID == "" || p.RequestID != w.Header().Get("X-Request-Id") {
		c.p.t.Fatalf("%s %s: %s %s", method, path, w.Header(), w.Body)
	}
	if field != "" && (len(p.Errors) == 0 || p.Errors[0].Field != field || p.Errors[0].Reason == "") {
		c.p.t.Fatalf("%s %s: field %q is not named: %s", method, path, field, w.Body)
	}
	return p
}

// company makes a company with an API key of its own.
func (p *platform) company(id string) caller {
	p.t.Helper()
	p.root.want(201, "POST", "/api/v1/companies", m{"id": id, "name": id}, nil)
	var k struct{ Key string }
	p.root.want(201, "POST", "/api/v1/companies/"+id+"/api-keys", m{"name": "server", "rate": 10_000}, &k)
	return caller{p: p, key: k.Key}
}

type m map[string]any

func publicPEM(t *testing.T, bits int) string {
	t.Helper()
	k, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(&k.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}

func TestEntitiesLiveTheirLives(t *testing.T) {
	p := newPlatform(t)
	p.company("acme")
	p.root.want(200, "PATCH", "/api/v1/companies/acme", m{"settings": m{"open_rooms": true}, "name": "ACME"}, nil)
	var c state.Company
	p.root.want(200, "GET", "/api/v1/companies/acme", nil, &c)
	if !state.On(c.Settings.OpenRooms) || c.Name != "ACME" || c.Status != "active" || c.CreatedAt.IsZero() {
		t.Fatalf("%+v", c)
	}
	var k state.TenantKey
	p.root.want(201, "POST", "/api/v1/companies/acme/keys", m{"name": "k", "pem": publicPEM(t, 2048)}, &k)
	p.root.want(200, "PATCH", "/api/v1/companies/acme/keys/"+k.ID, m{"active": false}, &k)
	if k.Usable() || k.Algorithm != "RS256" {
		t.Fatalf("%+v", k)
	}
	p.root.want(204, "DELETE", "/api/v1/companies/acme/keys/"+k.ID, nil, nil)
	p.root.want(200, "GET", "/api/v1/companies/acme/keys/"+k.ID, nil, &k)
	if k.Revoked == nil {
		t.Fatalf("%+v", k)
	}
	p.root.want(201, "POST", "/api/v1/companies/acme/domains", m{"fqdn": "Meet.ACME.example"}, nil)
	var domains struct{ Items []state.RoomDomain }
	p.root.want(200, "GET", "/api/v1/companies/acme/domains", nil, &domains)
	if len(domains.Items) != 1 || domains.Items[0].FQDN != "meet.acme.example" {
		t.Fatalf("%+v", domains)
	}
	p.root.want(204, "DELETE", "/api/v1/companies/acme/domains/meet.acme.example", nil, nil)
	var r state.Room
	p.root.want(201, "POST", "/api/v1/companies/acme/rooms", m{"public_id": "standup", "home_pop": "fra"}, &r)
	if r.Kind != "call" || r.HomePOP != "fra" {
		t.Fatalf("%+v", r)
	}
	p.root.want(200, "PATCH", "/api/v1/companies/acme/rooms/standup", m{"kind": "webinar"}, nil)
	p.root.want(200, "GET", "/api/v1/companies/acme/rooms/"+r.ID, nil, &r)
	if r.Kind != "webinar" {
		t.Fatalf("%+v", r)
	}
	p.root.want(204, "DELETE", "/api/v1/companies/acme/rooms/standup", nil, nil)
	p.root.want(200, "PATCH", "/api/v1/platform", m{"default_company": "acme"}, nil)
	var top struct {
		DefaultCompany string `json:"default_company"`
	}
	p.root.want(200, "GET", "/api/v1/platform", nil, &top)
	if top.DefaultCompany != "acme" {
		t.Fatalf("%+v", top)
	}
	p.root.want(204, "DELETE", "/api/v1/companies/acme", nil, nil)
	p.root.refused(404, "not_found", "", "GET", "/api/v1/companies/acme", nil)
}

func TestRefusalsNameFieldAndReason(t *testing.T) {
	p := newPlatform(t)
	p.company("acme")
	p.root.want(201, "POST", "/api/v1/companies/acme/rooms", m{"public_id": "taken"}, nil)
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	privatePEM := string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(private)}))
	for _, c := range []struct {
		status             int
		code, field        string
		method, path, body string
	}{
		{422, "validation_failed", "name", "POST", "/companies", `{}`},
		{422, "validation_failed", "name", "POST", "/companies", `{"name":""}`},
		{422, "validation_failed", "name", "POST", "/companies", `{"name":"\u0000"}`},
		{422, "validation_failed", "id", "POST", "/companies", `{"name":"x","id":"a b"}`},
		{422, "validation_failed", "colour", "POST", "/companies", `{"name":"x","colour":"red"}`},
		{422, "validation_failed", "max_participants", "POST", "/companies", `{"name":"x","max_participants":-1}`},
		{409, "conflict", "id", "POST", "/companies", `{"name":"x","id":"acme"}`},
		{422, "validation_failed", "status", "PATCH", "/companies/acme", `{"status":"asleep"}`},
		{422, "validation_failed", "fqdn", "POST", "/companies/acme/domains", `{"fqdn":"not a name"}`},
		{422, "validation_failed", "pem", "POST", "/companies/acme/keys", `{"pem":"hello"}`},
		{422, "validation_failed", "pem", "POST", "/companies/acme/keys", string(mustJSON(t, m{"pem": privatePEM}))},
		{409, "conflict", "public_id", "POST", "/companies/acme/rooms", `{"public_id":"taken"}`},
		{422, "validation_failed", "public_id", "POST", "/companies/acme/rooms", `{"public_id":"a/b"}`},
		{422, "validation_failed", "kind", "POST", "/companies/acme/rooms", `{"kind":"party"}`},
		{422, "validation_failed", "ttl_seconds", "POST", "/companies/acme/rooms/taken/tokens", `{"ttl_seconds":86401}`},
		{422, "validation_failed", "limit", "GET", "/companies?limit=1000", ``},
		{422, "validation_failed", "cursor", "GET", "/companies?cursor=!!", ``},
		{422, "validation_failed", "api_key", "GET", "/companies?api_key=x", ``},
		{400, "malformed_request", "", "POST", "/companies", `{"name":`},
		{404, "not_found", "", "GET", "/nothing", ``},
		{404, "not_found", "", "POST", "/companies/acme/rooms/absent/tokens", `{}`},
		{405, "method_not_allowed", "", "PUT", "/companies", `{}`},
		{413, "body_too_large", "", "POST", "/companies", `{"name":"` + strings.Repeat("x", 1<<20) + `"}`},
	} {
		t.Run(c.method+" "+c.path+" "+c.body[:min(len(c.body), 30)], func(t *testing.T) {
			r := httptest.NewRequestWithContext(t.Context(), c.method, "/api/v1"+c.path, strings.NewReader(c.body))
			r.Header.Set("Content-Type", "application/json")
			w := p.root.send(r)
			var got problem
			if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
				t.Fatalf("%d %s", w.Code, w.Body)
			}
			if w.Code != c.status || got.Code != c.code || got.RequestID == "" {
				t.Fatalf("want %d %s: %d %s", c.status, c.code, w.Code, w.Body)
			}
			if c.field != "" && (len(got.Errors) == 0 || got.Errors[0].Field != c.field) {
				t.Fatalf("field %q is not named: %s", c.field, w.Body)
			}
			if strings.Contains(w.Body.String(), "PRIVATE KEY") && !strings.Contains(w.Body.String(), "this is a private key") {
				t.Fatalf("the value is repeated: %s", w.Body)
			}
		})
	}
}

func mustJSON(t *testing.T, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestKeysOpenWhatTheyShould(t *testing.T) {
	p := newPlatform(t)
	acme := p.company("acme")
	p.company("umbrella")
	nobody := caller{p: p}
	first := strings.Split(p.root.key, "_")
	for name, key := range map[string]string{
		"none": "", "words": "hello", "short secret": "mrk_" + first[1] + "_abc",
		"wrong secret":  "mrk_" + first[1] + "_" + strings.Repeat("A", 43),
		"unknown id":    "mrk_x_" + strings.SplitN(p.root.key, "_", 3)[2],
		"with a suffix": p.root.key + "A",
	} {
		t.Run(name, func(t *testing.T) {
			caller{p: p, key: key}.refused(401, "unauthorized", "", "GET", "/api/v1/companies", nil)
		})
	}
	r := httptest.NewRequestWithContext(t.Context(), "GET", "/api/v1/companies", nil)
	r.Header.Set("Authorization", "Basic "+p.root.key)
	if w := nobody.send(r); w.Code != 401 || w.Header().Get("WWW-Authenticate") == "" {
		t.Fatalf("another scheme: %d", w.Code)
	}
	var own struct{ Items []state.Company }
	acme.want(200, "GET", "/api/v1/companies", nil, &own)
	if len(own.Items) != 1 || own.Items[0].ID != "acme" {
		t.Fatalf("a company sees %+v", own)
	}
	absent := acme.refused(404, "not_found", "", "GET", "/api/v1/companies/absent", nil)
	foreign := acme.refused(404, "not_found", "", "GET", "/api/v1/companies/umbrella", nil)
	if absent.RequestID = foreign.RequestID; fmt.Sprint(absent) != fmt.Sprint(foreign) {
		t.Fatalf("absent %+v and foreign %+v differ", absent, foreign)
	}
	acme.refused(403, "forbidden", "", "POST", "/api/v1/companies", m{"name": "mine"})
	acme.refused(403, "forbidden", "", "PATCH", "/api/v1/companies/acme", m{"max_participants": 9})
	var keys struct{ Items []m }
	w := acme.want(200, "GET", "/api/v1/companies/acme/api-keys", nil, &keys)
	if len(keys.Items) != 1 || strings.Contains(w.Body.String(), "hash") || strings.Contains(w.Body.String(), "mrk_") {
		t.Fatalf("a listed key shows its secret: %s", w.Body)
	}
	acme.want(204, "DELETE", fmt.Sprintf("/api/v1/companies/acme/api-keys/%s", keys.Items[0]["id"]), nil, nil)
	acme.refused(401, "unauthorized", "", "GET", "/api/v1/companies/acme", nil)
	for _, key := range []string{p.root.key, acme.key} {
		if strings.Contains(p.log.String(), strings.SplitN(key, "_", 3)[2]) {
			t.Fatal("a key is in the log")
		}
	}
}

func TestPagesMeetEndToEnd(t *testing.T) {
	p := newPlatform(t)
	p.company("acme")
	for i := range 7 {
		p.root.want(201, "POST", "/api/v1/companies/acme/rooms", m{"public_id": fmt.Sprintf("r%d", i)}, nil)
	}
	var got []string
	cursor := ""
	for pages := 1; ; pages++ {
		var page struct {
			Items []state.Room
			Next  string `json:"next_cursor"`
		}
		p.root.want(200, "GET", "/api/v1/companies/acme/rooms?limit=3&cursor="+cursor, nil, &page)
		for _, r := range page.Items {
			got = append(got, r.PublicID)
		}
		if cursor = page.Next; cursor == "" {
			if pages != 3 {
				t.Fatalf("%d pages", pages)
			}
			break
		}
	}
	seen := map[string]bool{}
	for _, id := range got {
		seen[id] = true
	}
	if len(got) != 7 || len(seen) != 7 {
		t.Fatalf("rooms: %v", got)
	}
}

func TestTokensOpenTheirRoom(t *testing.T) {
	p := newPlatform(t)
	acme := p.company("acme")
	var r state.Room
	acme.want(201, "POST", "/api/v1/companies/acme/rooms", m{"public_id": "r1"}, &r)
	var out api.JoinToken
	acme.want(201, "POST", "/api/v1/companies/acme/rooms/"+r.ID+"/tokens", m{"name": "Ada", "peer": "p1", "role": "moderator"}, &out)
	public, ok := p.signer.Public().(ed25519.PublicKey)
	if !ok {
		t.Fatal("key")
	}
	c, err := token.Verify(out.Token, token.Keyring{Company: "acme", Native: map[string]ed25519.PublicKey{"kid1": public}}, time.Now())
	if err != nil || c.Room != "r1" || c.Peer != "p1" || c.Name != "Ada" || c.Role != "moderator" {
		t.Fatalf("%+v %v", c, err)
	}
	if life := time.Until(out.ExpiresAt); life < 9*time.Minute || life > 10*time.Minute {
		t.Fatalf("life %s", life)
	}
}

// A token names one of the company's own people or nobody, and an attendee's goes with the invitation.
func TestTokensNameTheCompanysOwnPeople(t *testing.T) {
	p := newPlatform(t)
	acme, evil := p.company("acme"), p.company("evil")
	const own = "/api/v1/companies/acme"
	var room, hall, user, customer, meeting, address, guest, theirs struct{ ID string }
	acme.want(201, "POST", own+"/rooms", m{"public_id": "r1"}, &room)
	acme.want(201, "POST", own+"/rooms", m{"public_id": "hall"}, &hall)
	acme.want(201, "POST", own+"/users", m{"name": "Ada", "email": "ada@acme.example"}, &user)
	acme.want(201, "POST", own+"/customers", m{"email": "bob@customer.example"}, &customer)
	acme.want(201, "POST", own+"/meetings", m{"room": room.ID, "user": user.ID, "starts_at": "2026-12-01T09:00:00Z"}, &meeting)
	acme.want(201, "POST", own+"/attendees", m{"meeting": meeting.ID, "email": "eve@else.example", "name": "Eve"}, &address)
	acme.want(201, "POST", own+"/attendees", m{"meeting": meeting.ID, "customer": customer.ID}, &guest)
	evil.want(201, "POST", "/api/v1/companies/evil/users", m{"name": "Mallory", "email": "m@evil.example"}, &theirs)
	ring := token.Keyring{Company: "acme", Native: map[string]ed25519.PublicKey{"kid1": p.signer.Public().(ed25519.PublicKey)}}
	for _, c := range []struct {
		body   m
		person string
		peer   string
		parent string
	}{
		{m{}, "", "", ""},
		{m{"user": user.ID}, "user:" + user.ID, "", ""},
		{m{"customer": customer.ID, "peer": "p1"}, "customer:" + customer.ID, "p1", ""},
		{m{"attendee": address.ID}, "attendee:" + address.ID, address.ID, address.ID},
		{m{"attendee": guest.ID, "peer": "p2"}, "customer:" + customer.ID, "p2", guest.ID},
		{m{"attendee": meeting.ID + ".owner"}, "user:" + user.ID, meeting.ID + ".owner", meeting.ID + ".owner"},
	} {
		for _, once := range []bool{false, true} {
			c.body["once"] = once
			var out api.JoinToken
			acme.want(201, "POST", own+"/rooms/r1/tokens", c.body, &out)
			got, err := ring.Verify(out.Token, token.Expect{Kinds: []token.Kind{token.Join, token.Attendee}}, time.Now())
			if err != nil || got.Person.String() != c.person || got.Peer != c.peer && (c.peer != "" || !once) || strings.Join(got.Parents, " ") != c.parent {
				t.Errorf("%v: %+v, %v", c.body, got, err)
			}
			withdrawn := ring
			withdrawn.Revoked = func(id string) bool { return id == c.parent }
			_, err = withdrawn.Verify(out.Token, token.Expect{Kinds: []token.Kind{token.Join, token.Attendee}}, time.Now())
			if (c.parent != "") != errors.Is(err, token.ErrRevoked) {
				t.Errorf("%v with the invitation withdrawn: %v", c.body, err)
			}
		}
	}
	for field, bodies := range map[string][]m{
		"user":     {{"user": theirs.ID}, {"user": customer.ID}, {"user": "none"}, {"user": user.ID, "customer": customer.ID}, {"user": "x", "attendee": address.ID}},
		"customer": {{"customer": user.ID}, {"customer": theirs.ID}},
		"attendee": {{"attendee": user.ID}, {"attendee": "none"}},
	} {
		for _, body := range bodies {
			acme.refused(422, "validation_failed", field, "POST", own+"/rooms/r1/tokens", body)
		}
	}
	acme.refused(422, "validation_failed", "attendee", "POST", own+"/rooms/hall/tokens", m{"attendee": address.ID})
}

func TestRequestIDIsHonouredOrMade(t *testing.T) {
	p := newPlatform(t)
	for given, want := range map[string]string{
		"abc-123": "^abc-123$", "": "^[0-9a-z]{26}$", "bad\tid": "^[0-9a-z]{26}$", strings.Repeat("x", 65): "^[0-9a-z]{26}$",
	} {
		r := httptest.NewRequestWithContext(t.Context(), "GET", "/api/v1/companies", nil)
		r.Header.Set("X-Request-Id", given)
		w := p.root.send(r)
		if got := w.Header().Get("X-Request-Id"); !regexp.MustCompile(want).MatchString(got) {
			t.Errorf("%q: %q", given, got)
		}
	}
}

func TestNoLeaderAnswers503(t *testing.T) {
	p := newPlatform(t)
	if err := p.store.Close(); err != nil {
		t.Fatal(err)
	}
	w := p.root.do("GET", "/api/v1/companies", nil)
	if w.Code != 503 || w.Header().Get("Retry-After") == "" || !strings.Contains(w.Body.String(), `"no_leader"`) {
		t.Fatalf("%d %s %s", w.Code, w.Header(), w.Body)
	}
}

func TestIDsSortByTime(t *testing.T) {
	a, b := api.NewID(time.UnixMilli(1_700_000_000_000)), api.NewID(time.UnixMilli(1_700_000_000_001))
	if a >= b || len(a) != 26 {
		t.Fatalf("%s %s", a, b)
	}
}
