package api_test

import (
	"bytes"
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/meridian-video/meridian/control/state"
)

func (p *platform) snapshot() string {
	p.t.Helper()
	var b bytes.Buffer
	if err := p.store.View().WriteSnapshot(&b); err != nil {
		p.t.Fatal(err)
	}
	return b.String()
}

// keyOf makes a key at a path with fields of the caller's choice.
func (c caller) keyOf(path string, body m) caller {
	c.p.t.Helper()
	var k struct{ Key string }
	c.want(201, "POST", "/api/v1"+path+"/api-keys", body, &k)
	return caller{p: c.p, key: k.Key}
}

func TestWhoMaySayWhat(t *testing.T) {
	p := newPlatform(t)
	p.root.want(201, "POST", "/api/v1/resellers", m{"id": "rs", "name": "R"}, nil)
	reseller := p.root.keyOf("/resellers/rs", m{})
	var made state.Company
	reseller.want(201, "POST", "/api/v1/companies", m{"name": "Of R"}, &made)
	if made.Reseller != "rs" {
		t.Fatalf("%+v", made)
	}
	own := "/api/v1/companies/" + made.ID
	company := reseller.keyOf("/companies/"+made.ID, m{})
	const plans = "/api/v1/resellers/rs/plans"
	var plan, sub, user struct{ ID string }
	reseller.want(201, "POST", plans, m{"slug": "team", "hosts": 1}, &plan)
	reseller.want(201, "POST", own+"/subscriptions", m{"plan": plan.ID}, &sub)
	company.want(201, "POST", own+"/users", m{"name": "Ann"}, &user)
	var admin struct{ ID string }
	reseller.want(201, "POST", own+"/users", m{"name": "Boss", "role": "RESELLER_ADMIN"}, &admin)
	for _, c := range []struct {
		name         string
		by           caller
		status       int
		method, path string
		body         any
	}{
		{"a reseller suspends its company", reseller, 200, "PATCH", own, m{"status": "suspended"}},
		{"a company suspends itself", company, 403, "PATCH", own, m{"status": "active"}},
		{"a company raises its limits", company, 403, "PATCH", own, m{"max_viewers": 9}},
		{"a company writes the field in other letters", company, 422, "PATCH", own, m{"Status": "active"}},
		{"a company changes its settings", company, 200, "PATCH", own, m{"settings": m{"lobby": true}}},
		{"a company ends itself", company, 403, "DELETE", own, nil},
		{"a company makes another", company, 403, "POST", "/api/v1/companies", m{"name": "x"}},
		{"a reseller chooses an id", reseller, 403, "POST", "/api/v1/companies", m{"name": "x", "id": "taken"}},
		{"a reseller makes a company of another", reseller, 422, "POST", "/api/v1/companies", m{"name": "x", "reseller": "other"}},
		{"a reseller suspends itself", reseller, 403, "PATCH", "/api/v1/resellers/rs", m{"status": "active"}},
		{"a reseller renames itself", reseller, 200, "PATCH", "/api/v1/resellers/rs", m{"name": "R2"}},
		{"a reseller makes a reseller", reseller, 403, "POST", "/api/v1/resellers", m{"name": "x"}},
		{"a reseller reads the platform", reseller, 403, "GET", "/api/v1/platform", nil},
		{"a reseller makes a plan of the platform", reseller, 403, "POST", "/api/v1/plans", m{"slug": "x"}},
		{"a company reads a plan of the platform's", company, 200, "GET", "/api/v1/plans", nil},
		{"a company subscribes", company, 403, "POST", own + "/subscriptions", m{"plan": plan.ID}},
		{"a company assigns a user", company, 200, "PATCH", own + "/subscriptions/" + sub.ID, m{"users": []string{user.ID}}},
		{"a company raises its host limit", company, 200, "PATCH", own + "/subscriptions/" + sub.ID, m{"host_limit": 2}},
		{"a reseller locks it", reseller, 200, "PATCH", own, m{"host_limit_locked": true}},
		{"a company raises it again", company, 403, "PATCH", own + "/subscriptions/" + sub.ID, m{"host_limit": 3}},
		{"a company makes an administrator", company, 200, "PATCH", own + "/users/" + user.ID, m{"role": "COMPANY_ADMIN"}},
		{"a company makes a reseller's administrator", company, 403, "PATCH", own + "/users/" + user.ID, m{"role": "RESELLER_ADMIN"}},
		{"a company takes over a reseller's administrator", company, 403, "PATCH", own + "/users/" + admin.ID, m{"password": "correct horse"}},
		{"a company deletes a reseller's administrator", company, 403, "DELETE", own + "/users/" + admin.ID, nil},
		{"a company sets its rate", company, 403, "POST", own + "/api-keys", m{"rate": 9000}},
		{"a company's key names a reseller", company, 422, "POST", own + "/api-keys", m{"reseller": "rs"}},
	} {
		if w := c.by.do(c.method, c.path, c.body); w.Code != c.status {
			t.Errorf("%s: %d, want %d: %s", c.name, w.Code, c.status, w.Body)
		}
	}
	var seen struct{ Items []state.Company }
	p.company("elsewhere")
	reseller.want(200, "GET", "/api/v1/companies", nil, &seen)
	if len(seen.Items) != 1 || seen.Items[0].ID != made.ID {
		t.Errorf("a reseller sees %+v", seen)
	}
}

