package api

import (
	"context"
	"net/http"
	"time"

	"github.com/meridian-video/meridian/control/history"
)

// statisticsSpan is the time that statistics are about when the call says nothing.
const statisticsSpan = 24 * time.Hour

// Stay is one presence on the grid of 30 s.
type Stay struct {
	Peer     string    `json:"peer"`
	JoinedAt time.Time `json:"joined_at" doc:"Rounded down to a multiple of 30 s."`
	LeftAt   time.Time `json:"left_at" doc:"Rounded up; of who is still there, the newest tick."`
	Seconds  int64     `json:"duration_seconds" doc:"left_at − joined_at, a multiple of 30."`
}

// StaySummary sums stays up.
type StaySummary struct {
	Participants       int        `json:"participants" doc:"Different peer ids."`
	StartedAt          *time.Time `json:"started_at,omitempty" doc:"When the first one joined; absent where nobody was there."`
	EndedAt            *time.Time `json:"ended_at,omitempty" doc:"When the last one left."`
	DurationSeconds    int64      `json:"duration_seconds" doc:"ended_at − started_at."`
	ActiveSeconds      int64      `json:"active_seconds" doc:"In which somebody was there; of several rooms counted once."`
	ParticipantSeconds int64      `json:"participant_seconds" doc:"Of all stays together."`
}

// SessionCount counts sessions.
type SessionCount struct {
	Total   int `json:"total"`
	Running int `json:"running"`
	Ended   int `json:"ended"`
}

// StaysQuery is which stays are meant.
type StaysQuery struct {
	Company string    `path:"company" doc:"Id of the company."`
	Room    string    `query:"room" maxLength:"256" doc:"Those in this room, by its id or public id; absent = all rooms." example:"standup"`
	Person  string    `query:"person" maxLength:"64" doc:"Those of this person, by the id of a user, customer or attendee; absent = everybody."`
	Since   time.Time `query:"since" doc:"Stays that joined at or after this time; absent = 24 h before until." example:"2026-11-21T00:00:00Z"`
	Until   time.Time `query:"until" doc:"Stays that joined not after this time; absent = now." example:"2026-11-22T00:00:00Z"`
}

type staysPageIn struct {
	StaysQuery
	PastQuery
}

type countIn struct {
	Company string `path:"company" doc:"Id of the company."`
	Room    string `query:"room" maxLength:"256" doc:"Those of this room, by its id or public id; absent = all rooms." example:"standup"`
	SpanQuery
}

type (
	summaryOut struct{ Body StaySummary }
	countOut   struct{ Body SessionCount }
)

func (a *API) registerStatistics() {
	const (
		path = "/companies/{company}/statistics"
		grid = "All times lie on one grid of 30 s: joining is rounded down, leaving up. A stay is within a span by its joining."
	)
	register(a, operation{
		method: http.MethodGet, path: path + "/peers", id: "list-stays", summary: "List stays, in the order of joining", tag: "statistics",
		scope: "statistics:read", status: http.StatusOK, about: grid,
		answer: Page[Stay]{Items: []Stay{{Peer: "ada-1", JoinedAt: exampleStart, LeftAt: exampleEnd, Seconds: 2730}}},
	}, a.listStays)
	register(a, operation{
		method: http.MethodGet, path: path + "/summary", id: "get-stay-summary", summary: "Sum stays up", tag: "statistics",
		scope: "statistics:read", status: http.StatusOK, about: grid + " A span of more than 100,000 stays is refused.",
		answer: StaySummary{Participants: 0},
	}, heavy(a, a.summariseStays))
	register(a, operation{
		method: http.MethodGet, path: path + "/sessions", id: "count-sessions", summary: "Count sessions", tag: "statistics",
		scope: "statistics:read", status: http.StatusOK, answer: SessionCount{Total: 12, Running: 1, Ended: 11},
	}, heavy(a, a.countSessions))
}

// stayFilter is what a call about stays means, for those whose company's they are.
func (a *API) stayFilter(ctx context.Context, in StaysQuery) (history.StayFilter, error) {
	of, err := companyOf(ctx)
	if err != nil {
		return history.StayFilter{}, err
	}
	if in.Until.IsZero() {
		in.Until = callOf(ctx).at
	}
	if in.Since.IsZero() {
		in.Since = in.Until.Add(-statisticsSpan)
	}
	if in.Since.After(in.Until) {
		return history.StayFilter{}, invalid(ctx, "since", "must not be after until")
	}
	room, err := roomNamed(ctx, of.ID, in.Room)
	return history.StayFilter{Company: of.ID, Room: room, From: in.Since, To: in.Until, Person: in.Person}, err
}

func (a *API) listStays(ctx context.Context, in *staysPageIn) (*pageOut[Stay], error) {
	want, err := a.stayFilter(ctx, in.StaysQuery)
	if err != nil {
		return nil, err
	}
	rows, next, err := a.history.Stays(ctx, want, in.page())
	return pageOf(rows, next, func(s history.Stay) Stay {
		return Stay{Peer: s.Peer, JoinedAt: s.Join, LeftAt: s.Leave, Seconds: wholeSeconds(s.Duration())}
	}), err
}

func (a *API) summariseStays(ctx context.Context, in *StaysQuery) (*summaryOut, error) {
	want, err := a.stayFilter(ctx, *in)
	if err != nil {
		return nil, err
	}
	stays, err := a.history.Statistics(ctx, want)
	sum := history.Summarise(stays)
	return &summaryOut{StaySummary{
		Participants: sum.Participants, StartedAt: optionalTime(sum.Start), EndedAt: optionalTime(sum.End), DurationSeconds: wholeSeconds(sum.Duration),
		ActiveSeconds: wholeSeconds(sum.Active), ParticipantSeconds: wholeSeconds(sum.Total),
	}}, err
}

func (a *API) countSessions(ctx context.Context, in *countIn) (*countOut, error) {
	of, err := companyOf(ctx)
	if err != nil {
		return nil, err
	}
	room, err := roomNamed(ctx, of.ID, in.Room)
	if err != nil {
		return nil, err
	}
	want := history.SessionFilter{Company: of.ID, Room: room, From: in.Since, To: in.Until}
	var n SessionCount
	if n.Total, err = a.history.CountSessions(ctx, want); err != nil {
		return nil, err
	}
	want.Phase = history.Running
	n.Running, err = a.history.CountSessions(ctx, want)
	n.Ended = max(0, n.Total-n.Running) // one may begin between the two
	return &countOut{n}, err
}

func wholeSeconds(d time.Duration) int64 { return int64(d / time.Second) }
