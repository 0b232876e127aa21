package history

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/meridian-video/meridian/control/history/record"
)

func TestWhatIsInvalidIsNotKept(t *testing.T) {
	onEach(t, func(t *testing.T, s *Store) {
		err := s.Ingest(t.Context(), daily.opened(0), &record.Closed{})
		if !errors.Is(err, record.ErrInvalid) {
			t.Errorf("got %v", err)
		}
		if got := dump(t, s); strings.TrimSpace(got) != "" {
			t.Errorf("kept %s", got)
		}
		if err := s.Ingest(t.Context()); err != nil {
			t.Errorf("nothing: %v", err)
		}
	})
}

// One presence, told of in many ways; each has one right row.
func TestOneEndForEachPresence(t *testing.T) {
	j, closed := daily.joined("ann", 10), daily.closed(100)
	tests := []struct {
		name    string
		records []record.Record
		reason  record.Reason
		end     float64
	}{
		{"left", []record.Record{j, daily.left("ann", 10, 70, record.ReasonLeft)}, record.ReasonLeft, 70},
		{"left twice, the first counts", []record.Record{
			j, daily.left("ann", 10, 71, record.ReasonLeft), daily.left("ann", 10, 70, record.ReasonLeft),
		}, record.ReasonLeft, 70},
		{"lost for one node, left for another", []record.Record{
			j, daily.left("ann", 10, 60, record.ReasonLost), daily.left("ann", 10, 90, record.ReasonLeft),
		}, record.ReasonLeft, 90},
		{"blocked is more than left", []record.Record{
			j, daily.left("ann", 10, 60, record.ReasonBlocked), daily.left("ann", 10, 59, record.ReasonLeft),
		}, record.ReasonBlocked, 60},
		{"the session ends", []record.Record{j, closed}, record.ReasonRoomClosed, 100},
		{"the session ended twice, the later counts", []record.Record{j, closed, daily.closed(110)}, record.ReasonRoomClosed, 110},
		{"the session ended twice, the later comes first", []record.Record{j, daily.closed(110), closed}, record.ReasonRoomClosed, 110},
		{"an end of its own is more than the session's", []record.Record{
			j, closed, daily.left("ann", 10, 80, record.ReasonLost),
		}, record.ReasonLost, 80},
		{"left by a clock behind", []record.Record{j, daily.left("ann", 10, 9.5, record.ReasonLeft)}, record.ReasonLeft, 9.5},
	}
	onEach(t, func(t *testing.T, s *Store) {
		for i, test := range tests {
			for _, together := range []bool{true, false} {
				m := meeting{"acme", "daily", strings.Repeat("s", 2*i+1)}
				if together {
					m.session += "t"
				}
				records := inSession(m, test.records)
				if together {
					ingest(t, s, records...)
				} else {
					slices.Reverse(records)
					for _, r := range records {
						ingest(t, s, r)
					}
				}
				var reason string
				var end, count int64
				err := s.read.QueryRowContext(t.Context(), `SELECT max(reason), max(ended), count(*) FROM presence
					WHERE company = 'acme' AND session = $1`, m.session).Scan(&reason, &end, &count)
				if err != nil || count != 1 || reason != string(test.reason) || !millis(end).Equal(after(test.end)) {
					t.Errorf("%s: %d rows, %s at %v, %v", test.name, count, reason, millis(end), err)
				}
			}
		}
	})
}

// inSession is the same records in another session.
func inSession(m meeting, records []record.Record) []record.Record {
	var out []record.Record
	for _, r := range records {
		switch r := r.(type) {
		case *record.Joined:
			c := *r
			c.Session = m.session
			out = append(out, &c)
		case *record.Left:
			c := *r
			c.Session = m.session
			out = append(out, &c)
		case *record.Closed:
			c := *r
			c.Session = m.session
			out = append(out, &c)
		}
	}
	return out
}

