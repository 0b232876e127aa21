package history

import (
	"context"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/meridian-video/meridian/control/history/record"
	"github.com/meridian-video/meridian/testbed/postgres"
)

// rows is how many presences the benches' history has. Figures of DESIGN.md: -rows 10000000 -benchtime 20x.
var rows = flag.Int("rows", 20_000, "presences in the history that queries are measured on")

// The generated history: companies with rooms with sessions of ten people, one company having half of it.
const (
	benchRooms   = 200
	benchPeople  = 10
	benchLength  = int64(360 * 24 * time.Hour / time.Millisecond)
	smallTenants = 50
)

// year is the history's beginning.
var year = time.Date(2025, 11, 1, 0, 0, 0, 0, time.UTC)

// sessionAt makes the records of the i-th session: opened, ten who join, tick and leave, two messages, closed.
func sessionAt(i, total int) []record.Record {
	start := millis(year.UnixMilli() + int64(i)*benchLength/int64(total))
	m := meeting{company: "company-00000000000000000", room: fmt.Sprintf("room-%d", i/2%benchRooms), session: fmt.Sprintf("01JD%022d", 10_000_000+i)}
	if i%2 == 1 {
		m.company = fmt.Sprintf("company-%017d", 1+i/2%smallTenants)
	}
	offset := start.Sub(noon).Seconds()
	records := []record.Record{m.opened(offset)}
	for p := range benchPeople {
		peer, at := fmt.Sprintf("peer-%08d", (i*7+p)%100_000), offset+float64(p)
		j := m.joined(peer, at)
		records = append(records, j, &record.Tick{Live: j.Live, Presence: j.Presence, Peer: peer}, m.left(peer, at, at+1800, record.ReasonLeft))
		records[len(records)-2].(*record.Tick).At = record.TickAt(j.At.Add(time.Hour / 4))
	}
	return append(records, m.chat("peer", 1, offset+5), m.chat("peer", 2, offset+6), m.closed(offset+3600))
}

// fill ingests sessions from the i-th on, so many of a year of total, and returns how many records that were.
func fill(b *testing.B, s *Store, from, sessions, total int) (records int) {
	b.Helper()
	var batch []record.Record
	for i := range sessions {
		batch = append(batch, sessionAt(from+i, total)...)
		if len(batch) >= record.MaxBatch-50 || i == sessions-1 {
			if err := s.Ingest(context.Background(), batch...); err != nil {
				b.Fatal(err)
			}
			records += len(batch)
			batch = batch[:0]
		}
	}
	return records
}

