package api_test

import (
	"encoding/json"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/meridian-video/meridian/control/state"
)

// with sends a request with headers, given as names and values.
func (c caller) with(method, path string, body any, headers ...string) *httptest.ResponseRecorder {
	c.p.t.Helper()
	text := ""
	if body != nil {
		text = string(mustJSON(c.p.t, body))
	}
	r := httptest.NewRequestWithContext(c.p.t.Context(), method, path, strings.NewReader(text))
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return c.send(r)
}

func TestRepetitionGivesWhatTheFirstCallGave(t *testing.T) {
	p := newPlatform(t)
	acme := p.company("acme")
	const path = "/api/v1/companies/acme/api-keys"
	first := acme.with("POST", path, m{"name": "second key"}, "Idempotency-Key", "k-1")
	again := acme.with("POST", path, m{"name": "second key"}, "Idempotency-Key", "k-1")
	if first.Code != 201 || first.Header().Get("Idempotency-Replayed") != "" {
		t.Fatalf("%d %s %s", first.Code, first.Header(), first.Body)
	}
	if again.Code != 201 || again.Header().Get("Idempotency-Replayed") != "true" || again.Body.String() != first.Body.String() ||
		again.Header().Get("Location") != first.Header().Get("Location") || again.Header().Get("ETag") != first.Header().Get("ETag") {
		t.Fatalf("%d %s\n%s\n%s", again.Code, again.Header(), first.Body, again.Body)
	}
	var made struct{ Key string }
	if err := json.Unmarshal(again.Body.Bytes(), &made); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(p.snapshot(), strings.SplitN(made.Key, "_", 3)[2]) {
		t.Error("the remembered answer holds the key as it is")
	}
	(caller{p: p, key: made.Key}).want(200, "GET", path, nil, nil)

	var reused problem
	w := acme.with("POST", path, m{"name": "another"}, "Idempotency-Key", "k-1")
	if err := json.Unmarshal(w.Body.Bytes(), &reused); err != nil || w.Code != 422 || reused.Code != "key_reused" {
		t.Errorf("another request with the key: %d %s", w.Code, w.Body)
	}
	if w := p.root.with("POST", path, m{"name": "second key"}, "Idempotency-Key", "k-1"); w.Code != 201 || w.Header().Get("Idempotency-Replayed") != "" {
		t.Errorf("another caller's key is one's own: %d %s", w.Code, w.Header())
	}
	for _, bad := range []string{"has space", strings.Repeat("x", 256), "ümlaut"} {
		if w := acme.with("POST", path, m{"name": "x"}, "Idempotency-Key", bad); w.Code != 422 {
			t.Errorf("%q: %d", bad, w.Code)
		}
	}
}

func TestRefusedCallsAreNotRemembered(t *testing.T) {
	p := newPlatform(t)
	acme := p.company("acme")
	const path = "/api/v1/companies/acme/contacts"
	if w := acme.with("POST", path, m{"user": "u", "customer": "c"}, "Idempotency-Key", "k"); w.Code != 422 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if w := acme.with("POST", "/api/v1/companies/acme/rooms", m{}, "Idempotency-Key", "k"); w.Code != 201 {
		t.Fatalf("the key of a refused call: %d %s", w.Code, w.Body)
	}
}

func TestOfEqualCallsAtOnceOneHappens(t *testing.T) {
	p := newPlatform(t)
	acme := p.company("acme")
	var wg sync.WaitGroup
	bodies := make([]string, 8)
	for i := range bodies {
		wg.Go(func() {
			bodies[i] = acme.with("POST", "/api/v1/companies/acme/rooms", m{"name": "one"}, "Idempotency-Key", "k").Body.String()
		})
	}
	wg.Wait()
	for _, b := range bodies {
		if b != bodies[0] {
			t.Errorf("%s\n%s", b, bodies[0])
		}
	}
	n := 0
	for range state.List[state.Room](p.store.View(), "acme", "") {
		n++
	}
	if n != 1 {
		t.Errorf("%d rooms", n)
	}
}