func TestScopesNarrowAKeyDown(t *testing.T) {
	p := newPlatform(t)
	acme := p.company("acme")
	const own = "/api/v1/companies/acme"
	read, write := acme.keyOf("/companies/acme", m{"scopes": []string{"rooms:read"}}), acme.keyOf("/companies/acme", m{"scopes": []string{"rooms:write", "api-keys:write"}})
	for _, c := range []struct {
		name         string
		by           caller
		status       int
		method, path string
		body         any
	}{
		{"reads", read, 200, "GET", own + "/rooms", nil},
		{"writes with reading alone", read, 403, "POST", own + "/rooms", m{}},
		{"writes", write, 201, "POST", own + "/rooms", m{}},
		{"reads with writing", write, 200, "GET", own + "/rooms", nil},
		{"reads another thing", write, 403, "GET", own + "/users", nil},
		{"gives less", write, 201, "POST", own + "/api-keys", m{"scopes": []string{"rooms:read"}}},
		{"gives more", write, 403, "POST", own + "/api-keys", m{"scopes": []string{"users:read"}}},
		{"gives everything", write, 403, "POST", own + "/api-keys", m{}},
		{"gives everything by null", write, 403, "POST", own + "/api-keys", m{"scopes": nil}},
		{"gives nothing, which would be everything", acme, 422, "POST", own + "/api-keys", m{"scopes": []string{}}},
		{"gives what there is not", acme, 422, "POST", own + "/api-keys", m{"scopes": []string{"room:read"}}},
		{"widens itself", write, 403, "PATCH", own + "/api-keys/" + idOf(write), m{"scopes": nil}},
		{"widens another", write, 403, "PATCH", own + "/api-keys/" + idOf(read), m{"scopes": []string{"users:read"}}},
		{"renames a stronger one", write, 403, "PATCH", own + "/api-keys/" + idOf(acme), m{"name": "x"}},
		{"revokes a stronger one", write, 403, "DELETE", own + "/api-keys/" + idOf(acme), nil},
		{"renames itself", write, 200, "PATCH", own + "/api-keys/" + idOf(write), m{"name": "x"}},
	} {
		if w := c.by.do(c.method, c.path, c.body); w.Code != c.status {
			t.Errorf("%s: %d, want %d: %s", c.name, w.Code, c.status, w.Body)
		}
	}
}

func idOf(c caller) string { return strings.Split(c.key, "_")[1] }

// The second key is made by the first, and ends it.
func TestKeysRotateWithOverlap(t *testing.T) {
	p := newPlatform(t)
	first := p.company("acme")
	second := first.keyOf("/companies/acme", m{"name": "second", "expires": time.Now().Add(time.Hour)})
	for _, c := range []caller{first, second} {
		c.want(200, "GET", "/api/v1/companies/acme", nil, nil)
	}
	second.want(204, "DELETE", "/api/v1/companies/acme/api-keys/"+idOf(first), nil, nil)
	first.refused(401, "unauthorized", "", "GET", "/api/v1/companies/acme", nil)
	var k state.APIKey
	second.want(200, "GET", "/api/v1/companies/acme/api-keys/"+idOf(first), nil, &k)
	if k.Revoked == nil || k.SecretHash != nil {
		t.Errorf("%+v", k)
	}
}

