package api_test

import (
	"fmt"
	"strings"
	"testing"
)

// hostMay is the row of hosts in the matrix of roles, written a second time: what it lacks they must not.
var hostMay = map[string]string{
	"users": "write", "rooms": "write", "meetings": "write", "attendees": "write", "contacts": "write", "customers": "read", "tokens": "write", "pops": "read",
}

// statuses does every operation and gives the answers' statuses by operation.
func (w *world) statuses(c caller) map[string]int {
	w.t.Helper()
	out := map[string]int{}
	w.doc.each(func(method, path string, o *operation) {
		if o.scope() == "" || strings.Contains(o.OperationID, "delete-company") || strings.Contains(o.OperationID, "delete-user-sessions") {
			return // which would end what the others ask about
		}
		r := c.do(method, w.url(path, "acme", "northwind", ""), w.body(o, w.names))
		out[method+" "+path] = r.Code
	})
	return out
}

// An administrator reaches in a session what a key of the company or reseller reaches, operation by operation.
func TestAdministratorsReachWhatKeysReach(t *testing.T) {
	for role, place := range map[string]string{"COMPANY_ADMIN": "/companies/acme", "RESELLER_ADMIN": "/resellers/northwind"} {
		byKey, bySession := newWorld(t), newWorld(t)
		bySession.user("acme", "admin@acme.example", role)
		want := byKey.statuses(byKey.key(place, nil))
		got := bySession.statuses(bySession.signedIn("acme", "admin@acme.example"))
		for name, status := range want {
			if got[name] != status {
				t.Errorf("%s: %s: %d by a key, %d in a session", role, name, status, got[name])
			}
		}
		if len(want) < 90 {
			t.Errorf("%d operations", len(want))
		}
	}
}

// A host reads and writes nothing of others, by any operation of the document.
func TestHostsReachNothingOfOthers(t *testing.T) {
	w := newWorld(t)
	var hosts []caller // several, since one may not call so often in so short a time
	for _, email := range []string{"h1@acme.example", "h2@acme.example", "h3@acme.example", "h4@acme.example"} {
		w.user("acme", email, "HOST")
		hosts = append(hosts, w.signedIn("acme", email))
	}
	before, index := w.snapshot(), w.store.View().Index()
	w.doc.each(func(method, path string, o *operation) {
		thing, verb, _ := strings.Cut(o.scope(), ":")
		if thing == "" || o.OperationID == "create-room" {
			return // rooms need nothing of others: see TestHostsHaveWhatIsTheirOwn
		}
		name := method + " " + path
		host := hosts[0]
		hosts = append(hosts[1:], host)
		r := host.do(method, w.url(path, "acme", "northwind", ""), w.body(o, w.names))
		has := hostMay[thing] == verb || hostMay[thing] == "write"
		switch {
		case !has && (r.Code != 403 || !strings.Contains(r.Body.String(), "insufficient_scope")):
			t.Errorf("%s without the right: %d %s", name, r.Code, r.Body)
		case has && r.Code < 300 && method != "GET":
			t.Errorf("%s of others: %d %s", name, r.Code, r.Body)
		case has && r.Code < 300 && thing != "customers" && thing != "pops":
			for _, id := range w.ids {
				if strings.Contains(r.Body.String(), fmt.Sprintf(`"id":%q`, id)) {
					t.Errorf("%s shows %s: %s", name, id, r.Body)
				}
			}
		case has && method == "GET" && (thing == "customers" || thing == "pops") && r.Code != 200:
			t.Errorf("%s: %d %s", name, r.Code, r.Body)
		}
		if strings.Contains(path, "{company}") && has { // nor in another company, nor more than where there is none
			same(t, name, host.do(method, w.url(path, "stranger", "", ""), w.body(o, w.names)), host.do(method, w.url(path, "nothing", "", ""), w.body(o, w.names)))
		}
	})
	if w.snapshot() != before || w.store.View().Index() != index {
		t.Error("a host changed something of others")
	}
}