func TestWritesAreMeantForAVersion(t *testing.T) {
	p := newPlatform(t)
	p.company("acme")
	const room = "/api/v1/companies/acme/rooms/standup"
	made := p.root.want(201, "POST", "/api/v1/companies/acme/rooms", m{"public_id": "standup"}, nil)
	tag := made.Header().Get("ETag")
	if got := p.root.want(200, "GET", room, nil, nil).Header().Get("ETag"); tag == "" || got != tag {
		t.Fatalf("ETag %q, then %q", tag, got)
	}
	for _, c := range []struct {
		name, method, header, value string
		want                        int
	}{
		{"unchanged", "GET", "If-None-Match", tag, 304},
		{"unchanged, weak", "GET", "If-None-Match", "W/" + tag, 304},
		{"unchanged, one of a list", "GET", "If-None-Match", `"1", ` + tag, 304},
		{"any", "GET", "If-None-Match", "*", 304},
		{"changed", "GET", "If-None-Match", `"1"`, 200},
		{"stale", "PATCH", "If-Match", `"1"`, 412},
		{"weak tags match nothing", "PATCH", "If-Match", "W/" + tag, 412},
		{"nonsense", "PATCH", "If-Match", "nonsense", 412},
		{"stale", "DELETE", "If-Match", `"1"`, 412},
		{"fresh", "PATCH", "If-Match", tag, 200},
		{"fresh before the change", "PATCH", "If-Match", tag, 412},
		{"any", "PATCH", "If-Match", "*", 200},
		{"no condition", "PATCH", "", "", 200},
	} {
		var body any
		if c.method == "PATCH" {
			body = m{"name": "n"}
		}
		if w := p.root.with(c.method, room, body, c.header, c.value); w.Code != c.want || c.want == 412 && !strings.Contains(w.Body.String(), `"stale"`) {
			t.Errorf("%s (%s): %d %s", c.name, c.method, w.Code, w.Body)
		}
	}
	tag = p.root.want(200, "GET", room, nil, nil).Header().Get("ETag")
	if w := p.root.with("DELETE", room, nil, "If-Match", tag); w.Code != 204 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestPatchesMerge(t *testing.T) {
	p := newPlatform(t)
	p.company("acme")
	const path = "/api/v1/companies/acme"
	p.root.want(200, "PATCH", path, m{"settings": m{"lobby": true, "branding": m{"name": "A", "colour": "#112233"}}}, nil)
	var c state.Company
	w := p.root.with("PATCH", path, m{"settings": m{"lobby": nil, "branding": m{"colour": nil}}, "time_zone": "Europe/Berlin"}, "Content-Type", "application/merge-patch+json")
	if err := json.Unmarshal(w.Body.Bytes(), &c); err != nil || w.Code != 200 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if c.Settings.Lobby != nil || c.Settings.Branding == nil || *c.Settings.Branding != (state.Branding{Name: "A"}) || c.Name != "acme" {
		t.Errorf("%s", w.Body)
	}
	for contentType, want := range map[string]int{"text/plain": 415, "application/x-www-form-urlencoded": 415, "application/json; charset=utf-8": 200, "": 200} {
		if w := p.root.with("PATCH", path, m{"name": "acme"}, "Content-Type", contentType); w.Code != want {
			t.Errorf("%q: %d %s", contentType, w.Code, w.Body)
		}
	}
	for body, field := range map[string]string{
		`{"time_zone":"Mars/Olympus"}`: "time_zone", `{"id":"x"}`: "id", `{"NAME":"x"}`: "NAME", `{"settings":{"LOBBY":true}}`: "settings.LOBBY",
		`{"settings":{"lobby":"yes"}}`: "settings.lobby", `[]`: "", `null`: "", `{"name":null}`: "name",
	} {
		r := httptest.NewRequestWithContext(t.Context(), "PATCH", path, strings.NewReader(body))
		var got problem
		w := p.root.send(r)
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || w.Code != 422 || field != "" && (len(got.Errors) == 0 || got.Errors[0].Field != field) {
			t.Errorf("%s: %d %s", body, w.Code, w.Body)
		}
	}
}
