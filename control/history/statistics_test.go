package history

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/meridian-video/meridian/control/history/record"
)

func at(seconds ...int64) (out []time.Time) {
	for _, s := range seconds {
		out = append(out, noon.Add(time.Duration(s)*time.Second))
	}
	return out
}

func stays(t *testing.T, s *Store, from, to time.Time) []Stay {
	t.Helper()
	got, err := s.Statistics(t.Context(), StayFilter{Company: "acme", Room: "daily", From: from, To: to})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestStaysLieOnTheGrid(t *testing.T) {
	tests := []struct {
		name        string
		records     []record.Record
		join, leave int64
	}{
		{"rounded outwards", []record.Record{daily.joined("ann", 31), daily.left("ann", 31, 61, record.ReasonLeft)}, 30, 90},
		{"on the grid", []record.Record{daily.joined("ann", 30), daily.left("ann", 30, 60, record.ReasonLeft)}, 30, 60},
		{"shorter than a tick", []record.Record{daily.joined("ann", 31), daily.left("ann", 31, 32, record.ReasonLeft)}, 30, 60},
		{"a millisecond over", []record.Record{daily.joined("ann", 29.999), daily.left("ann", 29.999, 30.001, record.ReasonLeft)}, 0, 60},
		{"still there, no tick yet", []record.Record{daily.joined("ann", 31)}, 30, 30},
		{"still there", []record.Record{daily.joined("ann", 31), daily.tick("ann", 31, 60), daily.tick("ann", 31, 90)}, 30, 90},
		{"ticks after the end", []record.Record{daily.joined("ann", 31), daily.tick("ann", 31, 120), daily.left("ann", 31, 70, record.ReasonLost)}, 30, 90},
		{"left before joining", []record.Record{daily.joined("ann", 61), daily.left("ann", 61, 20, record.ReasonLeft)}, 60, 60},
		{"ended with the session", []record.Record{daily.joined("ann", 31), daily.tick("ann", 31, 60), daily.closed(200)}, 30, 210},
	}
	onEach(t, func(t *testing.T, s *Store) {
		for _, test := range tests {
			for _, table := range []string{"session", "presence"} {
				if _, err := s.write.ExecContext(t.Context(), "DELETE FROM "+table); err != nil {
					t.Fatal(err)
				}
			}
			ingest(t, s, test.records...)
			want := at(test.join, test.leave)
			got := stays(t, s, after(-1000), after(1000))
			if len(got) != 1 || !got[0].Join.Equal(want[0]) || !got[0].Leave.Equal(want[1]) {
				t.Errorf("%s: got %v, want %v", test.name, got, want)
			}
			u, err := s.Usage(t.Context(), "acme", "2026-11")
			if err != nil || u != (Usage{1, 1, 1, test.leave - test.join}) {
				t.Errorf("%s: usage %+v, %v", test.name, u, err)
			}
		}
	})
}

// What the gcore facade promises of a summary.
func TestTwoStaysOfFiveMinutesInAnHour(t *testing.T) {
	onEach(t, func(t *testing.T, s *Store) {
		ingest(t, s,
			daily.opened(0), daily.joined("ann", 0), daily.left("ann", 0, 3600, record.ReasonLeft),
			daily.joined("bob", 600), daily.left("bob", 600, 900, record.ReasonLost),
			daily.joined("bob", 1800), daily.left("bob", 1800, 2100, record.ReasonLeft), daily.closed(3600))
		got := stays(t, s, noon, after(3600))
		if len(got) != 3 || got[1].Duration() != 300*time.Second || got[2].Duration() != 300*time.Second || got[2].Peer != "bob" {
			t.Errorf("got %v", got)
		}
		want := Summary{2, noon, after(3600), time.Hour, time.Hour, time.Hour + 10*time.Minute}
		if sum := Summarise(got); sum != want {
			t.Errorf("got %+v, want %+v", sum, want)
		}
	})
}

func TestAWindowTakesStaysByTheirJoining(t *testing.T) {
	onEach(t, func(t *testing.T, s *Store) {
		day := 86400.0
		for d := range 3 {
			j := float64(d)*day + 3600
			ingest(t, s, daily.joined("ann", j), daily.left("ann", j, j+3600, record.ReasonLeft))
		}
		ingest(t, s, daily.joined("cy", 45), daily.left("cy", 45, 100, record.ReasonLeft)) // on the grid: 30
		tests := []struct {
			from, to float64
			count    int
		}{
			{0, day - 1, 2}, {0, 3 * day, 4}, {day, 2*day - 1, 1}, {3 * day, 4 * day, 0}, {day, 0, 0},
			{30, 30, 1}, {31, 100, 0}, {29, 29, 0}, {0, 29.999, 0}, {0, 30, 1}, {30, 3600, 2}, {1, 30, 1},
		}
		for _, test := range tests {
			got := stays(t, s, after(test.from), after(test.to))
			if len(got) != test.count {
				t.Errorf("%v to %v: %v, want %d", test.from, test.to, got, test.count)
			}
		}
		two := Summarise(stays(t, s, noon.Add(time.Hour), after(2*day)))
		if two.Active != 2*time.Hour || two.Total != 2*time.Hour || two.Duration != 25*time.Hour || two.Participants != 1 {
			t.Errorf("two days: %+v", two)
		}
		if none := Summarise(nil); none != (Summary{}) {
			t.Errorf("nothing: %+v", none)
		}
		other, err := s.Statistics(t.Context(), StayFilter{Company: "other", Room: "daily", From: noon, To: after(day)})
		if err != nil || len(other) != 0 {
			t.Errorf("another company sees %v, %v", other, err)
		}
	})
}

// Pages are the answer in parts, of a room or of all.
func TestStaysArePaged(t *testing.T) {
	onEach(t, func(t *testing.T, s *Store) {
		weekly := meeting{"acme", "weekly", "s2"}
		for i := range 7 {
			at := float64(i / 2 * 40) // two at a time join in the same millisecond
			ingest(t, s, daily.joined(string(rune('a'+i)), at), daily.left(string(rune('a'+i)), at, at+70, record.ReasonLeft), weekly.joined(string(rune('a'+i)), at))
		}
		ingest(t, s, meeting{"other", "daily", "s1"}.joined("ann", 1))
		for room, want := range map[string]int{"daily": 7, "weekly": 7, "": 14, "nothing": 0} {
			whole, err := s.Statistics(t.Context(), StayFilter{Company: "acme", Room: room, From: noon, To: after(200)})
			paged := pages(t, 3, func(p Page) ([]Stay, string, error) {
				return s.Stays(t.Context(), StayFilter{"acme", room, noon, after(200), ""}, p)
			})
			if err != nil || len(paged) != want || Summarise(paged) != Summarise(whole) {
				t.Errorf("%q: %d stays, want %d: %+v and %+v, %v", room, len(paged), want, Summarise(paged), Summarise(whole), err)
			}
			if !slices.IsSortedFunc(paged, func(a, b Stay) int { return a.Join.Compare(b.Join) }) {
				t.Errorf("%q: not sorted: %v", room, paged)
			}
		}
	})
}

func TestTenantsAreThoseOfWhomSomethingIsKept(t *testing.T) {
	onEach(t, func(t *testing.T, s *Store) {
		ingest(t, s, daily.opened(0), event("e1", "", "key:k", 1), event("e2", "reseller/north", "key:k", 1), meeting{"zeta", "r", "s"}.tick("ann", 0, 30))
		var got []string
		for name := ""; ; {
			var err error
			if name, err = s.NextTenant(t.Context(), name); err != nil || name == "" {
				if err != nil {
					t.Error(err)
				}
				break
			}
			got = append(got, name)
		}
		if !slices.Equal(got, []string{"acme", "reseller/north", "zeta"}) {
			t.Errorf("%q", got)
		}
	})
}

func TestSummariesAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var all []Stay
		taken := map[int64]bool{} // ticks in which somebody was there
		for range rapid.IntRange(1, 12).Draw(t, "stays") {
			join := rapid.Int64Range(0, 100_000).Draw(t, "join")
			end := join + rapid.Int64Range(0, 300_000).Draw(t, "length")
			s := stay(rapid.SampledFrom([]string{"a", "b"}).Draw(t, "peer"), join, &end, 0)
			all = append(all, s)
			for tick := s.Join; tick.Before(s.Leave); tick = tick.Add(record.TickLength) {
				taken[tick.Unix()] = true
			}
			if s.Duration()%record.TickLength != 0 || s.Join.Unix()%30 != 0 || s.Join.UnixMilli() > join || s.Leave.UnixMilli() < end {
				t.Fatalf("%d to %d became %v", join, end, s)
			}
		}
		sum := Summarise(all)
		shuffled := Summarise(rapid.Permutation(slices.Clone(all)).Draw(t, "order"))
		if sum != shuffled || sum.Active != time.Duration(len(taken))*record.TickLength || sum.Duration != sum.End.Sub(sum.Start) ||
			sum.Active > sum.Total || sum.Active > sum.Duration {
			t.Fatalf("%+v, shuffled %+v, %d ticks", sum, shuffled, len(taken))
		}
	})
}

