package api_test

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/meridian-video/meridian/control/history"
	"github.com/meridian-video/meridian/control/notify"
	"github.com/meridian-video/meridian/control/notify/event"
	"github.com/meridian-video/meridian/control/notify/queue"
	"github.com/meridian-video/meridian/control/state"
)

// deliveries is a log in a file, of which nothing is sent.
func deliveries(t *testing.T) *notify.Notifier {
	t.Helper()
	s, err := history.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "history.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return &notify.Notifier{Queue: queue.New(s), Now: time.Now, Log: slog.New(slog.DiscardHandler)}
}

// hooked is a platform whose company acme has a native webhook.
type hooked struct {
	*platform
	id, path, secret string
}

func newHooked(t *testing.T) *hooked {
	p := newPlatform(t)
	p.root.want(201, "POST", "/api/v1/companies", m{"id": "acme", "name": "Acme"}, nil)
	var made struct{ ID, Secret string }
	p.root.want(201, "POST", "/api/v1/companies/acme/webhooks", m{"url": "https://hooks.acme.example/"}, &made)
	return &hooked{p, made.ID, "/api/v1/companies/acme/webhooks/" + made.ID, made.Secret}
}

// test sends a test event, and ends its delivery when an outcome is given.
func (h *hooked) test(note string, outcome queue.Outcome, fault string) (delivery string) {
	h.t.Helper()
	var made struct{ Delivery string }
	h.root.want(202, "POST", h.path+"/test", m{"note": note}, &made)
	due, err := h.notices.Queue.Due(h.t.Context(), queue.Lane{Company: "acme", Endpoint: h.id, Kind: queue.Webhook}, time.Now().Add(time.Minute), 100)
	if err != nil {
		h.t.Fatal(err)
	}
	for _, d := range due {
		if d.ID != made.Delivery || outcome == "" && fault == "" {
			continue
		}
		r := queue.Result{Delivery: d, Outcome: outcome, At: time.Now(), Due: time.Now().Add(time.Hour), Status: 204, Fault: fault}
		if fault != "" {
			r.Status = 502
		}
		if err := h.notices.Queue.Record(h.t.Context(), r); err != nil {
			h.t.Fatal(err)
		}
	}
	return made.Delivery
}

type shownDelivery struct {
	ID, Event, Type, Outcome, Fault string
	Attempts, Status                int
	NextAt                          *time.Time `json:"next_at"`
	Tries                           []struct {
		At     time.Time
		Status int
		Fault  string
	}
}

type deliveryPage struct {
	Items      []shownDelivery
	NextCursor string `json:"next_cursor"`
}

func (h *hooked) list(query string) (out deliveryPage) {
	h.t.Helper()
	h.root.want(200, "GET", h.path+"/deliveries"+query, nil, &out)
	return out
}

func TestDeliveriesAreListedInPagesAndNarrowedDown(t *testing.T) {
	h := newHooked(t)
	ids := map[string]bool{h.test("1", queue.Delivered, ""): true, h.test("2", queue.Dead, "Bad Gateway"): true, h.test("3", "", ""): true}
	seen := map[string]bool{}
	for query, pages := "?limit=2", 0; query != ""; pages++ {
		page := h.list(query)
		for _, d := range page.Items {
			if seen[d.ID] || !ids[d.ID] || d.Type != "webhook.test" || !strings.HasPrefix(d.Event, "evt_") {
				t.Errorf("%+v", d)
			}
			seen[d.ID] = true
		}
		query = ""
		if page.NextCursor != "" && pages < 5 {
			query = "?limit=2&cursor=" + page.NextCursor
		}
	}
	if len(seen) != len(ids) {
		t.Errorf("%d of %d were listed", len(seen), len(ids))
	}
	for _, outcome := range []string{"pending", "delivered", "dead"} {
		if page := h.list("?outcome=" + outcome); len(page.Items) != 1 || page.Items[0].Outcome != outcome {
			t.Errorf("%s: %+v", outcome, page.Items)
		}
	}
	tomorrow := time.Now().Add(24 * time.Hour).UTC().Format(time.RFC3339)
	if n := len(h.list("?from=" + tomorrow).Items); n != 0 {
		t.Errorf("%d were made tomorrow", n)
	}
	if n := len(h.list("?to=" + tomorrow).Items); n != 3 {
		t.Errorf("%d were made before tomorrow", n)
	}
	for _, bad := range []string{"?cursor=x!", "?outcome=lost", "?from=yesterday", "?limit=0", "?room=r"} {
		if w := h.root.do("GET", h.path+"/deliveries"+bad, nil); w.Code != 422 {
			t.Errorf("%s: %d %s", bad, w.Code, w.Body)
		}
	}
}