// generate writes the rows that fill would, without the records, for histories that would take hours. Some
// hundred thousand rows go in one transaction.
func generate(b *testing.B, s *Store, total int) {
	b.Helper()
	const step = 50_000
	for from := 0; from < total; from += step {
		to := min(from+step, total) - 1
		// One row a session, the same values as sessionAt.
		sessions := fmt.Sprintf(`WITH RECURSIVE n(i) AS (SELECT CAST(%d AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < %d), s AS (
			SELECT i, CASE WHEN i %% 2 = 0 THEN 'company-00000000000000000'
					ELSE 'company-000000000000000' || CASE WHEN i / 2 %% %d < 9 THEN '0' ELSE '' END || CAST(1 + i / 2 %% %d AS TEXT) END AS company,
				'room-' || CAST(i / 2 %% %d AS TEXT) AS room, '01JD00000000000000' || CAST(10000000 + i AS TEXT) AS session,
				%d + i * %d / %d AS started
			FROM n) `, from, to, smallTenants, smallTenants, benchRooms, year.UnixMilli(), benchLength, total)
		people := `, p(k) AS (SELECT 0 UNION ALL SELECT k + 1 FROM p WHERE k < 9) `
		for _, insert := range []string{
			sessions + `INSERT INTO session (company, session, room, started, opened, room_kind, pop, node, closed)
				SELECT company, session, room, started, started, 'call', 'fra', 'fra-1', started + 3600000 FROM s`,
			sessions + people + `INSERT INTO presence (company, session, presence, room, peer, joined, role, mode, pop, node, person, name, attributes, ended, reason, rank, tick)
				SELECT company, session, '0123456789abcdef' || CAST(100000000 + i * 10 + k AS TEXT), room, 'peer-' || CAST(10000000 + (i * 7 + k) % 100000 AS TEXT),
					started + k * 1000, 'regular', 'speaker', 'fra', 'fra-1', 'u-' || CAST(10000000 + (i * 7 + k) % 100000 AS TEXT), 'Name of somebody',
					'{"team":"red"}', started + 1800000 + k * 1000, 'left', 4, started - started % 30000 + 900000 FROM s, p`,
			sessions + `INSERT INTO message (company, session, message, seq, written, peer, name, text)
				SELECT company, session, session || CAST(m.k AS TEXT), m.k, started + 5000 + m.k, 'peer', 'Name of peer', 'message 1'
				FROM s, (SELECT 1 AS k UNION ALL SELECT 2) AS m`,
		} {
			if _, err := s.write.Exec(insert); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// onEachBench opens both databases; the PostgreSQL of benches syncs, as one in use does.
func onEachBench(b *testing.B, bench func(b *testing.B, s *Store, size func() int64)) {
	b.Helper()
	b.Run(string(sqlite), func(b *testing.B) {
		url := sqliteURL(b)
		s := open(b, url)
		bench(b, s, func() int64 { return sizeOf(b, s, url) })
	})
	b.Run(string(postgreSQL), func(b *testing.B) {
		server, err := postgres.Start(context.Background(), "fsync=on", "shared_buffers=512MB", "max_wal_size=4GB")
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() {
			if err := server.Close(); err != nil {
				b.Error(err)
			}
		})
		url, err := server.Database(context.Background())
		if err != nil {
			b.Fatal(err)
		}
		s := open(b, url) // closed before the server
		bench(b, s, func() int64 { return sizeOf(b, s, url) })
	})
}

// sizeOf is how many bytes a database takes.
func sizeOf(b *testing.B, s *Store, url string) (bytes int64) {
	b.Helper()
	if s.dialect == postgreSQL {
		if err := s.read.QueryRow(`SELECT pg_database_size(current_database())`).Scan(&bytes); err != nil {
			b.Fatal(err)
		}
		return bytes
	}
	if _, err := s.write.Exec(`PRAGMA wal_checkpoint(TRUNCATE)`); err != nil {
		b.Fatal(err)
	}
	info, err := os.Stat(strings.TrimPrefix(url, "sqlite:"))
	if err != nil {
		b.Fatal(err)
	}
	return info.Size()
}

// BenchmarkIngest keeps batches of 5,000 records of whole sessions.
func BenchmarkIngest(b *testing.B) {
	onEachBench(b, func(b *testing.B, s *Store, size func() int64) {
		empty, began, records, from := size(), time.Now(), 0, 0
		for b.Loop() {
			records += fill(b, s, from, 1000, 100_000)
			from += 1000
		}
		b.ReportMetric(float64(records)/time.Since(began).Seconds(), "records/s")
		b.ReportMetric(float64(size()-empty)/float64(records), "bytes/record")
	})
}

// BenchmarkTicks keeps what 10,000 people report every 30 s, in batches of a thousand.
func BenchmarkTicks(b *testing.B) {
	onEachBench(b, func(b *testing.B, s *Store, size func() int64) {
		fill(b, s, 0, 1000, 1000)
		tick := 0
		b.ResetTimer()
		began, records := time.Now(), 0
		for b.Loop() {
			tick++
			var batch []record.Record
			for i := range 100 {
				for _, r := range sessionAt(i, 1000) {
					if t, ok := r.(*record.Tick); ok {
						t.At = t.At.Add(time.Duration(tick) * record.TickLength)
						batch = append(batch, t)
					}
				}
			}
			records += len(batch)
			if err := s.Ingest(context.Background(), batch...); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(records)/time.Since(began).Seconds(), "ticks/s")
	})
}

// BenchmarkQueries measures the common questions on a history of -rows presences.
func BenchmarkQueries(b *testing.B) {
	onEachBench(b, func(b *testing.B, s *Store, size func() int64) {
		began := time.Now()
		total := *rows / benchPeople
		generate(b, s, total)
		if s.dialect == postgreSQL {
			if _, err := s.write.Exec("VACUUM ANALYZE"); err != nil {
				b.Fatal(err)
			}
		}
		b.Logf("%d presences, %d sessions, %d messages in %v: %d MB", *rows, total, 2*total, time.Since(began).Round(time.Second), size()>>20)
		const company = "company-00000000000000000"
		session := sessionAt(total/2/2*2, total)[0].(*record.Opened)
		month := MonthOf(session.At)
		from, to := month.Bounds()
		ctx := context.Background()
		for name, query := range map[string]func() (int, error){
			"sessions of a company": func() (int, error) {
				r, _, err := s.Sessions(ctx, SessionFilter{Company: company}, Page{})
				return len(r), err
			},
			"sessions of a room": func() (int, error) {
				r, _, err := s.Sessions(ctx, SessionFilter{Company: company, Room: session.Room, To: to}, Page{})
				return len(r), err
			},
			"participants": func() (int, error) {
				r, _, err := s.Participants(ctx, company, session.Session, Page{})
				return len(r), err
			},
			"chat": func() (int, error) {
				r, _, err := s.Messages(ctx, company, session.Session, Page{})
				return len(r), err
			},
			"statistics of a day": func() (int, error) {
				r, err := s.Statistics(ctx, StayFilter{Company: company, Room: session.Room, From: session.At.Add(-time.Minute), To: session.At.Add(24 * time.Hour)})
				return len(r), err
			},
			"statistics of a month": func() (int, error) {
				r, err := s.Statistics(ctx, StayFilter{Company: company, Room: session.Room, From: from, To: to})
				return len(r), err
			},
			"usage of a month":  func() (int, error) { u, err := s.Usage(ctx, company, month); return u.Stays, err },
			"ledger of a month": func() (int, error) { u, err := s.UsageBySession(ctx, company, month); return len(u), err },
			"small tenant's usage": func() (int, error) {
				u, err := s.Usage(ctx, "company-00000000000000001", month)
				return u.Stays, err
			},
		} {
			b.Run(strings.ReplaceAll(name, " ", "-"), func(b *testing.B) {
				n := 0
				for b.Loop() {
					var err error
					if n, err = query(); err != nil || n == 0 {
						b.Fatalf("%d rows, %v", n, err)
					}
				}
				b.ReportMetric(float64(n), "rows")
			})
		}
	})
}

// BenchmarkIngestWhilePurging keeps one message at a time while old ones go: what a purge costs those who write.
func BenchmarkIngestWhilePurging(b *testing.B) {
	const old = 50_000
	onEachBench(b, func(b *testing.B, s *Store, size func() int64) {
		var waits []time.Duration
		purged, took := int64(0), time.Duration(0)
		for b.Loop() {
			b.StopTimer()
			for from := 0; from < old; from += 5000 {
				var batch []record.Record
				for i := range 5000 {
					batch = append(batch, daily.chat("ann", uint64(from+i), -90*day+float64(from+i)))
				}
				if err := s.Ingest(context.Background(), batch...); err != nil {
					b.Fatal(err)
				}
			}
			b.StartTimer()
			done := make(chan error, 1)
			began := time.Now()
			go func() {
				p, err := s.Purge(context.Background(), "acme", Retention{Chat: 30}, noon)
				purged += p.Messages
				done <- err
			}()
			for running := true; running; {
				select {
				case err := <-done:
					if err != nil {
						b.Fatal(err)
					}
					running = false
				default:
					at := time.Now()
					if err := s.Ingest(context.Background(), daily.chat("bob", uint64(old+len(waits)), 0)); err != nil {
						b.Fatal(err)
					}
					waits = append(waits, time.Since(at))
				}
			}
			took += time.Since(began)
		}
		slices.Sort(waits)
		b.ReportMetric(float64(purged)/took.Seconds(), "purged/s")
		b.ReportMetric(float64(waits[len(waits)/2].Microseconds())/1000, "p50-ms")
		b.ReportMetric(float64(waits[len(waits)*99/100].Microseconds())/1000, "p99-ms")
	})
}
