package history

import (
	"testing"
	"time"

	"github.com/meridian-video/meridian/control/history/record"
)

// silentNow is the sessions that were silent for ten minutes at a time.
func silentNow(t *testing.T, s *Store, at float64) map[string]Silent {
	t.Helper()
	all, err := s.Silent(t.Context(), after(at).Add(-10*time.Minute), Silent{})
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]Silent{}
	for _, one := range all {
		out[one.Session] = one
	}
	return out
}

func TestSilentSessionsAreThoseOfWhichNothingIsHeard(t *testing.T) {
	onEach(t, func(t *testing.T, s *Store) {
		named := func(session, room string) meeting { return meeting{"acme", room, session} }
		dead, alive, closed, talking, young := named("dead", "r1"), named("alive", "r2"), named("closed", "r3"), named("talking", "r4"), named("young", "r1")
		ingest(t, s,
			dead.opened(0), dead.joined("ann", 1), dead.tick("ann", 1, 600), dead.chat("ann", 1, 615),
			alive.opened(0), alive.joined("bob", 2), alive.tick("bob", 2, 3000),
			closed.opened(0), closed.closed(60),
			talking.opened(0), talking.joined("cy", 1), talking.chat("cy", 1, 3100),
			young.opened(3000), young.joined("dan", 3001))
		got := silentNow(t, s, 3300)
		one, ok := got["dead"]
		if len(got) != 1 || !ok || !one.Heard.Equal(after(615)) || !one.Replaced || one.Room != "r1" || one.Company != "acme" {
			t.Fatalf("%+v", got)
		}
		rest, err := s.Silent(t.Context(), after(3300), one)
		if err != nil || len(rest) != 2 || rest[0].Session != "talking" || rest[1].Session != "young" || rest[1].Replaced {
			t.Errorf("behind it: %+v, %v", rest, err)
		}
	})
}

func TestALostSessionEndsWhenItWasLastHeardOf(t *testing.T) {
	onEach(t, func(t *testing.T, s *Store) {
		ingest(t, s, daily.opened(0), daily.joined("ann", 1), daily.tick("ann", 1, 600), daily.joined("bob", 590),
			daily.joined("cy", 3), daily.left("cy", 3, 20, record.ReasonKicked))
		before := Summarise(stays(t, s, after(-60), after(700))).Total
		lost, err := s.Lose(t.Context(), silentNow(t, s, 3600)["s1"])
		if err != nil || !lost {
			t.Fatal(lost, err)
		}
		one, _, err := s.Session(t.Context(), "acme", "s1")
		if err != nil || !one.Lost || !one.Closed.Equal(after(600)) {
			t.Errorf("%+v, %v", one, err)
		}
		people, _, err := s.Participants(t.Context(), "acme", "s1", Page{})
		if err != nil || len(people) != 3 {
			t.Fatal(people, err)
		}
		for _, p := range people {
			want := map[string]record.Reason{"ann": record.ReasonLost, "bob": record.ReasonLost, "cy": record.ReasonKicked}[p.Peer]
			if p.Reason != want || p.Left.IsZero() {
				t.Errorf("%+v", p)
			}
		}
		if total := Summarise(stays(t, s, after(-60), after(700))).Total; total != before+record.TickLength {
			t.Errorf("stays were %v and are %v: only bob's gains the tick in which it began", before, total)
		}
		if again := silentNow(t, s, 3600); len(again) != 0 {
			t.Errorf("still silent: %+v", again)
		}
	})
}

func TestWhatIsHeardLaterTakesALossBack(t *testing.T) {
	for name, c := range map[string]struct {
		late   []record.Record
		found  int
		closed float64 // 0: it runs
		reason record.Reason
	}{
		"nothing":                 {nil, 0, 600, record.ReasonLost},
		"the same again":          {[]record.Record{daily.joined("ann", 1), daily.tick("ann", 1, 600)}, 0, 600, record.ReasonLost},
		"a tick":                  {[]record.Record{daily.tick("ann", 1, 3000)}, 1, 0, ""},
		"somebody else":           {[]record.Record{daily.joined("bob", 2000)}, 1, 0, ""},
		"a message":               {[]record.Record{daily.chat("ann", 1, 700)}, 1, 0, ""},
		"its closing":             {[]record.Record{daily.closed(650)}, 0, 650, record.ReasonRoomClosed},
		"its closing and a leave": {[]record.Record{daily.left("ann", 1, 640, record.ReasonLeft), daily.closed(650)}, 0, 650, record.ReasonLeft},
	} {
		t.Run(name, func(t *testing.T) {
			onEach(t, func(t *testing.T, s *Store) {
				ingest(t, s, daily.opened(0), daily.joined("ann", 1), daily.tick("ann", 1, 600))
				if lost, err := s.Lose(t.Context(), silentNow(t, s, 3600)["s1"]); err != nil || !lost {
					t.Fatal(lost, err)
				}
				ingest(t, s, c.late...)
				if n, err := s.Find(t.Context(), noon); err != nil || n != c.found {
					t.Errorf("found %d, %v", n, err)
				}
				one, _, err := s.Session(t.Context(), "acme", "s1")
				if err != nil || one.Closed.IsZero() != (c.closed == 0) || c.closed != 0 && !one.Closed.Equal(after(c.closed)) {
					t.Errorf("%+v, %v", one, err)
				}
				people, _, err := s.Participants(t.Context(), "acme", "s1", Page{})
				if err != nil || people[0].Reason != c.reason {
					t.Errorf("%+v, %v", people, err)
				}
			})
		})
	}
}

func TestASessionThatIsHeardOfMeanwhileIsNotLost(t *testing.T) {
	onEach(t, func(t *testing.T, s *Store) {
		ingest(t, s, daily.opened(0), daily.joined("ann", 1))
		silent := silentNow(t, s, 3600)["s1"]
		ingest(t, s, daily.tick("ann", 1, 3570))
		if lost, err := s.Lose(t.Context(), silent); err != nil || lost {
			t.Errorf("lost %v, %v", lost, err)
		}
	})
}

func TestSessionsAreListedByPhase(t *testing.T) {
	onEach(t, func(t *testing.T, s *Store) {
		runs, ended, lost := meeting{"acme", "daily", "runs"}, meeting{"acme", "daily", "ended"}, meeting{"acme", "weekly", "lost"}
		ingest(t, s, lost.opened(0), lost.joined("ann", 1), ended.opened(0), ended.closed(60), runs.opened(3590))
		if _, err := s.Lose(t.Context(), silentNow(t, s, 3600)["lost"]); err != nil {
			t.Fatal(err)
		}
		for _, test := range []struct {
			want SessionFilter
			ids  string
		}{
			{SessionFilter{Company: "acme"}, "runs lost ended "},
			{SessionFilter{Company: "acme", Phase: Running}, "runs "},
			{SessionFilter{Company: "acme", Phase: Ended}, "lost ended "},
			{SessionFilter{Company: "acme", Phase: Ended, Room: "daily"}, "ended "},
			{SessionFilter{Company: "other", Phase: Running}, ""},
		} {
			rows, _, err := s.Sessions(t.Context(), test.want, Page{})
			ids := ""
			for _, r := range rows {
				ids += r.ID + " "
			}
			n, counted := s.CountSessions(t.Context(), test.want)
			if err != nil || ids != test.ids || n != len(rows) || counted != nil {
				t.Errorf("%+v: %s, %d, %v, %v", test.want, ids, n, err, counted)
			}
		}
	})
}
