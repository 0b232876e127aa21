package api_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/meridian-video/meridian/control/api"
	"github.com/meridian-video/meridian/control/history"
	"github.com/meridian-video/meridian/control/history/ledger"
	"github.com/meridian-video/meridian/control/history/record"
	"github.com/meridian-video/meridian/control/state"
	"github.com/meridian-video/meridian/testbed/postgres"
)

var noon = time.Date(2025, 11, 20, 12, 0, 0, 0, time.UTC)

// happen lets a session have happened: Ann and Bob for an hour, with a word from Ann.
func (p *platform) happen(company, room, session string) {
	p.t.Helper()
	live := func(seconds int) record.Live {
		return record.Live{Company: company, Room: room, Session: session, At: noon.Add(time.Duration(seconds) * time.Second)}
	}
	records := []record.Record{&record.Opened{Live: live(0), RoomKind: record.Call, POP: "fra", Node: "fra-1"}}
	for i, peer := range []string{"ann", "bob"} {
		id := record.PresenceID(session, peer, live(i).At)
		records = append(records, &record.Joined{
			Live: live(i), Presence: id, Peer: peer, Role: record.Moderator, Mode: record.Speaker, POP: "fra", Node: "fra-1", Person: "u-" + peer, Name: "Name of " + peer,
		}, &record.Left{Live: live(3600), Presence: id, Peer: peer, Reason: record.ReasonLeft})
	}
	records = append(records, &record.Chat{Live: live(2), Message: "m1", Seq: 1, Peer: "ann", Name: "Name of ann", Text: "hello"}, &record.Closed{Live: live(3601)})
	p.keep(records...)
}

func (p *platform) keep(records ...record.Record) {
	p.t.Helper()
	if err := p.history.Ingest(p.t.Context(), records...); err != nil {
		p.t.Fatal(err)
	}
}

// database is the PostgreSQL server of all tests, started when one needs it; each takes a database of its own.
var database = sync.OnceValues(func() (*postgres.Server, error) {
	started = true
	return postgres.Start(context.Background())
})

var started bool

// stopDatabase ends it.
func stopDatabase() error {
	if !started {
		return nil
	}
	s, err := database()
	if err != nil {
		return nil // it never ran
	}
	return s.Close()
}