// What a host may do with their own, and where it ends.
func TestHostsHaveWhatIsTheirOwn(t *testing.T) {
	p := newPlatform(t)
	acme := p.company("acme")
	me, boss := p.user("acme", "host@acme.example", "HOST"), p.user("acme", "boss@acme.example", "COMPANY_ADMIN")
	host := p.signedIn("acme", "host@acme.example")
	const own = "/api/v1/companies/acme"
	var room, theirs, meeting, theirMeeting, customer struct{ ID, User string }
	acme.want(201, "POST", own+"/rooms", m{"user": boss.ID}, &theirs)
	acme.want(201, "POST", own+"/customers", m{"email": "bob@customer.example"}, &customer)
	acme.want(201, "POST", own+"/meetings", m{"room": theirs.ID, "user": boss.ID, "starts_at": "2026-12-01T09:00:00Z"}, &theirMeeting)
	host.want(201, "POST", own+"/rooms", m{"name": "Mine", "moderator_pin": "470815"}, &room)
	host.want(201, "POST", own+"/meetings", m{"room": room.ID, "user": me.ID, "starts_at": "2026-12-01T09:00:00Z"}, &meeting)
	if room.User != me.ID || meeting.User != me.ID {
		t.Fatalf("%+v %+v", room, meeting)
	}
	for _, c := range []struct {
		name         string
		status       int
		method, path string
		body         any
	}{
		{"reads themselves", 200, "GET", "/users/" + me.ID, nil},
		{"renames themselves", 200, "PATCH", "/users/" + me.ID, m{"first_name": "Ada", "time_zone": "Europe/Berlin"}},
		{"promotes themselves", 403, "PATCH", "/users/" + me.ID, m{"role": "COMPANY_ADMIN"}},
		{"takes another address, by which a provider would know them", 403, "PATCH", "/users/" + me.ID, m{"email": "ceo@acme.example"}},
		{"takes a subject", 403, "PATCH", "/users/" + me.ID, m{"openid_subject": "boss"}},
		{"sets a password without the old one", 403, "PATCH", "/users/" + me.ID, m{"password": goodPassword}},
		{"makes a link for themselves", 403, "POST", "/users/" + me.ID + "/password-links", m{}},
		{"makes a login key for themselves", 403, "POST", "/users/" + me.ID + "/login-keys", m{}},
		{"makes a link for another", 404, "POST", "/users/" + boss.ID + "/password-links", m{}},
		{"ends themselves", 403, "DELETE", "/users/" + me.ID, nil},
		{"makes a user", 403, "POST", "/users", m{"name": "x"}},
		{"reads another", 404, "GET", "/users/" + boss.ID, nil},
		{"opens the own room to all", 200, "PATCH", "/rooms/" + room.ID, m{"open": true}},
		{"chooses a lobby", 200, "PATCH", "/rooms/" + room.ID, m{"settings": m{"lobby": true}}},
		{"chooses who may do what", 200, "PATCH", "/rooms/" + room.ID, m{"settings": m{"mute_mode": "q&a", "who_shares": "moderators", "who_writes": "all", "who_raises_hands": "all"}}},
		{"lets people in though the company's server is away", 403, "PATCH", "/rooms/" + room.ID, m{"settings": m{"webhook_fail_open": true}}},
		{"drops what was set", 403, "PATCH", "/rooms/" + room.ID, m{"settings": nil}},
		{"makes it larger", 403, "PATCH", "/rooms/" + room.ID, m{"max_participants": 5000}},
		{"gives it away", 403, "PATCH", "/rooms/" + room.ID, m{"user": boss.ID}},
		{"leaves it to nobody", 403, "PATCH", "/rooms/" + room.ID, m{"user": nil}},
		{"makes one for another", 403, "POST", "/rooms", m{"user": boss.ID}},
		{"makes one for nobody", 403, "POST", "/rooms", m{"user": nil}},
		{"changes another's", 404, "PATCH", "/rooms/" + theirs.ID, m{"open": true}},
		{"mints a token", 201, "POST", "/rooms/" + room.ID + "/tokens", m{"role": "moderator"}},
		{"names themselves in one", 201, "POST", "/rooms/" + room.ID + "/tokens", m{"user": me.ID}},
		{"names another in one", 422, "POST", "/rooms/" + room.ID + "/tokens", m{"user": boss.ID}},
		{"names a customer in one", 201, "POST", "/rooms/" + room.ID + "/tokens", m{"customer": customer.ID}},
		{"mints one for another's room", 404, "POST", "/rooms/" + theirs.ID + "/tokens", m{}},
		{"meets in another's room", 403, "POST", "/meetings", m{"room": theirs.ID, "user": me.ID, "starts_at": "2026-12-01T09:00:00Z"}},
		{"moves to another's room", 403, "PATCH", "/meetings/" + meeting.ID, m{"room": theirs.ID}},
		{"invites", 201, "POST", "/attendees", m{"meeting": meeting.ID, "customer": customer.ID}},
		{"invites to another's meeting", 403, "POST", "/attendees", m{"meeting": theirMeeting.ID, "customer": customer.ID}},
		{"reads customers", 200, "GET", "/customers/" + customer.ID, nil},
		{"changes customers", 403, "PATCH", "/customers/" + customer.ID, m{"name": "x"}},
		{"lists a contact", 201, "POST", "/contacts", m{"user": me.ID, "customer": customer.ID}},
		{"lists one for another", 403, "POST", "/contacts", m{"user": boss.ID, "customer": customer.ID}},
		{"reads keys", 403, "GET", "/api-keys", nil},
		{"reads the company", 403, "GET", "", nil},
		{"cancels", 204, "DELETE", "/meetings/" + meeting.ID, nil},
		{"drops the room", 204, "DELETE", "/rooms/" + room.ID, nil},
	} {
		if w := host.do(c.method, own+c.path, c.body); w.Code != c.status {
			t.Errorf("%s: %d, want %d: %s", c.name, w.Code, c.status, w.Body)
		}
	}
}