func TestADeliveryShowsItsAttempts(t *testing.T) {
	h := newHooked(t)
	id := h.test("1", "", "Bad Gateway")
	var d shownDelivery
	h.root.want(200, "GET", h.path+"/deliveries/"+id, nil, &d)
	if d.Outcome != "pending" || d.NextAt == nil || d.Attempts != 1 || d.Fault != "Bad Gateway" || len(d.Tries) != 1 || d.Tries[0].Status != 502 {
		t.Errorf("%+v", d)
	}
	var other struct{ ID string }
	h.root.want(201, "POST", "/api/v1/companies/acme/webhooks", m{"url": "https://other.acme.example/"}, &other)
	for _, path := range []string{h.path + "/deliveries/dlv_none", "/api/v1/companies/acme/webhooks/" + other.ID + "/deliveries/" + id} {
		h.root.want(404, "GET", path, nil, nil)
	}
}

func TestDeliveriesAreReplayed(t *testing.T) {
	h := newHooked(t)
	dead, delivered := h.test("1", queue.Dead, "gone"), h.test("2", queue.Delivered, "")
	since := time.Now().Add(-time.Hour).UTC().Format(time.RFC3339)
	var out struct{ Replayed int }
	h.root.want(202, "POST", h.path+"/replay", m{"since": since}, &out)
	if out.Replayed != 1 || h.outcome(dead) != "pending" || h.outcome(delivered) != "delivered" {
		t.Errorf("dead ones: %+v", out)
	}
	h.root.want(202, "POST", h.path+"/replay", m{"since": since, "all": true}, &out)
	if out.Replayed != 1 || h.outcome(delivered) != "pending" {
		t.Errorf("all: %+v", out)
	}
	one := h.test("3", queue.Delivered, "")
	h.root.want(202, "POST", h.path+"/replay", m{"delivery": one}, &out)
	if out.Replayed != 1 || h.outcome(one) != "pending" {
		t.Errorf("one: %+v", out)
	}
	h.root.want(404, "POST", h.path+"/replay", m{"delivery": "dlv_none"}, nil)
	for _, bad := range []m{{}, {"delivery": one, "since": since}, {"delivery": one, "all": true}, {"all": true}} {
		h.root.want(422, "POST", h.path+"/replay", bad, nil)
	}
}

func (h *hooked) outcome(id string) string {
	h.t.Helper()
	var d shownDelivery
	h.root.want(200, "GET", h.path+"/deliveries/"+id, nil, &d)
	return d.Outcome
}

// post is a POST with an idempotency key.
func (h *hooked) post(path, body, key string) *httptest.ResponseRecorder {
	r := httptest.NewRequestWithContext(h.t.Context(), http.MethodPost, path, bytes.NewReader([]byte(body)))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Idempotency-Key", key)
	return h.root.send(r)
}

func TestATestEventIsSentOnceForAKey(t *testing.T) {
	h := newHooked(t)
	first, again, other := h.post(h.path+"/test", `{}`, "a"), h.post(h.path+"/test", `{}`, "a"), h.post(h.path+"/test", `{}`, "b")
	if first.Code != 202 || first.Body.String() != again.Body.String() || first.Body.String() == other.Body.String() {
		t.Errorf("%s, %s, %s", first.Body, again.Body, other.Body)
	}
	if n := len(h.list("").Items); n != 2 {
		t.Errorf("%d deliveries of two keys", n)
	}
}