// onEach runs a test with a history in each of the databases.
func onEach(t *testing.T, test func(t *testing.T, p *platform)) {
	t.Helper()
	s, err := database()
	if err != nil {
		t.Fatal(err)
	}
	shared, err := s.Database(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for name, u := range map[string]string{"sqlite": "sqlite:" + filepath.Join(t.TempDir(), "history.db"), "postgres": shared} {
		t.Run(name, func(t *testing.T) { test(t, newPlatformWith(t, u)) })
	}
}

// ids asks a list page by page and gives the ids in it.
func (c caller) ids(path string) (all []string) {
	c.p.t.Helper()
	for cursor := ""; len(all) < 100; {
		var page struct {
			Items []struct{ ID string }
			Next  string `json:"next_cursor"`
		}
		c.want(200, "GET", path+"&limit=2&cursor="+url.QueryEscape(cursor), nil, &page)
		for _, e := range page.Items {
			all = append(all, e.ID)
		}
		if cursor = page.Next; cursor == "" {
			return all
		}
	}
	c.p.t.Fatal("pages have no end")
	return nil
}

const own = "/api/v1/companies/acme"

func TestSessionsAreListedWithWhoWasThere(t *testing.T) {
	onEach(t, func(t *testing.T, p *platform) {
		acme, other := p.company("acme"), p.company("other")
		var room state.Room
		acme.want(201, "POST", own+"/rooms", m{"public_id": "daily"}, &room)
		for i := range 3 {
			p.happen("acme", "daily", fmt.Sprintf("s%d", i))
		}
		p.happen("acme", "weekly", "w1")
		p.happen("other", "daily", "o1")
		p.keep(&record.Opened{Live: record.Live{Company: "acme", Room: "daily", Session: "now", At: noon.Add(2 * time.Hour)}, RoomKind: record.Webinar})
		for query, want := range map[string]string{
			"?": "now w1 s2 s1 s0", "?room=daily": "now s2 s1 s0", "?room=" + room.ID: "now s2 s1 s0", "?state=running": "now", "?state=ended&room=weekly": "w1",
			"?since=2025-11-20T13:00:00Z": "now", "?until=2025-11-20T13:00:00Z&room=weekly": "w1", "?room=none": "",
		} {
			if got := strings.Join(acme.ids(own+"/sessions"+query), " "); got != want {
				t.Errorf("%s: %s, want %s", query, got, want)
			}
		}
		var s api.RoomSession
		acme.want(200, "GET", own+"/sessions/s1", nil, &s)
		if s.State != "ended" || s.Lost || s.EndedAt == nil || !s.EndedAt.Equal(noon.Add(3601*time.Second)) || s.Participants != 2 || s.Kind != "call" || s.POP != "fra" {
			t.Errorf("%+v", s)
		}
		acme.want(200, "GET", own+"/sessions/now", nil, &s)
		var people struct{ Items []api.Participant }
		acme.want(200, "GET", own+"/sessions/s1/participants", nil, &people)
		if len(people.Items) != 2 || people.Items[0].Name != "Name of ann" || people.Items[0].EndReason != "left" || people.Items[1].Person != "u-bob" {
			t.Errorf("%+v", people)
		}
		var chat struct{ Items []api.Message }
		acme.want(200, "GET", own+"/sessions/s1/messages", nil, &chat)
		if len(chat.Items) != 1 || chat.Items[0].Text != "hello" || chat.Items[0].Peer != "ann" {
			t.Errorf("%+v", chat)
		}
		var n api.SessionCount
		acme.want(200, "GET", own+"/statistics/sessions?room=daily", nil, &n)
		if n != (api.SessionCount{Total: 4, Running: 1, Ended: 3}) {
			t.Errorf("%+v", n)
		}
		for _, path := range []string{"/sessions/s1", "/sessions/s1/participants", "/sessions/s1/messages"} {
			foreign := other.do("GET", "/api/v1/companies/other"+path, nil)
			same(t, path, foreign, other.do("GET", "/api/v1/companies/other"+strings.Replace(path, "s1", "nothing", 1), nil))
			if foreign.Code != 404 {
				t.Errorf("%s: %d", path, foreign.Code)
			}
		}
		noChat := acme.keyOf("/companies/acme", m{"scopes": []string{"sessions:read"}})
		noChat.refused(403, "insufficient_scope", "", "GET", own+"/sessions/s1/messages", nil)
	})
}

func TestStatisticsAreExactMultiplesOfThirtySeconds(t *testing.T) {
	onEach(t, func(t *testing.T, p *platform) {
		acme := p.company("acme")
		p.happen("acme", "daily", "s1") // joined at 0 and 1 s, left at 3600 s
		p.happen("acme", "weekly", "s2")
		const span = "since=2025-11-20T12:00:00Z&until=2025-11-20T13:00:00Z"
		for query, want := range map[string]api.StaySummary{
			"room=daily&" + span: {Participants: 2, DurationSeconds: 3600, ActiveSeconds: 3600, ParticipantSeconds: 7200},
			span:                 {Participants: 2, DurationSeconds: 3600, ActiveSeconds: 3600, ParticipantSeconds: 14400},
			"room=daily&since=2025-11-20T12:00:30Z&until=2025-11-20T13:00:00Z": {}, "room=daily": {},
		} {
			var got api.StaySummary
			acme.want(200, "GET", own+"/statistics/summary?"+query, nil, &got)
			if (got.StartedAt == nil) != (want.Participants == 0) || got.StartedAt != nil && !got.StartedAt.Equal(noon) {
				t.Errorf("%s: began at %v", query, got.StartedAt)
			}
			if got.StartedAt, got.EndedAt = nil, nil; got != want {
				t.Errorf("%s: %+v, want %+v", query, got, want)
			}
		}
		var page struct {
			Items []api.Stay
			Next  string `json:"next_cursor"`
		}
		acme.want(200, "GET", own+"/statistics/peers?limit=1&room=daily&"+span, nil, &page)
		if len(page.Items) != 1 || page.Next == "" || page.Items[0].Peer != "ann" || page.Items[0].Seconds != 3600 || !page.Items[0].JoinedAt.Equal(noon) {
			t.Errorf("%+v", page)
		}
		acme.want(200, "GET", own+"/statistics/peers?limit=1&room=daily&"+span+"&cursor="+page.Next, nil, &page)
		if page.Items[0].Peer != "bob" || page.Items[0].Seconds != 3600 {
			t.Errorf("%+v", page)
		}
		acme.refused(422, "validation_failed", "since", "GET", own+"/statistics/peers?since=2025-11-21T00:00:00Z&until=2025-11-20T00:00:00Z", nil)
		acme.refused(422, "validation_failed", "since", "GET", own+"/statistics/summary?since=yesterday", nil)
		acme.refused(422, "validation_failed", "cursor", "GET", own+"/statistics/peers?cursor=bnVsbA", nil)
		acme.refused(422, "validation_failed", "peer", "GET", own+"/statistics/peers?peer=ann", nil)
	})
}

func TestLedgersAreSignedByAKeyThatIsListed(t *testing.T) {
	onEach(t, func(t *testing.T, p *platform) {
		p.root.want(201, "POST", "/api/v1/resellers", m{"id": "north", "name": "North"}, nil)
		p.root.want(201, "POST", "/api/v1/companies", m{"id": "acme", "name": "ACME", "reseller": "north"}, nil)
		acme, north := p.root.keyOf("/companies/acme", m{}), p.root.keyOf("/resellers/north", m{})
		p.company("other")
		public := p.signer.Public().(ed25519.PublicKey)
		if _, err := p.store.Propose(t.Context(), &state.PutSigningKey{KID: ledger.KeyID(public), PublicKey: public, Node: "control-1"}); err != nil {
			t.Fatal(err)
		}
		p.happen("acme", "daily", "s1")
		p.happen("other", "daily", "s1")

		var used api.Usage
		acme.want(200, "GET", own+"/usage?month=2025-11", nil, &used)
		want := api.Usage{Company: "acme", Month: "2025-11", Sessions: 1, Participants: 2, Stays: 2, ParticipantSeconds: 7200}
		if used != want {
			t.Errorf("%+v", used)
		}
		acme.want(200, "GET", own+"/usage", nil, &used)
		if used.Month == "" || used.Stays != 0 {
			t.Errorf("the running month: %+v", used)
		}
		for path, c := range map[string]struct {
			by    caller
			count int
		}{"/api/v1/resellers/north/usage": {north, 1}, "/api/v1/usage": {p.root, 2}} {
			var list struct{ Items []api.Usage }
			c.by.want(200, "GET", path+"?month=2025-11", nil, &list)
			if len(list.Items) != c.count || list.Items[0] != want {
				t.Errorf("%s: %+v", path, list)
			}
		}

		var keys struct{ Items []api.LedgerKey }
		acme.want(200, "GET", own+"/usage/keys", nil, &keys)
		block, _ := pem.Decode([]byte(keys.Items[0].PublicKey))
		key, err := x509.ParsePKIXPublicKey(block.Bytes)
		if err != nil || keys.Items[0].ID != ledger.KeyID(public) {
			t.Fatal(err, keys)
		}
		first := acme.want(200, "GET", own+"/usage/2025-11/ledger", nil, nil).Body.Bytes()
		l, err := ledger.Verify(first, key.(ed25519.PublicKey))
		if err != nil || l.Header.Company != "acme" || l.Total != (ledger.Total{Sessions: 1, Stays: 2, Seconds: 7200}) {
			t.Errorf("%+v, %v", l, err)
		}
		p.happen("acme", "daily", "s2")
		if again := acme.want(200, "GET", own+"/usage/2025-11/ledger", nil, nil).Body.Bytes(); !bytes.Equal(again, first) {
			t.Error("a sealed month has changed")
		}
		for _, month := range []string{"2025-10", "2199-01", "2025-13", "today"} { // sealed later, not over, none
			acme.refused(422, "validation_failed", "month", "GET", own+"/usage/"+month+"/ledger", nil)
		}
		acme.refused(422, "validation_failed", "month", "GET", own+"/usage?month=2025-1", nil)
	})
}

func TestAuditIsOfOnesOwnThings(t *testing.T) {
	onEach(t, func(t *testing.T, p *platform) {
		p.root.want(201, "POST", "/api/v1/resellers", m{"id": "north", "name": "North"}, nil)
		acme, north := p.company("acme"), p.root.keyOf("/resellers/north", m{})
		change := func(id, company, actor, kind, object string, at int) {
			p.keep(&record.Audit{
				Event: id, Company: company, At: noon.Add(time.Duration(at) * time.Second), Actor: actor, Action: kind + ".update",
				Object: record.Object{Kind: kind, ID: object}, Request: "q", Changes: []record.Change{{Field: "name"}},
			})
		}
		change("e1", "acme", "key:k1", "room", "r1", 1)
		change("e2", "acme", "key:k2", "user", "u1", 2)
		change("e3", "acme", "key:k1", "room", "r2", 3)
		change("e4", state.OfReseller("north"), "key:k3", "plan", "p1", 4)
		change("e5", "", "key:k4", "reseller", "north", 5)
		for _, c := range []struct {
			by         caller
			path, want string
		}{
			{acme, own + "/audit?", "e3 e2 e1"},
			{acme, own + "/audit?actor=key:k1", "e3 e1"},
			{acme, own + "/audit?kind=room", "e3 e1"},
			{acme, own + "/audit?kind=room&object=r1", "e1"},
			{acme, own + "/audit?since=2025-11-20T12:00:02Z&until=2025-11-20T12:00:03Z", "e2"},
			{p.root, own + "/audit?kind=user", "e2"},
			{north, "/api/v1/resellers/north/audit?", "e4"},
			{p.root, "/api/v1/audit?", "e5"},
		} {
			if got := strings.Join(c.by.ids(c.path), " "); got != c.want {
				t.Errorf("%s: %s, want %s", c.path, got, c.want)
			}
		}
		acme.refused(422, "validation_failed", "object", "GET", own+"/audit?object=r1", nil)
		acme.refused(403, "forbidden", "", "GET", "/api/v1/audit", nil)
	})
}

func TestStaysOfAPerson(t *testing.T) {
	onEach(t, func(t *testing.T, p *platform) {
		acme, other := p.company("acme"), p.company("other")
		p.happen("acme", "daily", "s1")
		p.happen("acme", "weekly", "w1")
		p.happen("other", "daily", "o1")
		const span = "since=2025-11-20T11:00:00Z&until=2025-11-20T13:00:00Z"
		for query, want := range map[string]int{"person=u-ann": 2, "person=u-ann&room=daily": 1, "person=u-nobody": 0, "person=ann": 0, "": 4} {
			var page struct{ Items []api.Stay }
			acme.want(200, "GET", own+"/statistics/peers?"+span+"&"+query, nil, &page)
			var sum api.StaySummary
			acme.want(200, "GET", own+"/statistics/summary?"+span+"&"+query, nil, &sum)
			if len(page.Items) != want || sum.ParticipantSeconds != int64(want)*3600 && query != "" {
				t.Errorf("%q: %d stays, %+v; want %d", query, len(page.Items), sum, want)
			}
			for _, s := range page.Items {
				if query != "" && s.Peer != "ann" {
					t.Errorf("%q has %+v", query, s)
				}
			}
		}
		other.refused(404, "not_found", "", "GET", own+"/statistics/peers?person=u-ann", nil)
	})
}

func TestAPersonIsExportedAndErased(t *testing.T) {
	onEach(t, func(t *testing.T, p *platform) {
		acme, other := p.company("acme"), p.company("other")
		var user, host, room, meeting struct{ ID, Room string }
		acme.want(201, "POST", own+"/users", m{"name": "Ann", "email": "ann@acme.example", "password": "correct-horse-7", "permanent_room": m{"moderator_pin": "80451199"}}, &user)
		acme.want(201, "POST", own+"/users", m{"name": "Bob", "permanent_room": m{}}, &host)
		acme.want(201, "POST", own+"/customers", m{"name": "Ann", "email": "Ann@acme.example"}, nil)
		acme.want(201, "POST", own+"/rooms", m{"public_id": "daily"}, &room)
		acme.want(201, "POST", own+"/meetings", m{"room": room.ID, "user": host.ID, "starts_at": "2026-12-01T09:00:00Z"}, &meeting)
		acme.want(201, "POST", own+"/attendees", m{"meeting": meeting.ID, "email": "ann@acme.example"}, nil)
		p.happen("acme", "daily", "s1")
		live := record.Live{Company: "acme", Room: "daily", Session: "s1", At: noon.Add(time.Minute)}
		p.keep(&record.Joined{Live: live, Presence: "p9", Peer: "guest", Role: record.Regular, Mode: record.Speaker, Person: user.ID, Name: "Ann elsewhere"},
			&record.Chat{Live: live, Message: "m9", Seq: 9, Peer: "guest", Name: "Ann elsewhere", Text: "a secret"})
		const span = own + "/statistics/summary?since=2025-11-20T12:00:00Z&until=2025-11-20T13:00:00Z"
		before := acme.want(200, "GET", span, nil, nil).Body.String()

		who := m{"email": "ann@ACME.example"}
		w := acme.want(200, "POST", own+"/people/export", who, nil)
		if got, want := kinds(t, w.Body.Bytes()), []string{"user", "room", "customer", "attendee", "participant", "message"}; !slices.Equal(got, want) {
			t.Errorf("exported %v, want %v", got, want)
		}
		if strings.Contains(w.Body.String(), "argon2id") || strings.Contains(w.Body.String(), "80451199") || strings.Contains(w.Body.String(), "Bob") {
			t.Errorf("secrets or others are exported: %s", w.Body)
		}
		for _, action := range []string{"export", "erasure"} {
			other.refused(404, "not_found", "", "POST", own+"/people/"+action, who)
			other.refused(404, "not_found", "", "POST", "/api/v1/companies/other/people/"+action, m{"user": user.ID})
			acme.refused(422, "validation_failed", "email", "POST", own+"/people/"+action, m{})
			acme.refused(422, "validation_failed", "email", "POST", own+"/people/"+action, m{"user": user.ID, "peer": "guest"})
			acme.refused(404, "not_found", "", "POST", own+"/people/"+action, m{"email": "nobody@acme.example"})
		}

		var erased api.Erasure
		acme.want(200, "POST", own+"/people/erasure", who, &erased)
		if len(erased.Things) != 3 || erased.Participants != 1 || erased.Messages != 1 || erased.ID == "" || len(erased.Kept) == 0 {
			t.Errorf("%+v", erased)
		}
		for _, path := range []string{"/users/" + user.ID, "/rooms/" + user.Room} {
			acme.refused(404, "not_found", "", "GET", own+path, nil)
		}
		acme.want(200, "GET", own+"/meetings/"+meeting.ID, nil, nil)
		if after := acme.want(200, "GET", span, nil, nil).Body.String(); after != before {
			t.Errorf("statistics were %s and are %s", before, after)
		}
		all := acme.want(200, "GET", own+"/sessions/s1/participants", nil, nil).Body.String() +
			acme.want(200, "GET", own+"/sessions/s1/messages", nil, nil).Body.String()
		if strings.Contains(all, "Ann elsewhere") || strings.Contains(all, "a secret") || strings.Contains(all, "guest") || !strings.Contains(all, "Name of bob") {
			t.Errorf("after the erasure: %s", all)
		}
		audit := acme.want(200, "GET", own+"/audit?kind=person&limit=1", nil, nil).Body.String()
		if !strings.Contains(audit, "person.erase") || !strings.Contains(audit, erased.ID) || strings.Contains(audit, "ann") {
			t.Errorf("audit: %s", audit)
		}
		acme.refused(404, "not_found", "", "POST", own+"/people/erasure", who)

		acme.want(200, "POST", own+"/people/erasure", m{"peer": "bob"}, &erased)
		if erased.Participants != 1 || len(erased.Things) != 0 {
			t.Errorf("somebody without an account: %+v", erased)
		}
	})
}

// kinds is what the lines of an export are.
func kinds(t *testing.T, content []byte) (out []string) {
	t.Helper()
	for lines := bufio.NewScanner(bytes.NewReader(content)); lines.Scan(); {
		var line map[string]json.RawMessage
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil || len(line) != 1 {
			t.Fatalf("%s: %v", lines.Bytes(), err)
		}
		for kind := range line {
			out = append(out, kind)
		}
	}
	return out
}

func TestACompanyErasesNobodyAboveIt(t *testing.T) {
	p := newPlatform(t)
	p.root.want(201, "POST", "/api/v1/resellers", m{"id": "north", "name": "North"}, nil)
	p.root.want(201, "POST", "/api/v1/companies", m{"id": "acme", "name": "ACME", "reseller": "north"}, nil)
	acme, north := p.root.keyOf("/companies/acme", m{}), p.root.keyOf("/resellers/north", m{})
	var boss struct{ ID string }
	north.want(201, "POST", own+"/users", m{"name": "Boss", "role": "RESELLER_ADMIN"}, &boss)
	acme.refused(403, "forbidden", "", "POST", own+"/people/erasure", m{"user": boss.ID})
	acme.want(200, "GET", own+"/users/"+boss.ID, nil, nil)
	north.want(200, "POST", own+"/people/erasure", m{"user": boss.ID}, nil)
}

func TestWhileTheHistoryIsAwayTheRestAnswers(t *testing.T) {
	p := newPlatformWith(t, "postgres://nobody@127.0.0.1:1/nothing")
	acme := p.company("acme")
	acme.want(200, "GET", own, nil, nil)
	for _, path := range []string{"/sessions", "/sessions/s1", "/statistics/peers", "/statistics/summary", "/statistics/sessions", "/usage", "/usage/2024-01/ledger", "/audit"} {
		acme.refused(503, "unavailable", "", "GET", own+path, nil)
		if w := acme.do("GET", own+path, nil); w.Header().Get("Retry-After") == "" {
			t.Errorf("%s says not when to try again", path)
		}
	}
	for _, action := range []string{"export", "erasure"} {
		acme.refused(503, "unavailable", "", "POST", own+"/people/"+action, m{"peer": "ann"})
	}
}

// PostgreSQL refuses NUL and what is no UTF-8; nobody is to hear of it as a fault of ours.
func TestTextsThatNoRecordHoldsAreRefused(t *testing.T) {
	onEach(t, func(t *testing.T, p *platform) {
		acme := p.company("acme")
		for _, text := range []string{"%00", "a%00b", "%ff"} {
			for _, query := range []string{"/sessions?room=", "/statistics/peers?room=", "/statistics/summary?room=", "/statistics/sessions?room=", "/audit?actor=", "/audit?kind="} {
				if w := acme.do("GET", own+query+text, nil); w.Code != 422 {
					t.Errorf("%s%s: %d %s", query, text, w.Code, w.Body)
				}
			}
			acme.refused(404, "not_found", "", "GET", own+"/sessions/"+text+"/messages", nil)
		}
		acme.refused(422, "validation_failed", "peer", "POST", own+"/people/export", m{"peer": "a\x00"})
	})
}

// A session of which nothing was heard any more has an end, and says so.
func TestALostSessionIsShownAsEnded(t *testing.T) {
	p := newPlatform(t)
	acme := p.company("acme")
	p.keep(&record.Opened{Live: record.Live{Company: "acme", Room: "daily", Session: "s1", At: noon}, RoomKind: record.Call})
	silent, err := p.history.Silent(t.Context(), noon.Add(time.Hour), history.Silent{})
	if err != nil || len(silent) != 1 {
		t.Fatal(silent, err)
	}
	if _, err := p.history.Lose(t.Context(), silent[0]); err != nil {
		t.Fatal(err)
	}
	var s api.RoomSession
	acme.want(200, "GET", own+"/sessions/s1", nil, &s)
	if s.State != "ended" || !s.Lost || s.EndedAt == nil || !s.EndedAt.Equal(noon) {
		t.Errorf("%+v", s)
	}
}
