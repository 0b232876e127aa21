package history

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/meridian-video/meridian/control/history/record"
)

// pages follows cursors to the end and joins what they give.
func pages[T any](t *testing.T, limit int, ask func(Page) ([]T, string, error)) (all []T) {
	t.Helper()
	for page := (Page{Limit: limit}); len(all) < 1000; {
		rows, next, err := ask(page)
		if err != nil {
			t.Fatal(err)
		}
		if len(rows) > limit {
			t.Errorf("%d rows on a page of %d", len(rows), limit)
		}
		all = append(all, rows...)
		if next == "" {
			return all
		}
		page.Cursor = next
	}
	t.Fatal("cursors have no end")
	return nil
}

func TestSessionsAreListedNewestFirst(t *testing.T) {
	onEach(t, func(t *testing.T, s *Store) {
		var want []string
		for i := range 7 {
			m := meeting{"acme", "daily", fmt.Sprintf("s%d", i)}
			at := float64(100 * (i / 2)) // pairs begin together
			ingest(t, s, m.opened(at), m.joined("ann", at), m.joined("ann", at+1), m.joined("bob", at))
			want = append(want, m.session)
		}
		ingest(t, s, meeting{"acme", "weekly", "s9"}.opened(1000), meeting{"other", "daily", "s1"}.opened(0), daily.closed(50))
		slices.Reverse(want)
		for limit := 1; limit < 9; limit++ {
			got := pages(t, limit, func(p Page) ([]Session, string, error) {
				return s.Sessions(t.Context(), SessionFilter{Company: "acme", Room: "daily"}, p)
			})
			var ids []string
			for _, r := range got {
				ids = append(ids, r.ID)
				if r.Company != "acme" || r.Room != "daily" || r.People != 2 || r.Kind != record.Call || r.Node != "fra-1" {
					t.Errorf("got %+v", r)
				}
			}
			if !slices.Equal(ids, want) {
				t.Errorf("by %d: %v, want %v", limit, ids, want)
			}
		}
		all, _, err := s.Sessions(t.Context(), SessionFilter{Company: "acme", From: after(100), To: after(300)}, Page{})
		if err != nil || len(all) != 4 {
			t.Errorf("%d in the window, %v", len(all), err)
		}
		one, ok, err := s.Session(t.Context(), "acme", "s1")
		if err != nil || !ok || !one.Closed.Equal(after(50)) || !one.Started.Equal(noon) {
			t.Errorf("got %+v %v %v", one, ok, err)
		}
		if _, ok, err := s.Session(t.Context(), "other", "s2"); ok || err != nil {
			t.Errorf("another company's session is shown: %v", err)
		}
	})
}

