package history

import (
	"context"
	"errors"
	"fmt"
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