func TestSecretsAreInNoStateAndNoAnswerTheyAreNotFor(t *testing.T) {
	p := newPlatform(t)
	acme := p.company("acme")
	reader := acme.keyOf("/companies/acme", m{"scopes": []string{"rooms:read", "meetings:read", "webhooks:read", "users:read", "companies:read"}})
	const own = "/api/v1/companies/acme"
	var room, meeting, hook, user struct {
		ID, Secret, Room string
		ModeratorPIN     string `json:"moderator_pin"`
		SecurityPIN      string `json:"security_pin"`
	}
	acme.want(201, "POST", own+"/users", m{"name": "Ann", "password": "correct-horse-7", "permanent_room": m{"public_id": "ann", "moderator_pin": "90210777", "access_code": "1234567"}}, &user)
	acme.want(201, "POST", own+"/rooms", m{"password": "room-word-31", "moderator_pin": "80451199"}, &room)
	acme.want(201, "POST", own+"/meetings", m{"room": room.ID, "user": user.ID, "starts_at": "2026-12-01T09:00:00Z", "security_pin": "55512345"}, &meeting)
	acme.want(201, "POST", own+"/webhooks", m{"url": "https://acme.example/", "authorization": "Bearer hook-word-9"}, &hook)
	acme.want(200, "PATCH", own, m{"openid": m{"issuer": "https://id.acme.example", "client_id": "c"}, "openid_secret": "open-word-5"}, nil)
	if !strings.HasPrefix(hook.Secret, "whsec_") || room.ModeratorPIN != "80451199" || meeting.SecurityPIN != "55512345" || user.Room == "" {
		t.Fatalf("%+v %+v %+v %+v", room, meeting, hook, user)
	}
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(hook.Secret, "whsec_"))
	if err != nil || len(key) != 32 {
		t.Fatalf("signing key: %d bytes, %v", len(key), err)
	}
	secrets := []string{"correct-horse-7", "90210777", "room-word-31", "80451199", "55512345", "hook-word-9", "open-word-5", hook.Secret, string(key)}
	kept := p.snapshot()
	answers := ""
	for _, path := range []string{"", "/rooms", "/rooms/" + room.ID, "/meetings", "/meetings/" + meeting.ID, "/webhooks", "/users", "/users/" + user.ID} {
		answers += reader.want(200, "GET", own+path, nil, nil).Body.String()
	}
	for _, s := range secrets {
		if strings.Contains(kept, s) || strings.Contains(kept, base64.StdEncoding.EncodeToString([]byte(s))) {
			t.Errorf("%s is in the state as it is", s)
		}
		if strings.Contains(answers, s) {
			t.Errorf("%s is shown to a reader", s)
		}
		if strings.Contains(p.log.String(), s) {
			t.Errorf("%s is in the log", s)
		}
	}
	if strings.Contains(answers, "argon2id") || strings.Contains(answers, `"secret"`) {
		t.Error("hashes or sealed secrets are shown")
	}
	w, _ := state.Get[state.Webhook](p.store.View(), hook.ID)
	if opened, err := sealer(t).Open(w.Secret.Signing, "webhook", hook.ID, "signing"); err != nil || !bytes.Equal(opened, key) {
		t.Errorf("the sender cannot open the signing key: %v", err)
	}

	acme.refused(409, "conflict", "moderator_pin", "POST", own+"/rooms", m{"moderator_pin": "80451199"})
	var cleared struct {
		HasPassword  bool   `json:"has_password"`
		ModeratorPIN string `json:"moderator_pin"`
	}
	acme.want(200, "PATCH", own+"/rooms/"+room.ID, m{"password": nil, "moderator_pin": nil}, &cleared)
	if cleared.HasPassword || cleared.ModeratorPIN != "" {
		t.Errorf("%+v", cleared)
	}
	acme.want(201, "POST", own+"/rooms", m{"moderator_pin": "80451199"}, nil) // free again
}

// The user, the room and their bond come together or not at all.
func TestUserWithPermanentRoom(t *testing.T) {
	p := newPlatform(t)
	acme := p.company("acme")
	const own = "/api/v1/companies/acme"
	acme.want(201, "POST", own+"/rooms", m{"access_code": "1234567"}, nil)
	acme.refused(409, "conflict", "access_code", "POST", own+"/users", m{"name": "Ann", "email": "ann@acme.example", "permanent_room": m{"access_code": "1234567"}})
	var page struct{ Items []state.User }
	acme.want(200, "GET", own+"/users?email=ANN@acme.example", nil, &page)
	if len(page.Items) != 0 {
		t.Fatalf("half of it happened: %+v", page)
	}
	var u state.User
	acme.want(201, "POST", own+"/users", m{"name": "Ann", "email": "ann@acme.example", "permanent_room": m{}}, &u)
	acme.want(200, "GET", own+"/users?email=ANN@acme.example", nil, &page)
	var r state.Room
	acme.want(200, "GET", own+"/rooms/"+u.Room, nil, &r)
	if len(page.Items) != 1 || page.Items[0].Room != u.Room || r.User != u.ID {
		t.Errorf("%+v %+v %+v", u, r, page)
	}
	events := 0
	for e := range state.All[state.Event](p.store.View(), "") {
		if e.Object == u.ID {
			events++
			if e.Action != "user.create" || !strings.HasPrefix(e.By, "key:") || e.Request == "" || e.Owner != "acme" {
				t.Errorf("%+v", e)
			}
		}
	}
	if events != 1 {
		t.Errorf("%d events", events)
	}
}
