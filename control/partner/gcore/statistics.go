package gcore

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/meridian-video/meridian/control/history"
	"github.com/meridian-video/meridian/control/state"
)

// Path is what all the calls begin with.
const Path = "/vp/api/statistics/"

const (
	scope   = "statistics:read"
	maxRoom = 256 // bytes of a room's id
	timeout = 15 * time.Second
)

// History is what has happened.
type History interface {
	Statistics(ctx context.Context, want history.StayFilter) ([]history.Stay, error)
}

// Statistics answers who was in a room and when, on the grid of 30 s.
type Statistics struct {
	// Company is whose key comes with a call; a refusal knows its status by GetStatus.
	Company func(w http.ResponseWriter, r *http.Request, scope string) (state.Company, error)
	History History
	Log     *slog.Logger
}

// The bodies of answers, by the partner's names. Times are seconds of UNIX.
type (
	stay struct {
		Person   string `json:"person_id"`
		Join     int64  `json:"join_time"`
		Leave    int64  `json:"leave_time"`
		Duration int64  `json:"duration"`
	}
	summary struct {
		Participants int   `json:"participants"`
		Start        int64 `json:"start_time"`
		End          int64 `json:"end_time"`
		Duration     int64 `json:"duration"`
		Active       int64 `json:"active_duration"`
		Total        int64 `json:"participant_seconds"`
	}
	body struct {
		Data   any      `json:"data"`
		Errors []string `json:"errors"`
	}
)

// errNothing is returned where nobody was in the room.
var errNothing = errors.New("there is no data of that room in that time")

// ServeHTTP implements http.Handler.
func (s *Statistics) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	data, err := s.answer(w, r)
	h.Set("Content-Type", "application/json")
	if err != nil {
		status := statusOf(err)
		s.Log.Info("statistics refused", "status", status, "err", err)
		w.WriteHeader(status)
		write(w, body{nil, []string{messageOf(err)}})
		return
	}
	write(w, body{data, []string{}})
}

func write(w http.ResponseWriter, b body) { _ = json.NewEncoder(w).Encode(b) } // the caller is gone

func (s *Statistics) answer(w http.ResponseWriter, r *http.Request) (any, error) {
	show, known := views[strings.TrimSuffix(strings.TrimPrefix(r.URL.Path, Path), "/")]
	switch {
	case !known:
		return nil, &refusal{http.StatusNotFound, "there is no such call"}
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		w.Header().Set("Allow", "GET")
		return nil, &refusal{http.StatusMethodNotAllowed, "only GET"}
	}
	of, err := s.Company(w, r, scope)
	if err != nil {
		return nil, err
	}
	want, err := read(r.URL.RawQuery)
	if err != nil {
		return nil, err
	}
	want.Company = of.ID
	ctx, cancel := context.WithTimeout(r.Context(), timeout)
	defer cancel()
	stays, err := s.History.Statistics(ctx, want)
	if err != nil {
		return nil, err
	}
	if len(stays) == 0 {
		return nil, errNothing
	}
	return show(stays), nil
}

// views are the calls, by what follows Path.
var views = map[string]func([]history.Stay) any{"peers": list, "peers/summary": sum}

func list(stays []history.Stay) any {
	out := make([]stay, len(stays))
	for i, s := range stays {
		out[i] = stay{s.Peer, s.Join.Unix(), s.Leave.Unix(), seconds(s.Duration())}
	}
	return out
}

func sum(stays []history.Stay) any {
	s := history.Summarise(stays)
	return summary{s.Participants, s.Start.Unix(), s.End.Unix(), seconds(s.Duration), seconds(s.Active), seconds(s.Total)}
}

func seconds(d time.Duration) int64 { return int64(d / time.Second) }

// refusal is what this package itself refuses.
type refusal struct {
	status  int
	message string
}

func (r *refusal) Error() string  { return r.message }
func (r *refusal) GetStatus() int { return r.status }

// statusOf is the one place where an error becomes a status. Who is not known is forbidden there.
func statusOf(err error) int {
	known, is := errors.AsType[interface {
		error
		GetStatus() int
	}](err)
	switch {
	case is && known.GetStatus() == http.StatusUnauthorized:
		return http.StatusForbidden
	case is:
		return known.GetStatus()
	case errors.Is(err, errNothing):
		return http.StatusNotFound
	case errors.Is(err, history.ErrTooMany):
		return http.StatusBadRequest
	}
	return http.StatusInternalServerError
}

func messageOf(err error) string {
	switch status := statusOf(err); {
	case status == http.StatusForbidden:
		return "access denied"
	case status >= http.StatusInternalServerError:
		return "the statistics cannot be read now; try again"
	}
	return err.Error()
}

// readable tells whether a name can be in a record at all.
func readable(name string) bool {
	return name != "" && len(name) <= maxRoom && utf8.ValidString(name) && !strings.Contains(name, "\x00")
}