func TestParticipantsAndChatOfASession(t *testing.T) {
	onEach(t, func(t *testing.T, s *Store) {
		ingest(t, s, daily.opened(0), daily.left("eve", 9, 20, record.ReasonLost)) // eve's beginning never comes
		for i, peer := range []string{"ann", "bob", "cy", "ann"} {
			ingest(t, s, daily.joined(peer, float64(i+1)), daily.chat(peer, uint64(10-i), 5))
		}
		ingest(t, s, daily.left("ann", 1, 3, record.ReasonSuperseded), daily.tick("bob", 2, 30))
		foreign := meeting{"other", "daily", "s1"}
		ingest(t, s, foreign.joined("eve", 1), foreign.chat("eve", 1, 1))

		people := pages(t, 3, func(p Page) ([]Participant, string, error) { return s.Participants(t.Context(), "acme", "s1", p) })
		var got []string
		for _, p := range people {
			got = append(got, fmt.Sprint(p.Peer, p.Joined.Sub(noon), p.Reason, p.Left.IsZero(), p.Tick.IsZero()))
		}
		want := []string{"ann1ssupersededfalse true", "bob2strue false", "cy3strue true", "ann4strue true"}
		if !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
		if p := people[0]; p.Name != "Name of ann" || p.Attributes["team"] != "red" || p.Person != "u-ann" || p.POP != "fra" || p.Mode != record.Speaker {
			t.Errorf("got %+v", p)
		}
		chat := pages(t, 3, func(p Page) ([]Message, string, error) { return s.Messages(t.Context(), "acme", "s1", p) })
		got = nil
		for _, m := range chat {
			got = append(got, fmt.Sprintf("%d %s: %s", m.Seq, m.Peer, m.Text))
		}
		want = []string{"7 ann: message 7", "8 cy: message 8", "9 bob: message 9", "10 ann: message 10"}
		if !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

// A page that is far from the beginning of a bounded list is read from where it begins.
func TestCursorsNarrowTheBoundsOfLists(t *testing.T) {
	at := func(seconds float64) Page {
		return Page{Cursor: place{[]int64{after(seconds).UnixMilli()}, "x"}.cursor()}
	}
	for _, c := range []struct {
		page             Page
		newestFirst      bool
		from, to         float64
		wantFrom, wantTo float64
	}{
		{Page{}, true, 0, 100, 0, 100},
		{at(50), true, 0, 100, 0, 50.001},
		{at(150), true, 0, 100, 0, 100},
		{at(50), false, 0, 100, 50, 100},
		{at(-50), false, 0, 100, 0, 100},
		{Page{Cursor: "!"}, false, 0, 100, 0, 100},
	} {
		from, to := c.page.narrowed(after(c.from), after(c.to), c.newestFirst)
		if !from.Equal(after(c.wantFrom)) || !to.Equal(after(c.wantTo)) {
			t.Errorf("%+v: %v to %v", c, from, to)
		}
	}
	if _, to := at(50).narrowed(noon, time.Time{}, true); !to.IsZero() {
		t.Errorf("an open list ends at %v", to)
	}
}

func TestAuditIsFilteredAndPaged(t *testing.T) {
	onEach(t, func(t *testing.T, s *Store) {
		for i := range 9 {
			ingest(t, s, event(fmt.Sprintf("e%d", i), "acme", []string{"user:u1", "key:k1", "user:u2"}[i%3], float64(i)))
		}
		ingest(t, s, event("p1", "", "node:n1", 3), event("e1", "other", "user:u1", 3))
		tests := []struct {
			want  AuditFilter
			count int
		}{
			{AuditFilter{Company: "acme"}, 9},
			{AuditFilter{Company: "acme", Actor: "key:k1"}, 3},
			{AuditFilter{Company: "acme", Object: record.Object{Kind: "room", ID: "r-e4"}}, 1},
			{AuditFilter{Company: "acme", Object: record.Object{Kind: "user"}}, 0},
			{AuditFilter{Company: "acme", Action: "room.update", From: after(2), To: after(5)}, 3},
			{AuditFilter{Company: "acme", Actor: "user:u1", From: after(1)}, 2},
			{AuditFilter{Company: "other"}, 1},
			{AuditFilter{}, 1},
		}
		for _, test := range tests {
			got := pages(t, 2, func(p Page) ([]record.Audit, string, error) { return s.Audit(t.Context(), test.want, p) })
			newestFirst := slices.IsSortedFunc(got, func(a, b record.Audit) int { return b.At.Compare(a.At) })
			if len(got) != test.count || !newestFirst {
				t.Errorf("%+v: %d events, want %d, newest first: %v", test.want, len(got), test.count, newestFirst)
			}
			for _, e := range got {
				if e.Company != test.want.Company || len(e.Changes) != 1 || e.Changes[0].After != "true" || e.Request == "" {
					t.Errorf("got %+v", e)
				}
			}
		}
	})
}

func TestCursorsOfOthersAreRefused(t *testing.T) {
	s := open(t, sqliteURL(t))
	for _, cursor := range []string{"x", "e30", "bnVsbA", place{[]int64{1, 2}, "a"}.cursor(), place{[]int64{1}, "\x00"}.cursor(), "W10"} {
		if _, _, err := s.Sessions(t.Context(), SessionFilter{Company: "acme"}, Page{Cursor: cursor}); !errors.Is(err, ErrCursor) {
			t.Errorf("%s: %v", cursor, err)
		}
	}
}

// plan says how SQLite runs a query, a line a step.
func plan(t *testing.T, s *Store, q query) []string {
	t.Helper()
	lines, err := list(t.Context(), s.read, func(r scanner) (detail string, err error) {
		var a, b, c int
		return detail, r.Scan(&a, &b, &c, &detail)
	}, query{"EXPLAIN QUERY PLAN " + q.text, q.args})
	if err != nil {
		t.Fatalf("%s: %v", q.text, err)
	}
	return lines
}

// Every question must be answered from an index that narrows it to what is asked, else it is slow only once it is
// too late to find out. Of several that begin with the company SQLite has taken the wrong one more than once.
func TestQueriesUseTheirIndexes(t *testing.T) {
	s := open(t, sqliteURL(t))
	next := Page{Cursor: place{[]int64{1}, "x"}.cursor()}
	built := func(q query, err error) query {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return q
	}
	person, err := Who{Peers: []string{"a", "b"}, Persons: []string{"c"}}.filter("a")
	if err != nil {
		t.Fatal(err)
	}
	changing := func(text string, args ...any) query { return query{text, args} }
	object := record.Object{Kind: "room", ID: "r"}
	tests := []struct {
		query query
		uses  []string // each in some step
	}{
		{built(SessionFilter{Company: "a"}.query(next)), []string{
			"session_by_time (company=? AND (started,session)<(?,?))", "p USING INDEX sqlite_autoindex_presence_1 (company=? AND session=?)",
		}},
		{built(SessionFilter{Company: "a", Room: "r", From: noon}.query(next)), []string{"session_by_room (company=? AND room=? AND started>? AND (started,session)<(?,?))"}},
		{built(SessionFilter{Company: "a", From: noon, To: noon}.query(Page{})), []string{"session_by_time (company=? AND started>? AND started<?)"}},
		{built(participantsOf("a", "s", next)), []string{"sqlite_autoindex_presence_1 (company=? AND session=?)"}},
		{built(messagesOf("a", "s", Page{})), []string{"message_by_order (company=? AND session=?)"}},
		{built(AuditFilter{Company: "a"}.query(next)), []string{"audit_by_time (company=? AND (happened,event)<(?,?))"}},
		{built(AuditFilter{Company: "a", Actor: "b"}.query(next)), []string{"audit_by_actor (company=? AND actor=? AND"}},
		{built(AuditFilter{Company: "a", Object: object, From: noon}.query(Page{})), []string{"audit_by_object (company=? AND object_kind=? AND object_id=? AND happened>?)"}},
		{built(SessionFilter{Company: "a", Phase: Running}.query(next)), []string{"session_running (company=? AND (started,session)<(?,?))"}},
		{built(SessionFilter{Company: "a", Phase: Ended}.query(next)), []string{"session_by_time (company=? AND (started,session)<(?,?))"}},
		{built(AuditFilter{Company: "a", Object: record.Object{Kind: "room"}}.query(next)), []string{"audit_by_kind (company=? AND object_kind=? AND (happened,event)<(?,?))"}},
		{StayFilter{"a", "r", noon, after(60), ""}.all(), []string{"presence_by_room (company=? AND room=? AND joined>? AND joined<?)"}},
		{StayFilter{"a", "", noon, after(60), ""}.all(), []string{"presence_by_time (company=? AND joined>? AND joined<?)"}},
		{StayFilter{"a", "", noon, after(60), "u"}.all(), []string{"presence_by_person (company=? AND person=?)"}},
		{built(StayFilter{"a", "r", noon, after(60), ""}.query(next)), []string{"presence_by_room (company=? AND room=? AND joined>? AND joined<?)", "LAST TERM OF ORDER BY"}},
		{built(StayFilter{"a", "", noon, after(60), ""}.query(next)), []string{"presence_by_time (company=? AND joined>? AND joined<?)", "LAST TERM OF ORDER BY"}},
		{changing(silent, 5, "a", 4, "s", 9), []string{
			"session USING INDEX session_running", "p USING INDEX sqlite_autoindex_presence_1 (company=? AND session=?)",
			"m USING COVERING INDEX message_by_order (company=? AND session=?)", "n USING COVERING INDEX session_by_room (company=? AND room=? AND started>?)",
		}},
		{changing(lostAndHeardOf, 5, 9), []string{"session USING INDEX session_by_loss (lost>?)"}},
		{changing(loseSession, "a", "s", 5), []string{"session USING INDEX sqlite_autoindex_session_1 (company=? AND session=?)"}},
		{changing(losePresences, "a", "s"), []string{"presence USING INDEX sqlite_autoindex_presence_1 (company=? AND session=?)"}},
		{erasure{company: "a", kind: personName, name: "p"}.presences(), []string{"presence_by_person (company=? AND person=?)"}},
		{erasure{company: "a", kind: peerName, name: "p"}.presences(), []string{"presence_by_peer (company=? AND peer=?)"}},
		{changing(eraseLateMessages, "a", "p", "x"), []string{"message USING INDEX", "presence_by_peer (company=? AND peer=?)"}},
		{changing(nextTenant, "a"), []string{"session USING COVERING INDEX", "presence USING COVERING INDEX", "audit USING COVERING INDEX"}},
		{Month("2026-11").query("a", `SELECT count(DISTINCT session), count(DISTINCT peer), count(*), `+seconds+` FROM presence`, ""), []string{
			"presence_by_time (company=? AND joined>? AND joined<?)",
		}},
		{Month("2026-11").query("a", `SELECT session, room, count(DISTINCT peer) FROM presence`, ` GROUP BY session, room`), []string{
			"presence_by_time (company=? AND joined>? AND joined<?)",
		}},
		{query{participantColumns + person.where(), person.args}, []string{
			"presence_by_peer (company=? AND peer=?)", "presence_by_person (company=? AND person=?)", "sqlite_autoindex_presence_1 (company=? AND session=?",
		}},
		{changing(endWithSession.text(sqlite, 2), "a", "s", "a", "t"), []string{
			"s USING INDEX sqlite_autoindex_session_1 (company=? AND session=?)", "presence USING INDEX sqlite_autoindex_presence_1 (company=? AND session=?)",
		}},
		{changing(oldSessions, "a", 5), []string{"session_by_time (company=? AND started<?)", "p USING INDEX sqlite_autoindex_presence_1 (company=? AND session=?)"}},
		{changing(oldRows("message", "written"), "a", 5, 5), []string{"message_by_time (company=? AND written<?)", "message_by_time (company=? AND written<?"}},
		{changing(oldRows("audit", "happened"), "a", 5, 5), []string{"audit_by_time (company=? AND happened<?)"}},
		{changing(`DELETE FROM presence WHERE company = $1 AND session = $2`, "a", "s"), []string{"sqlite_autoindex_presence_1 (company=? AND session=?)"}},
		{changing(eraseMessages, "a", "s", "p", "x"), []string{"message USING INDEX", "(company=? AND session=?)"}},
	}
	for _, test := range tests {
		steps := plan(t, s, test.query)
		for _, want := range test.uses {
			if !slices.ContainsFunc(steps, func(step string) bool { return strings.Contains(step, want) }) {
				t.Errorf("%s\nwants %s and has\n%s", test.query.text, want, strings.Join(steps, "\n"))
			}
		}
		for _, step := range steps {
			if strings.HasPrefix(step, "SCAN ") && slices.Contains([]string{"session", "presence", "message", "audit", "p", "s"}, strings.Fields(step)[1]) {
				t.Errorf("%s\nreads a whole table: %s", test.query.text, step)
			}
		}
	}
}

func TestMonthsAreChecked(t *testing.T) {
	for _, bad := range []string{"", "2026", "2026-13", "2026-1", "26-01", "2026-01-01", "1999-01", "9999-01"} {
		if _, err := ParseMonth(bad); !errors.Is(err, ErrMonth) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	m, err := ParseMonth("2026-12")
	from, to := m.Bounds()
	if err != nil || from != time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC) || to != time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC) || MonthOf(from) != m {
		t.Errorf("%v to %v, %v", from, to, err)
	}
}
