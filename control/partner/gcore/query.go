package gcore

import (
	"net/http"
	"net/url"
	"time"

	"github.com/meridian-video/meridian/control/history"
)

// read takes room_id, from and to, all required, from a query.
func read(query string) (want history.StayFilter, err error) {
	values, err := url.ParseQuery(query)
	if err != nil {
		return want, &refusal{http.StatusBadRequest, "the query cannot be read"}
	}
	want.Room = values.Get("room_id")
	if !readable(want.Room) {
		return want, &refusal{http.StatusBadRequest, "room_id: is required, of at most 256 bytes"}
	}
	if want.From, err = instant("from", values.Get("from")); err != nil {
		return want, err
	}
	if want.To, err = instant("to", values.Get("to")); err != nil {
		return want, err
	}
	if want.From.After(want.To) {
		return want, &refusal{http.StatusBadRequest, "from: is after to"}
	}
	return want, nil
}

// layouts are the forms of ISO 8601 that are taken. Fractions of any length are, without being in them. What names
// no zone is UTC.
var layouts = []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02T15:04Z07:00", "2006-01-02T15:04", "2006-01-02T15:04:05Z0700", "2006-01-02"}

// instant reads a time between the years 1970 and 9999, which history can hold.
func instant(field, text string) (time.Time, error) {
	for _, layout := range layouts {
		if t, err := time.Parse(layout, text); err == nil && t.Unix() >= 0 && t.UTC().Year() <= 9999 {
			return t.UTC(), nil
		}
	}
	return time.Time{}, &refusal{http.StatusBadRequest, field + ": is required, in ISO 8601"}
}