func TestUsageIsTheSumOfTheRows(t *testing.T) {
	onEach(t, func(t *testing.T, s *Store) {
		month := 86400 * 30.0
		for i := range 40 {
			m := meeting{"acme", []string{"daily", "weekly"}[i%2], "s" + string(rune('a'+i%7))}
			peer, j := string(rune('a'+i%5)), float64(i)*month/20+0.5
			ingest(t, s, m.joined(peer, j), m.tick(peer, j, float64(int(j/30+3)*30)))
			if i%3 > 0 {
				ingest(t, s, m.left(peer, j, j+float64(100*i), record.ReasonLeft))
			}
		}
		for _, month := range []Month{"2026-10", "2026-11", "2026-12", "2027-01"} {
			u, err := s.Usage(t.Context(), "acme", month)
			if err != nil {
				t.Fatal(err)
			}
			from, to := month.Bounds()
			var rows Summary
			for _, room := range []string{"daily", "weekly"} {
				got, err := s.Statistics(t.Context(), StayFilter{Company: "acme", Room: room, From: from, To: to.Add(-time.Second)})
				if err != nil {
					t.Fatal(err)
				}
				rows.Total += Summarise(got).Total
			}
			sessions, err := s.UsageBySession(t.Context(), "acme", month)
			if err != nil {
				t.Fatal(err)
			}
			var sum Usage
			for _, line := range sessions {
				sum.Seconds += line.Seconds
				sum.Stays += line.Stays
			}
			if u.Seconds != int64(rows.Total/time.Second) || u.Seconds != sum.Seconds || u.Stays != sum.Stays {
				t.Errorf("%s: %+v, rows %v, sessions %+v", month, u, rows.Total, sum)
			}
		}
	})
}