// Who loses a role loses it at the next call; who is sent away is away.
func TestRightsAreThoseOfTheMoment(t *testing.T) {
	p := newPlatform(t)
	acme := p.company("acme")
	u := p.user("acme", "ada@acme.example", "COMPANY_ADMIN")
	const own = "/api/v1/companies/acme"
	ada := p.signedIn("acme", "ada@acme.example")
	ada.want(200, "GET", own+"/api-keys", nil, nil)
	acme.want(200, "PATCH", own+"/users/"+u.ID, m{"role": "HOST"}, nil)
	ada.refused(403, "insufficient_scope", "", "GET", own+"/api-keys", nil)
	ada.want(200, "GET", own+"/users/"+u.ID, nil, nil)
	acme.want(200, "PATCH", own+"/users/"+u.ID, m{"password": "another good one"}, nil)
	ada.refused(401, "unauthorized", "", "GET", own+"/users/"+u.ID, nil)
	acme.want(200, "PATCH", own+"/users/"+u.ID, m{"password": goodPassword}, nil)
	ada = p.signedIn("acme", "ada@acme.example")
	acme.want(204, "DELETE", own+"/users/"+u.ID+"/sessions", nil, nil)
	ada.refused(401, "unauthorized", "", "GET", "/api/v1/me", nil)
}

// A company's administrator gets no hold of who stands above, by no way to sign in.
func TestCompaniesDoNotSignInResellersAdministrators(t *testing.T) {
	p := newPlatform(t)
	p.root.want(201, "POST", "/api/v1/resellers", m{"id": "rs", "name": "R"}, nil)
	p.root.want(201, "POST", "/api/v1/companies", m{"id": "acme", "name": "ACME", "reseller": "rs"}, nil)
	above := p.user("acme", "above@acme.example", "RESELLER_ADMIN")
	p.user("acme", "ada@acme.example", "COMPANY_ADMIN")
	ada, reseller := p.signedIn("acme", "ada@acme.example"), p.signedIn("acme", "above@acme.example")
	of := "/api/v1/companies/acme/users/" + above.ID
	for _, path := range []string{"/password-links", "/login-keys"} {
		ada.refused(403, "forbidden", "", "POST", of+path, m{})
		reseller.want(201, "POST", of+path, m{}, nil)
	}
	ada.refused(403, "forbidden", "", "DELETE", of+"/sessions", nil)
	reseller.want(200, "GET", "/api/v1/resellers/rs", nil, nil)
	p.company("own") // one of the platform's: its administrator of a reseller administers the company
	p.user("own", "x@own.example", "RESELLER_ADMIN")
	p.signedIn("own", "x@own.example").refused(403, "forbidden", "", "GET", "/api/v1/platform", nil)
	p.signedIn("own", "x@own.example").want(404, "GET", "/api/v1/companies/acme", nil, nil)
	p.signedIn("own", "x@own.example").want(200, "GET", "/api/v1/companies/own", nil, nil)
}
