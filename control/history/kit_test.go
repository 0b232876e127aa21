package history

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/meridian-video/meridian/control/history/record"
	"github.com/meridian-video/meridian/testbed/postgres"
)

// server starts the PostgreSQL of all tests when one needs it; each test takes a database of its own.
var server = sync.OnceValues(func() (*postgres.Server, error) {
	started = true
	return postgres.Start(context.Background())
})

var started bool

func TestMain(m *testing.M) {
	code := m.Run()
	if started {
		if s, err := server(); err == nil {
			if err := s.Close(); err != nil {
				fmt.Fprintln(os.Stderr, err)
				code = 1
			}
		}
	}
	os.Exit(code)
}

func postgresURL(t testing.TB) string {
	t.Helper()
	s, err := server()
	if err != nil {
		t.Fatal(err)
	}
	u, err := s.Database(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func sqliteURL(t testing.TB) string {
	t.Helper()
	return "sqlite:" + filepath.Join(t.TempDir(), "history.db")
}

// urls makes an empty database of each kind.
func urls(t testing.TB) map[dialect]string {
	t.Helper()
	return map[dialect]string{postgreSQL: postgresURL(t), sqlite: sqliteURL(t)}
}

// onEach runs a test on both databases: what holds, holds on either.
func onEach(t *testing.T, test func(t *testing.T, s *Store)) {
	t.Helper()
	for d, u := range urls(t) {
		t.Run(string(d), func(t *testing.T) { test(t, open(t, u)) })
	}
}

func open(t testing.TB, url string) *Store {
	t.Helper()
	s, err := Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func ingest(t testing.TB, s *Store, records ...record.Record) {
	t.Helper()
	if err := s.Ingest(t.Context(), records...); err != nil {
		t.Fatal(err)
	}
}

// fataler is what testing.TB and rapid.T share.
type fataler interface {
	Fatal(args ...any)
	Context() context.Context
}

// dump is all rows of the tables that records fill, sorted, a line each.
func dump(t fataler, s *Store) string {
	var lines []string
	for _, table := range []string{"session", "presence", "message", "audit"} {
		lines = append(lines, linesOf(t, s, table)...)
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

func linesOf(t fataler, s *Store, table string) (lines []string) {
	rows, err := s.read.QueryContext(t.Context(), "SELECT * FROM "+table)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		values := make([]any, len(names))
		for i := range values {
			values[i] = new(any)
		}
		if err := rows.Scan(values...); err != nil {
			t.Fatal(err)
		}
		line := table
		for i, v := range values {
			line += fmt.Sprintf(" %s=%v", names[i], *v.(*any))
		}
		lines = append(lines, line)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return lines
}

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

func after(seconds float64) time.Time { return noon.Add(time.Duration(seconds * float64(time.Second))) }

// meeting writes records of one session.
type meeting struct{ company, room, session string }

var daily = meeting{"acme", "daily", "s1"}

func (m meeting) live(at float64) record.Live {
	return record.Live{Company: m.company, Room: m.room, Session: m.session, At: after(at)}
}

func (m meeting) opened(at float64) *record.Opened {
	return &record.Opened{Live: m.live(at), RoomKind: record.Call, POP: "fra", Node: "fra-1"}
}

func (m meeting) closed(at float64) *record.Closed { return &record.Closed{Live: m.live(at)} }

func (m meeting) joined(peer string, at float64) *record.Joined {
	return &record.Joined{
		Live: m.live(at), Presence: m.presence(peer, at), Peer: peer, Role: record.Regular, Mode: record.Speaker, POP: "fra", Node: "fra-1",
		Person: "u-" + peer, Name: "Name of " + peer, Attributes: map[string]string{"team": "red"},
	}
}

func (m meeting) presence(peer string, joined float64) string {
	return record.PresenceID(m.session, peer, after(joined))
}

func (m meeting) left(peer string, joined, at float64, why record.Reason) *record.Left {
	return &record.Left{Live: m.live(at), Presence: m.presence(peer, joined), Peer: peer, Reason: why}
}

func (m meeting) tick(peer string, joined, at float64) *record.Tick {
	return &record.Tick{Live: m.live(at), Presence: m.presence(peer, joined), Peer: peer}
}

func (m meeting) chat(peer string, seq uint64, at float64) *record.Chat {
	return &record.Chat{
		Live: m.live(at), Message: fmt.Sprintf("%s-m%d", m.session, seq), Seq: seq, Peer: peer, Name: "Name of " + peer,
		Text: fmt.Sprintf("message %d", seq),
	}
}

func event(id, company, actor string, at float64) *record.Audit {
	return &record.Audit{
		Event: id, Company: company, At: after(at), Actor: actor, Action: "room.update", Object: record.Object{Kind: "room", ID: "r-" + id},
		Request: "q-" + id, Changes: []record.Change{{Field: "lobby", Before: "false", After: "true"}},
	}
}