func TestASecretIsReplacedWithAnOverlap(t *testing.T) {
	h := newHooked(t)
	signing := func(at time.Duration) int {
		w, _ := state.Get[state.Webhook](h.store.View(), h.id)
		return len(w.SigningKeys(time.Now().Add(at)))
	}
	var shown struct{ Secret, ID string }
	w := h.post(h.path+"/secret", `{"overlap_seconds":3600}`, "once")
	if again := h.post(h.path+"/secret", `{"overlap_seconds":3600}`, "once"); w.Code != 200 || w.Body.String() != again.Body.String() || again.Header().Get("Idempotency-Replayed") == "" {
		t.Errorf("again: %s, then %s", w.Body, again.Body)
	}
	h.root.want(200, "GET", h.path, nil, &shown)
	if !strings.Contains(w.Body.String(), `"secret":"whsec_`) || strings.Contains(w.Body.String(), h.secret) || shown.Secret != "" || w.Header().Get("ETag") == "" {
		t.Errorf("%s, later %+v", w.Body, shown)
	}
	if signing(0) != 2 || signing(59*time.Minute) != 2 || signing(61*time.Minute) != 1 {
		t.Errorf("%d keys now, %d at the end, %d after it", signing(0), signing(59*time.Minute), signing(61*time.Minute))
	}
	h.root.want(200, "POST", h.path+"/secret", m{"overlap_seconds": 0}, &shown)
	if signing(0) != 1 || shown.Secret == "" {
		t.Errorf("a leaked key still signs: %d keys", signing(0))
	}
	h.root.want(200, "POST", h.path+"/secret", m{}, nil)
	if signing(0) != 2 || signing(25*time.Hour) != 1 {
		t.Errorf("by default %d keys", signing(0))
	}
}

func TestADisabledWebhookIsCalledAgainWhenItIsEnabled(t *testing.T) {
	h := newHooked(t)
	dead := h.test("1", queue.Dead, "Gone")
	if _, err := h.store.Propose(t.Context(), &state.DisableWebhook{Company: "acme", ID: h.id, Reason: "it answered 410 Gone"}); err != nil {
		t.Fatal(err)
	}
	h.root.want(409, "POST", h.path+"/test", m{}, nil)
	h.root.want(409, "POST", h.path+"/replay", m{"delivery": dead}, nil)
	var shown struct{ Disabled string }
	h.root.want(200, "POST", h.path+"/enable", m{"replay_since": time.Now().Add(-time.Hour)}, &shown)
	if shown.Disabled != "" || h.outcome(dead) != "pending" {
		t.Errorf("%+v, the dead one is %s", shown, h.outcome(dead))
	}
	h.root.want(200, "POST", h.path+"/enable", m{}, nil)
}

func TestOnlyNativeWebhooksHaveDeliveries(t *testing.T) {
	h := newHooked(t)
	var made struct{ ID string }
	h.root.want(201, "POST", "/api/v1/companies/acme/webhooks", m{"url": "https://ask.acme.example/", "kind": "access"}, &made)
	path := "/api/v1/companies/acme/webhooks/" + made.ID
	h.root.want(409, "GET", path+"/deliveries", nil, nil)
	for _, verb := range []string{"/test", "/secret", "/enable"} {
		h.root.want(409, "POST", path+verb, m{}, nil)
	}
}

func TestMisspeltEventsAndTemplatesAreRefused(t *testing.T) {
	h := newHooked(t)
	h.root.want(422, "PATCH", h.path, m{"events": []string{"session.begun"}}, nil)
	h.root.want(200, "PATCH", h.path, m{"events": []event.Type{event.TypeSessionOpened}}, nil)
	path := "/api/v1/companies/acme/templates"
	for _, text := range []string{"{{define \"subject\"}}", "{{define \"subject\"}}{{range .Name}}x{{end}}{{end}}", "{{define \"other\"}}x{{end}}", ""} {
		h.root.want(422, "POST", path, m{"letter": "welcome", "language": "de", "text": text}, nil)
	}
	body := m{"letter": "welcome", "language": "de", "text": "{{define \"subject\"}}Willkommen bei {{.Brand}}{{end}}"}
	var made struct{ ID string }
	h.root.want(201, "POST", path, body, &made)
	h.root.want(409, "POST", path, body, nil)
	h.root.want(422, "PATCH", path+"/"+made.ID, m{"language": "fr"}, nil)
}

func TestALogThatDoesNotAnswerIsNotTheCallersFault(t *testing.T) {
	h := newHooked(t)
	away, err := history.Open(t.Context(), "postgres://nobody@127.0.0.1:1/none?connect_timeout=1")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = away.Close() })
	h.notices.Queue = queue.New(away)
	for path, body := range map[string]m{"/test": {}, "/replay": {"delivery": "dlv_x"}, "/deliveries": nil, "/deliveries/dlv_x": nil} {
		method := "GET"
		if body != nil {
			method = "POST"
		}
		if w := h.root.do(method, h.path+path, body); w.Code != 503 || w.Header().Get("Retry-After") == "" {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
}
