package api

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"

	"github.com/meridian-video/meridian/control/history"
	"github.com/meridian-video/meridian/control/state"
)

// PastQuery is the paging of a list of what has happened. Its cursors hold an id of up to 256 bytes.
type PastQuery struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50" doc:"Entries per page."`
	Cursor string `query:"cursor" maxLength:"1024" doc:"next_cursor of the page before; opaque."`
}

func (q PastQuery) page() history.Page { return history.Page{Limit: q.Limit, Cursor: q.Cursor} }

// SpanQuery bounds a list in time.
type SpanQuery struct {
	Since time.Time `query:"since" doc:"At or after this time." example:"2026-11-01T00:00:00Z"`
	Until time.Time `query:"until" doc:"Before this time." example:"2026-12-01T00:00:00Z"`
}

// pageOf makes a page of what history gave.
func pageOf[E, T any](rows []E, next string, show func(E) T) *pageOut[T] {
	out := &pageOut[T]{Page[T]{Items: make([]T, len(rows)), NextCursor: next}}
	for i, r := range rows {
		out.Body.Items[i] = show(r)
	}
	return out
}

// plain refuses texts that no record can hold: NUL, which PostgreSQL has not, and what is not UTF-8.
func plain(ctx context.Context, fields map[string]string) error {
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if text := fields[name]; strings.IndexByte(text, 0) >= 0 || !utf8.ValidString(text) {
			return invalid(ctx, name, "must be UTF-8 without NUL")
		}
	}
	return nil
}

// roomNamed is the public id under which history knows a room, which may be called by its id as well. Rooms that
// nobody configured, or that are gone, have a history, too.
func roomNamed(ctx context.Context, company, name string) (string, error) {
	if err := plain(ctx, map[string]string{"room": name}); err != nil {
		return "", err
	}
	if r, ok := state.GetOwned[state.Room](callOf(ctx).view, company, name); ok {
		return r.PublicID, nil
	}
	return name, nil
}

// registerPast adds what is asked about the past.
func (a *API) registerPast() {
	a.registerRoomSessions()
	a.registerStatistics()
	a.registerLedgers()
	a.registerAudit()
	a.registerPersons()
}

// refusePast is refuse for what history refuses; nil for what it does not know.
func refusePast(ctx context.Context, err error) error {
	switch {
	case errors.Is(err, history.ErrCursor):
		return invalid(ctx, "cursor", "must be a next_cursor of this list")
	case errors.Is(err, history.ErrTooMany):
		return invalid(ctx, "until", "too much has happened until then; ask for a shorter time")
	case errors.Is(err, history.ErrMonth), errors.Is(err, history.ErrTooEarly), errors.Is(err, history.ErrSealedLater):
		return invalid(ctx, "month", err.Error())
	case errors.Is(err, history.ErrAway), errors.Is(err, history.ErrClosed):
		p := problem(ctx, http.StatusServiceUnavailable, "The history cannot be read now. Try again.")
		return huma.ErrorWithHeaders(p, http.Header{"Retry-After": {"2"}})
	}
	return nil
}
