package gcore

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/meridian-video/meridian/control/history"
	"github.com/meridian-video/meridian/control/history/record"
	"github.com/meridian-video/meridian/control/state"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// past is a history in memory with what a test puts into it.
type past struct {
	*history.Store
	t *testing.T
}

func newPast(t *testing.T) past {
	s, err := history.Open(t.Context(), "sqlite:"+t.TempDir()+"/history.db")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return past{s, t}
}

// stay puts one presence into the room hall.
func (p past) stay(peer string, joined, left time.Duration) {
	p.t.Helper()
	at := record.Live{Company: "acme", Room: "hall", Session: "s", At: noon.Add(joined)}
	end := at
	end.At = noon.Add(left)
	presence := record.PresenceID("s", peer, at.At)
	if err := p.Ingest(p.t.Context(),
		&record.Joined{Live: at, Presence: presence, Peer: peer, Role: record.Regular, Mode: record.Speaker},
		&record.Left{Live: end, Presence: presence, Peer: peer, Reason: record.ReasonLeft},
	); err != nil {
		p.t.Fatal(err)
	}
}

// who is a refusal of control's.
type who int

func (w who) Error() string  { return "who are you" }
func (w who) GetStatus() int { return int(w) }

func ask(t *testing.T, h History, path, query, key string) *httptest.ResponseRecorder {
	t.Helper()
	s := &Statistics{History: h, Log: slog.New(slog.DiscardHandler), Company: func(_ http.ResponseWriter, r *http.Request, scope string) (state.Company, error) {
		switch r.Header.Get("Authorization") {
		case "":
			return state.Company{}, who(401)
		case "much":
			return state.Company{}, who(429)
		case "away":
			return state.Company{}, who(503)
		}
		return state.Company{Meta: state.Meta{ID: "acme"}}, nil
	}}
	r := httptest.NewRequest(http.MethodGet, Path+path+query, nil)
	r.Header.Set("Authorization", key)
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

func span(from, to time.Duration) string {
	return "?" + url.Values{"room_id": {"hall"}, "from": {noon.Add(from).Format(time.RFC3339Nano)}, "to": {noon.Add(to).Format(time.RFC3339Nano)}}.Encode()
}

func rows(t *testing.T, w *httptest.ResponseRecorder) (out []stay) {
	t.Helper()
	b := body{Data: &out}
	if err := json.Unmarshal(w.Body.Bytes(), &b); err != nil || w.Code != http.StatusOK || b.Errors == nil || len(b.Errors) > 0 {
		t.Fatalf("%d %s: %v", w.Code, w.Body, err)
	}
	return out
}

// Covers GC-A74.
func TestTwoStaysAreTwoRows(t *testing.T) {
	p := newPast(t)
	p.stay("host", 0, time.Hour)
	p.stay("ann", 0, 5*time.Minute)
	p.stay("ann", 55*time.Minute, time.Hour)
	var lasted []int64
	for _, s := range rows(t, ask(t, p, "peers/", span(0, time.Hour), "key")) {
		if s.Person == "ann" {
			lasted = append(lasted, s.Duration)
		}
	}
	if len(lasted) != 2 || lasted[0] != 300 || lasted[1] != 300 {
		t.Errorf("stays of %v s", lasted)
	}
}

func TestExactBodies(t *testing.T) {
	p := newPast(t)
	p.stay("a@b.c", 31*time.Second, 61*time.Second)
	for path, want := range map[string]string{
		"peers":         `{"data":[{"person_id":"a@b.c","join_time":1795262430,"leave_time":1795262490,"duration":60}],"errors":[]}`,
		"peers/summary": `{"data":{"participants":1,"start_time":1795262430,"end_time":1795262490,"duration":60,"active_duration":60,"participant_seconds":60},"errors":[]}`,
	} {
		w := ask(t, p, path, span(0, time.Hour), "key")
		if got := strings.TrimSpace(w.Body.String()); got != want || w.Header().Get("Content-Type") != "application/json" || w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %s", path, got)
		}
	}
}

// TestEveryTimeIsOnTheGrid: whenever people come and go, times are multiples of 30
// s, and a summary is of the very rows.
// Covers GC-A73, GC-A75.
func TestEveryTimeIsOnTheGrid(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 5 {
		p := newPast(t)
		for i := range 20 {
			joined := time.Duration(random.Int64N(int64(3 * time.Hour))).Truncate(time.Millisecond)
			p.stay([]string{"ann", "bob", "cid", "42"}[i%4], joined, joined+time.Duration(random.Int64N(int64(time.Hour))))
		}
		query := span(time.Hour, 2*time.Hour)
		list := rows(t, ask(t, p, "peers", query, "key"))
		people := map[string]bool{}
		first, last, total := int64(1<<62), int64(0), int64(0)
		for i, s := range list {
			if s.Join%30 != 0 || s.Leave%30 != 0 || s.Duration != s.Leave-s.Join || i > 0 && s.Join < list[i-1].Join {
				t.Errorf("row %d of %+v", i, s)
			}
			if at := time.Unix(s.Join, 0); at.Before(noon.Add(time.Hour)) || at.After(noon.Add(2*time.Hour)) {
				t.Errorf("%v is outside the window", at)
			}
			people[s.Person] = true
			first, last, total = min(first, s.Join), max(last, s.Leave), total+s.Duration
		}
		var got summary
		b := body{Data: &got}
		if err := json.Unmarshal(ask(t, p, "peers/summary/", query, "key").Body.Bytes(), &b); err != nil {
			t.Fatal(err)
		}
		if got.Participants != len(people) || got.Start != first || got.End != last || got.Duration != last-first || got.Total != total || got.Active > got.Duration {
			t.Errorf("%+v of %d people from %d to %d", got, len(people), first, last)
		}
	}
}