// story is what two homes of one room may have to say of a session, also where they contradict each other.
func story(t *rapid.T, m meeting) []record.Record {
	records := []record.Record{m.opened(0), m.closed(rapid.Float64Range(400, 500).Draw(t, "closed"))}
	if rapid.Bool().Draw(t, "two homes") {
		o := m.opened(rapid.SampledFrom([]float64{-1, 0, 0.5}).Draw(t, "second opening"))
		o.Node, o.POP = "iad-1", "iad"
		records = append(records, o, m.closed(450))
	}
	reasons := []record.Reason{
		record.ReasonLeft, record.ReasonKicked, record.ReasonBlocked, record.ReasonSuperseded, record.ReasonLost, record.ReasonRoomClosed,
	}
	for i := range rapid.IntRange(0, 4).Draw(t, "people") {
		peer := string(rune('a' + i%3)) // the fourth is the first, come back
		at := float64(5 * (i + 1))
		records = append(records, m.joined(peer, at))
		if rapid.Bool().Draw(t, "other name") {
			j := m.joined(peer, at)
			j.Name, j.Mode = "Somebody", record.Viewer
			records = append(records, j)
		}
		for tick := range rapid.IntRange(0, 4).Draw(t, "ticks") {
			records = append(records, m.tick(peer, at, float64(30*(tick+1))))
		}
		for range rapid.IntRange(0, 2).Draw(t, "ends") {
			why := rapid.SampledFrom(reasons).Draw(t, "reason")
			records = append(records, m.left(peer, at, float64(rapid.IntRange(100, 300).Draw(t, "left")), why))
		}
		records = append(records, m.chat(peer, uint64(i+1), at+1))
	}
	if len(records) > 4 {
		records = append(records, m.chat("a", 1, 7), event("e1", m.company, "user:u1", 3))
	}
	return records
}

func TestAnyOrderAndRepetitionGivesTheSameRows(t *testing.T) {
	onEach(t, func(t *testing.T, s *Store) {
		if s.dialect == sqlite { // thousands of transactions, of which none must last
			if _, err := s.write.Exec("PRAGMA synchronous = OFF"); err != nil {
				t.Fatal(err)
			}
		}
		rapid.Check(t, func(t *rapid.T) {
			m := meeting{"acme", "daily", "s1"}
			records := story(t, m)
			clear := func() {
				for _, table := range []string{"session", "presence", "message", "audit"} {
					if _, err := s.write.Exec("DELETE FROM " + table); err != nil {
						t.Fatal(err)
					}
				}
			}
			clear()
			if err := s.Ingest(t.Context(), records...); err != nil {
				t.Fatal(err)
			}
			want := dump(t, s)
			clear()
			again := rapid.Permutation(append(slices.Clone(records), rapid.SliceOfN(rapid.SampledFrom(records), 0, 6).Draw(t, "again")...)).Draw(t, "order")
			for len(again) > 0 {
				some := rapid.IntRange(1, len(again)).Draw(t, "batch")
				if err := s.Ingest(t.Context(), again[:some]...); err != nil {
					t.Fatal(err)
				}
				again = again[some:]
			}
			if got := dump(t, s); got != want {
				t.Fatalf("got\n%s\nwant\n%s", got, want)
			}
		})
	})
}

func TestManyWritersOfTheSameSession(t *testing.T) {
	for d, u := range urls(t) {
		t.Run(string(d), func(t *testing.T) {
			stores := []*Store{open(t, u)}
			if d == postgreSQL { // several control nodes
				stores = append(stores, open(t, u), open(t, u))
			}
			var wg sync.WaitGroup
			for w := range 12 {
				wg.Go(func() {
					s := stores[w%len(stores)]
					for i := range 20 {
						at := float64(10 * (i%5 + 1))
						peer := string(rune('a' + i%5))
						err := s.Ingest(t.Context(), daily.joined(peer, at), daily.tick(peer, at, 60), daily.closed(float64(100+w)), daily.opened(0))
						if err != nil {
							t.Error(err)
						}
					}
				})
			}
			wg.Wait()
			var open, closed, count int64
			err := stores[0].read.QueryRowContext(t.Context(), `SELECT count(*), sum(CASE WHEN ended IS NULL THEN 1 ELSE 0 END), min(ended) FROM presence`).
				Scan(&count, &open, &closed)
			if err != nil || count != 5 || open != 0 || !millis(closed).Equal(after(111)) {
				t.Errorf("%d presences, %d open, first ended %v, %v", count, open, millis(closed), err)
			}
		})
	}
}

func TestAClosedStoreRefuses(t *testing.T) {
	s, err := Open(t.Context(), sqliteURL(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(s.Close(), s.Close()); err != nil {
		t.Error(err)
	}
	if err := s.Ingest(t.Context(), daily.opened(0)); !errors.Is(err, ErrClosed) {
		t.Errorf("got %v", err)
	}
}
