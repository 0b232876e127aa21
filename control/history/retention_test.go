package history

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/meridian-video/meridian/control/history/record"
)

// count is how many rows of a company a table has.
func count(t *testing.T, s *Store, table, company string) (n int) {
	t.Helper()
	if err := s.read.QueryRowContext(t.Context(), "SELECT count(*) FROM "+table+" WHERE company = $1", company).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

const day = 86400.0

func TestRetentionTakesWhatIsOldAndNothingElse(t *testing.T) {
	onEach(t, func(t *testing.T, s *Store) {
		for i, age := range []float64{-40, -20, -1} {
			for _, company := range []string{"acme", "other"} {
				m := meeting{company, "daily", fmt.Sprintf("s%d", i)}
				at := age * day
				ingest(t, s, m.opened(at), m.joined("ann", at), m.chat("ann", 1, at), m.closed(at+60), event(m.session, company, "user:u1", at))
				if _, err := s.write.ExecContext(t.Context(), `INSERT INTO delivery (company, delivery, endpoint, event, created) VALUES ($1, $2, 'e', 'v', $3)`,
					company, m.session, after(at).UnixMilli()); err != nil {
					t.Fatal(err)
				}
			}
		}
		tests := []struct {
			keep Retention
			want Purged
		}{
			{Retention{}, Purged{}},
			{Retention{Sessions: 60, Chat: 60, Audit: 60, Deliveries: 60}, Purged{}},
			{Retention{Chat: 10}, Purged{Messages: 2}},
			{Retention{Sessions: 30}, Purged{Sessions: 1, Participants: 1}},
			{Retention{Audit: 30, Deliveries: 10}, Purged{Audit: 1, Deliveries: 2}},
			{Retention{Sessions: 10, Audit: 10}, Purged{Sessions: 1, Participants: 1, Audit: 1}},
			{Retention{Sessions: 10, Audit: 10}, Purged{}},
		}
		for _, test := range tests {
			if got, err := s.Purge(t.Context(), "acme", test.keep, noon); err != nil || got != test.want {
				t.Errorf("%+v: %+v, want %+v, %v", test.keep, got, test.want, err)
			}
		}
		for table, left := range map[string]int{"session": 1, "presence": 1, "message": 1, "audit": 1, "delivery": 1} {
			if got := count(t, s, table, "acme"); got != left {
				t.Errorf("%s: %d left, want %d", table, got, left)
			}
			if got := count(t, s, table, "other"); got != 3 {
				t.Errorf("%s: %d left of another company", table, got)
			}
		}
	})
}

func TestRetentionKeepsWhatRuns(t *testing.T) {
	onEach(t, func(t *testing.T, s *Store) {
		running, silent := meeting{"acme", "daily", "running"}, meeting{"acme", "daily", "silent"}
		for _, m := range []meeting{running, silent} {
			ingest(t, s, m.opened(-90*day), m.joined("ann", -90*day))
		}
		ingest(t, s, running.tick("ann", -90*day, -60))
		got, err := s.Purge(t.Context(), "acme", Retention{Sessions: 30}, noon)
		if err != nil || got != (Purged{Sessions: 1, Participants: 1}) {
			t.Errorf("%+v, %v", got, err)
		}
		if _, ok, err := s.Session(t.Context(), "acme", "running"); !ok || err != nil {
			t.Errorf("a session that runs is gone, %v", err)
		}
	})
}

// A purge of much must not keep records waiting: they go in between its transactions.
func TestRecordsArriveWhileAPurgeRuns(t *testing.T) {
	onEach(t, func(t *testing.T, s *Store) {
		var old []record.Record
		for i := range 4000 {
			old = append(old, daily.chat("ann", uint64(i), -90*day+float64(i)))
		}
		ingest(t, s, old...)
		ctx, cancel := context.WithCancel(t.Context())
		purged := make(chan Purged, 1)
		go func() {
			p, err := s.Purge(ctx, "acme", Retention{Chat: 30}, noon)
			if err != nil && !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
			purged <- p
		}()
		arrived := 0
		for i := 0; ; i++ {
			select {
			case p := <-purged:
				cancel()
				if p.Messages != 4000 {
					t.Errorf("purged %+v", p)
				}
				if left := count(t, s, "message", "acme"); left != arrived {
					t.Errorf("%d messages left, %d arrived", left, arrived)
				}
				return
			default:
				ingest(t, s, daily.chat("bob", uint64(10_000+i), 0))
				arrived++
			}
		}
	})
}

func TestAForgottenPersonIsCountedAndNotKnown(t *testing.T) {
	onEach(t, func(t *testing.T, s *Store) {
		second := meeting{"acme", "daily", "s2"}
		var records []record.Record
		for _, m := range []meeting{daily, second, {"other", "daily", "s1"}} {
			records = append(records, m.opened(0), m.joined("ann", 1), m.joined("bob", 2), m.left("ann", 1, 100, record.ReasonLeft),
				m.chat("ann", 1, 3), m.chat("bob", 2, 4), m.closed(300))
		}
		ingest(t, s, records...)
		before := Summarise(stays(t, s, after(-60), after(60)))

		if _, err := s.Forget(t.Context(), "acme", Who{}); err == nil {
			t.Error("nobody was forgotten without an error")
		}
		got, err := s.Forget(t.Context(), "acme", Who{Peers: []string{"ann"}, Persons: []string{"u-ann", "u-nobody"}})
		if err != nil || got != (Forgotten{Participants: 2, Messages: 2}) {
			t.Errorf("%+v, %v", got, err)
		}
		ingest(t, s, records...) // outboxes repeat
		if rest, err := s.Forget(t.Context(), "acme", Who{Peers: []string{"ann"}}); err != nil || rest != (Forgotten{}) {
			t.Errorf("left over: %+v, %v", rest, err)
		}
		if now := Summarise(stays(t, s, after(-60), after(60))); now != before {
			t.Errorf("statistics were %+v and are %+v", before, now)
		}
		for _, session := range []string{"s1", "s2"} {
			people, _, err := s.Participants(t.Context(), "acme", session, Page{})
			if err != nil || len(people) != 2 {
				t.Fatalf("%v, %v", people, err)
			}
			ann, bob := people[0], people[1]
			if ann.Name+ann.Person != "" || len(ann.Attributes) > 0 || ann.Peer == "ann" || ann.Reason != record.ReasonLeft || bob.Name == "" {
				t.Errorf("got %+v and %+v", ann, bob)
			}
			chat, _, err := s.Messages(t.Context(), "acme", session, Page{})
			if err != nil || len(chat) != 2 || chat[0].Text+chat[0].Name != "" || chat[0].Peer != ann.Peer || chat[1].Text != "message 2" {
				t.Errorf("got %+v, %v", chat, err)
			}
		}
		other, _, err := s.Participants(t.Context(), "other", "s1", Page{})
		if err != nil || other[0].Name == "" {
			t.Errorf("another company's person is gone: %+v, %v", other, err)
		}
	})
}

func TestManyPresencesAreForgotten(t *testing.T) {
	s := open(t, sqliteURL(t))
	var records []record.Record
	for i := range purgeRows + 10 {
		records = append(records, daily.joined("ann", float64(i)))
	}
	ingest(t, s, records...)
	got, err := s.Forget(t.Context(), "acme", Who{Persons: []string{"u-ann"}})
	if err != nil || got.Participants != purgeRows+10 {
		t.Errorf("%+v, %v", got, err)
	}
	if sum := Summarise(stays(t, s, noon, after(day))); sum.Participants != 1 {
		t.Errorf("one person became %d", sum.Participants)
	}
}

func TestAPersonGetsAllThatIsKept(t *testing.T) {
	onEach(t, func(t *testing.T, s *Store) {
		second := meeting{"acme", "weekly", "s2"}
		ingest(t, s, daily.joined("ann", 1), daily.chat("ann", 1, 3), daily.chat("bob", 2, 4), daily.joined("ann", 5), daily.joined("bob", 2),
			second.joined("a2", 100), second.chat("a2", 1, 101), meeting{"other", "daily", "s1"}.joined("ann", 1),
			event("e1", "acme", "user:u-a2", 1), event("e2", "acme", "user:u-bob", 1), event("e3", "other", "user:u-a2", 1))
		var out lines
		if err := s.ExportPerson(t.Context(), "acme", Who{Peers: []string{"ann"}, Persons: []string{"u-a2"}}, &out); err != nil {
			t.Fatal(err)
		}
		want := []string{
			`{"participant":{"session":"s1","room":"daily","peer":"ann","person":"u-ann","name":"Name of ann","attributes":{"team":"red"},"role":"regular","mode":"speaker","pop":"fra","joined":"2026-11-20T12:00:01Z"}}`,
			`{"message":{"session":"s1","message":"s1-m1","written":"2026-11-20T12:00:03Z","peer":"ann","name":"Name of ann","text":"message 1"}}`,
			`{"participant":{"session":"s1","room":"daily","peer":"ann","person":"u-ann","name":"Name of ann","attributes":{"team":"red"},"role":"regular","mode":"speaker","pop":"fra","joined":"2026-11-20T12:00:05Z"}}`,
			`{"participant":{"session":"s2","room":"weekly","peer":"a2","person":"u-a2","name":"Name of a2","attributes":{"team":"red"},"role":"regular","mode":"speaker","pop":"fra","joined":"2026-11-20T12:01:40Z"}}`,
			`{"message":{"session":"s2","message":"s2-m1","written":"2026-11-20T12:01:41Z","peer":"a2","name":"Name of a2","text":"message 1"}}`,
			`{"audit":{"event":"e1","company":"acme","at":"2026-11-20T12:00:01Z","actor":"user:u-a2","action":"room.update","object":{"kind":"room","id":"r-e1"},"request":"q-e1","changes":[{"field":"lobby","before":"false","after":"true"}]}}`,
		}
		if !slices.Equal(out, want) {
			t.Errorf("got %q", out)
		}
	})
}

// lines collects what is written by lines.
type lines []string

func (l *lines) Write(line []byte) (int, error) {
	*l = append(*l, string(line[:len(line)-1]))
	return len(line), nil
}
