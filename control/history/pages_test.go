package history

import (
	"context"
	"flag"
	"fmt"
	"testing"
	"time"

	"github.com/meridian-video/meridian/control/history/record"
)

// sessions is how many one company has in BenchmarkPages. Figures of DESIGN.md: -sessions 1000000 -benchtime 20x.
var sessions = flag.Int("sessions", 20_000, "sessions of the company whose lists are measured")

// company fills a history with the sessions of one company: two people each, every second room's session with an
// audit event, 100 of them still running.
func company(b *testing.B, s *Store, total int) {
	b.Helper()
	const step = 100_000
	for from := 0; from < total; from += step {
		series := fmt.Sprintf(`WITH RECURSIVE n(i) AS (SELECT CAST(%d AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < %d), s AS (
			SELECT i, 'room-' || CAST(i %% 1000 AS TEXT) AS room, '01JD00000000000000' || CAST(10000000 + i AS TEXT) AS session,
				%d + i * 30000 AS started FROM n) `, from, min(from+step, total)-1, year.UnixMilli())
		for _, insert := range []string{
			series + fmt.Sprintf(`INSERT INTO session (company, session, room, started, opened, room_kind, pop, node, closed)
				SELECT 'acme', session, room, started, started, 'call', 'fra', 'fra-1', CASE WHEN i < %d THEN started + 3600000 END FROM s`, total-100),
			series + `INSERT INTO presence (company, session, presence, room, peer, joined, role, mode, pop, node, name, ended, reason, rank, tick)
				SELECT 'acme', session, session || '-' || CAST(k.k AS TEXT), room, 'peer-' || CAST((i * 7 + k.k) % 100000 AS TEXT), started + k.k * 1000,
					'regular', 'speaker', 'fra', 'fra-1', 'Name of somebody', started + 1800000, 'left', 4, started
				FROM s, (SELECT 1 AS k UNION ALL SELECT 2) AS k`,
			series + `INSERT INTO audit (company, event, happened, actor, action, object_kind, object_id, request, changes)
				SELECT 'acme', 'e' || session, started, 'key:k' || CAST(i % 50 AS TEXT), 'room.update',
					CASE WHEN i % 1000 = 0 THEN 'webhook' ELSE 'room' END, room, 'q', '[]' FROM s`,
		} {
			if _, err := s.write.Exec(insert); err != nil {
				b.Fatal(err)
			}
		}
	}
	if s.dialect == postgreSQL {
		if _, err := s.write.Exec("VACUUM ANALYZE"); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkPages measures pages of 50 in the middle of the lists of a company with -sessions sessions, and other
// answers of the API about it.
func BenchmarkPages(b *testing.B) {
	onEachBench(b, func(b *testing.B, s *Store, _ func() int64) {
		began := time.Now()
		company(b, s, *sessions)
		b.Logf("%d sessions in %v", *sessions, time.Since(began).Round(time.Second))
		ctx, middle := context.Background(), millis(year.UnixMilli()+int64(*sessions)/2*30_000)
		behind := Page{Cursor: place{[]int64{middle.UnixMilli()}, "01JD"}.cursor()}
		list := func(want SessionFilter, page Page) (int, error) {
			r, _, err := s.Sessions(ctx, want, page)
			return len(r), err
		}
		audit := func(want AuditFilter) (int, error) {
			r, _, err := s.Audit(ctx, want, behind)
			return len(r), err
		}
		stays := func(want StayFilter) (int, error) {
			r, _, err := s.Stays(ctx, want, behind)
			return len(r), err
		}
		for _, question := range []struct {
			name string
			ask  func() (int, error)
		}{
			{"sessions, first page", func() (int, error) { return list(SessionFilter{Company: "acme"}, Page{}) }},
			{"sessions, a middle page", func() (int, error) { return list(SessionFilter{Company: "acme"}, behind) }},
			{"sessions, a middle page of 200", func() (int, error) {
				return list(SessionFilter{Company: "acme"}, Page{Limit: 200, Cursor: behind.Cursor})
			}},
			{"sessions of a room", func() (int, error) { return list(SessionFilter{Company: "acme", Room: "room-7"}, behind) }},
			{"sessions that run", func() (int, error) { return list(SessionFilter{Company: "acme", Phase: Running}, Page{}) }},
			{"sessions that ended", func() (int, error) { return list(SessionFilter{Company: "acme", Phase: Ended}, behind) }},
			{"stays of all rooms", func() (int, error) { return stays(StayFilter{"acme", "", year, year.AddDate(2, 0, 0), ""}) }},
			{"stays of a room", func() (int, error) { return stays(StayFilter{"acme", "room-7", year, year.AddDate(2, 0, 0), ""}) }},
			{"audit", func() (int, error) { return audit(AuditFilter{Company: "acme"}) }},
			{"audit of an actor", func() (int, error) { return audit(AuditFilter{Company: "acme", Actor: "key:k7"}) }},
			{"audit of a rare kind", func() (int, error) {
				return audit(AuditFilter{Company: "acme", Object: record.Object{Kind: "webhook"}})
			}},
			{"count of all", func() (int, error) { return s.CountSessions(ctx, SessionFilter{Company: "acme"}) }},
			{"count of those that run", func() (int, error) { return s.CountSessions(ctx, SessionFilter{Company: "acme", Phase: Running}) }},
			{"silent ones", func() (int, error) {
				r, err := s.Silent(ctx, year.AddDate(2, 0, 0), Silent{})
				return len(r), err
			}},
		} {
			b.Run(question.name, func(b *testing.B) {
				n := 0
				for b.Loop() {
					var err error
					if n, err = question.ask(); err != nil || n == 0 {
						b.Fatalf("%d rows, %v", n, err)
					}
				}
				b.ReportMetric(float64(n), "rows")
			})
		}
	})
}
