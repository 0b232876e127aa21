package retention_test

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/meridian-video/meridian/control/history"
	"github.com/meridian-video/meridian/control/history/record"
	"github.com/meridian-video/meridian/control/retention"
	"github.com/meridian-video/meridian/control/state"
	"github.com/meridian-video/meridian/testbed/postgres"
)

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// onEach runs a test on both databases.
func onEach(t *testing.T, test func(t *testing.T, h *history.Store)) {
	t.Helper()
	server, err := postgres.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	shared, err := server.Database(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for name, url := range map[string]string{"sqlite": "sqlite:" + filepath.Join(t.TempDir(), "history.db"), "postgres": shared} {
		t.Run(name, func(t *testing.T) {
			h, err := history.Open(t.Context(), url)
			if err != nil {
				t.Fatal(err)
			}
			test(t, h)
			if err := h.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

func keep(t *testing.T, h *history.Store, records ...record.Record) {
	t.Helper()
	if err := h.Ingest(t.Context(), records...); err != nil {
		t.Fatal(err)
	}
}

// configured is a state after some commands.
func configured(t *testing.T, commands ...state.Command) *state.View {
	t.Helper()
	s := state.New()
	for i, c := range append([]state.Command{&state.InitPlatform{Epoch: "e"}}, commands...) {
		entry, err := state.Encode(noon, c, state.Terms{})
		if err != nil {
			t.Fatal(err)
		}
		if r := s.Apply(uint64(i+1), entry); r.Err != nil {
			t.Fatalf("%s: %v", c.Name(), r.Err)
		}
	}
	return s.View()
}

func company(id string, settings state.Settings) state.Command {
	return state.Add(state.KindCompany, id, "", state.CompanySpec{Name: id, Settings: settings})
}

func live(company, room, session string, at time.Time) record.Live {
	return record.Live{Company: company, Room: room, Session: session, At: at}
}

func TestASessionIsOverAfterSilence(t *testing.T) {
	for name, c := range map[string]struct {
		quiet    time.Duration
		replaced bool
		placed   string
		over     bool
	}{
		"just now":                            {time.Minute, true, "other", false},
		"for an hour, alone":                  {time.Hour, false, "", false},
		"for an hour, placed":                 {time.Hour, false, "s1", false},
		"for two hours":                       {2 * time.Hour, false, "s1", true},
		"shortly, with another after it":      {10 * time.Minute, true, "", true},
		"shortly, the room is placed anew":    {10 * time.Minute, false, "s2", true},
		"a minute less, with both":            {9 * time.Minute, true, "s2", false},
		"a clock of ours that is behind":      {-time.Minute, true, "s2", false},
		"an hour, another after it, placed":   {time.Hour, true, "s1", true},
		"shortly, placed, and no other of it": {10 * time.Minute, false, "s1", false},
	} {
		s := history.Silent{Session: "s1", Heard: noon.Add(-c.quiet), Replaced: c.replaced}
		if got := retention.Over(s, c.placed, noon); got != c.over {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// The only home dies, a new one takes the room, then the old one's outbox is brought after all.
func TestSessionsThatNobodyClosedEnd(t *testing.T) {
	onEach(t, func(t *testing.T, h *history.Store) {
		v := configured(t, company("acme", state.Settings{}), &state.Place{Company: "acme", Room: "placed", Node: "fra-2", Epoch: 2, Session: "s9"})
		keep(t, h,
			&record.Opened{Live: live("acme", "daily", "dead", noon), RoomKind: record.Call},
			&record.Joined{Live: live("acme", "daily", "dead", noon), Presence: "p1", Peer: "ann", Role: record.Regular, Mode: record.Speaker},
			&record.Opened{Live: live("acme", "daily", "heir", noon.Add(time.Minute)), RoomKind: record.Call},
			&record.Opened{Live: live("acme", "placed", "moved", noon), RoomKind: record.Call},
			&record.Opened{Live: live("acme", "alone", "alone", noon), RoomKind: record.Call})
		var told []string
		tell := func(_ context.Context, s history.Silent) error {
			if s.Session == "heir" && !slices.Contains(told, "away") { // the first try
				told = append(told, "away")
				return history.ErrAway
			}
			told = append(told, s.Session)
			return nil
		}
		running := func(at time.Duration, want retention.Closed, sessions int) {
			t.Helper()
			got, err := retention.Close(t.Context(), h, v, noon.Add(at), tell)
			if errors.Is(err, history.ErrAway) {
				err = nil
			}
			if err != nil || got != want {
				t.Errorf("after %s: %+v, want %+v, %v", at, got, want, err)
			}
			n, err := h.CountSessions(t.Context(), history.SessionFilter{Company: "acme", Phase: history.Running})
			if err != nil || n != sessions {
				t.Errorf("after %s: %d run, want %d, %v", at, n, sessions, err)
			}
		}
		running(5*time.Minute, retention.Closed{}, 4)
		running(15*time.Minute, retention.Closed{Lost: 2}, 2) // dead and moved
		running(16*time.Minute, retention.Closed{}, 2)
		keep(t, h, &record.Tick{Live: live("acme", "alone", "alone", noon.Add(time.Hour)), Presence: "p2", Peer: "bob"})
		running(129*time.Minute, retention.Closed{}, 2)        // heir, if somebody could be told
		running(130*time.Minute, retention.Closed{Lost: 1}, 1) // heir; somebody is alone
		keep(t, h, &record.Tick{Live: live("acme", "daily", "dead", noon.Add(125*time.Minute)), Presence: "p1", Peer: "ann"})
		running(131*time.Minute, retention.Closed{Found: 1}, 2)
		running(240*time.Minute, retention.Closed{Lost: 2}, 0)
		slices.Sort(told)
		if got := strings.Join(told, " "); got != "alone away dead dead heir moved" {
			t.Errorf("told of %s", got)
		}
	})
}

func TestEachTenantKeepsItsHistoryAsLongAsItSays(t *testing.T) {
	short, long, chat := 5, 100, 2
	v := configured(t,
		&state.UpdatePlatform{Set: []byte(`{"settings":{"audit_days":50}}`)},
		state.Add(state.KindReseller, "north", "", state.ResellerSpec{Name: "North", Settings: state.Settings{HistoryDays: &long}}),
		state.Add(state.KindCompany, "under", "", state.CompanySpec{Name: "u", Reseller: "north"}),
		company("brief", state.Settings{HistoryDays: &short, ChatDays: &chat, AuditDays: &short}), company("plain", state.Settings{}))
	for owner, want := range map[string]history.Retention{
		"":               {Audit: 50, Deliveries: 30},
		"plain":          {Audit: 50, Deliveries: 30},
		"reseller/north": {Sessions: 100, Audit: 50, Deliveries: 30},
		"under":          {Sessions: 100, Audit: 50, Deliveries: 30},
		"brief":          {Sessions: 5, Chat: 2, Audit: 5, Deliveries: 30},
		"gone":           {Sessions: 30, Chat: 30, Audit: 30, Deliveries: 30},
		"reseller/gone":  {Sessions: 30, Chat: 30, Audit: 30, Deliveries: 30},
	} {
		if got := retention.Days(v, owner); got != want {
			t.Errorf("%q: %+v, want %+v", owner, got, want)
		}
	}
	onEach(t, func(t *testing.T, h *history.Store) {
		for _, owner := range []string{"brief", "gone", "plain", "under"} {
			for _, age := range []int{1, 10, 40, 200} {
				at := noon.AddDate(0, 0, -age)
				keep(t, h, &record.Closed{Live: live(owner, "daily", at.Format(time.DateOnly), at)})
			}
		}
		old := record.Audit{Event: "e1", At: noon.AddDate(0, 0, -60), Actor: "key:k", Action: "plan.update", Object: record.Object{Kind: "plan", ID: "p"}}
		keep(t, h, &old)
		got, err := retention.Purge(t.Context(), h, v, noon)
		if want := (history.Purged{Sessions: 3 + 2 + 1, Audit: 1}); err != nil || got != want {
			t.Errorf("%+v, want %+v, %v", got, want, err)
		}
		if again, err := retention.Purge(t.Context(), h, v, noon); err != nil || again != (history.Purged{}) {
			t.Errorf("left over: %+v, %v", again, err)
		}
		for owner, want := range map[string]int{"brief": 1, "gone": 2, "plain": 4, "under": 3} {
			if n, err := h.CountSessions(t.Context(), history.SessionFilter{Company: owner}); err != nil || n != want {
				t.Errorf("%s: %d sessions, want %d, %v", owner, n, want, err)
			}
		}
	})
}