// broken is a history that cannot be read.
type broken struct{ err error }

func (b broken) Statistics(context.Context, history.StayFilter) ([]history.Stay, error) {
	return nil, b.err
}

func TestRefusals(t *testing.T) {
	p, good := newPast(t), span(0, time.Hour)
	for _, c := range []struct {
		name, path, query, key string
		history                History
		want                   int
	}{
		{"nobody", "peers", good, "", p, 403},
		{"too often", "peers", good, "much", p, 429},
		{"control cannot decide", "peers", good, "away", p, 503},
		{"no data", "peers", good, "key", p, 404},
		{"no data to sum up", "peers/summary", good, "key", p, 404},
		{"another call", "peers/other", good, "key", p, 404},
		{"too much", "peers", good, "key", broken{history.ErrTooMany}, 400},
		{"broken", "peers", good, "key", broken{errors.New("secret")}, 500},
	} {
		w := ask(t, c.history, c.path, c.query, c.key)
		if w.Code != c.want || !strings.HasPrefix(w.Body.String(), `{"data":null,"errors":["`) || strings.Contains(w.Body.String(), "secret") {
			t.Errorf("%s: %d %s, want %d", c.name, w.Code, w.Body, c.want)
		}
	}
}

// TestWorstInputs: what is asked worst of both calls.
func TestWorstInputs(t *testing.T) {
	p, good := newPast(t), span(0, time.Hour)
	p.stay("ann", 0, time.Minute)
	room := func(id string) string { return strings.Replace(good, "room_id=hall", "room_id="+id, 1) }
	for what, query := range map[string]string{
		"no query":               "",
		"no room":                room(""),
		"a long room":            room(strings.Repeat("x", 257)),
		"a room with NUL":        room("a%00"),
		"a room that is no text": room("%ff%fe"),
		"no from":                "?room_id=hall&to=2026-01-01T00:00:00Z",
		"from after to":          span(time.Hour, 0),
		"to is no time":          "?room_id=hall&from=2026-01-01T00:00:00Z&to=tomorrow",
		"before all time":        "?room_id=hall&from=0001-01-01T00:00:00Z&to=2026-01-01T00:00:00Z",
		"after all time":         "?room_id=hall&from=2026-01-01T00:00:00Z&to=9999-12-31T23:59:59-23:59",
		"an escape that is none": "?room_id=%zz",
	} {
		for _, path := range []string{"peers", "peers/", "peers/summary", "peers/summary/"} {
			w := ask(t, p, path, query, "key")
			if w.Code != http.StatusBadRequest || !strings.HasPrefix(w.Body.String(), `{"data":null,"errors":["`) {
				t.Errorf("%s, %s: %d %s", path, what, w.Code, w.Body)
			}
		}
	}
}

func TestTimesAreReadLeniently(t *testing.T) {
	for text, want := range map[string]time.Time{
		"2021-06-21T00:00:00.0Z":    time.Date(2021, 6, 21, 0, 0, 0, 0, time.UTC),
		"2021-06-22T23:59:59.99Z":   time.Date(2021, 6, 22, 23, 59, 59, 990_000_000, time.UTC),
		"2021-06-21T02:00:00+02:00": time.Date(2021, 6, 21, 0, 0, 0, 0, time.UTC),
		"2021-06-21T02:00:00+0200":  time.Date(2021, 6, 21, 0, 0, 0, 0, time.UTC),
		"2021-06-21T00:00":          time.Date(2021, 6, 21, 0, 0, 0, 0, time.UTC),
		"2021-06-21":                time.Date(2021, 6, 21, 0, 0, 0, 0, time.UTC),
	} {
		if got, err := instant("from", text); err != nil || !got.Equal(want) {
			t.Errorf("%s: %v, %v", text, got, err)
		}
	}
}

func FuzzQuery(f *testing.F) {
	f.Add(span(0, time.Hour)[1:])
	f.Add("room_id=serv1test1&from=2021-06-21T00:00:00.0Z&to=2021-06-21T23:59:59.99Z")
	f.Add("room_id=%00&from=&to=9999-12-31T23:59:59Z")
	f.Fuzz(func(t *testing.T, query string) {
		want, err := read(query)
		if err != nil {
			if statusOf(err) != http.StatusBadRequest {
				t.Fatalf("%v", err)
			}
			return
		}
		if !readable(want.Room) || want.From.After(want.To) || want.From.Unix() < 0 {
			t.Fatalf("%+v", want)
		}
	})
}
