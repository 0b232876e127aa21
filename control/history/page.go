package history

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Pages of lists.
const (
	DefaultLimit = 50
	MaxLimit     = 1000
)

// ErrCursor is returned when a cursor is of no list of this kind.
var ErrCursor = errors.New("not a cursor of this list")

// Page says which part of a list is wanted. The zero value is its beginning.
type Page struct {
	Limit  int    // rows; 0 is DefaultLimit, more than MaxLimit is MaxLimit
	Cursor string // of the page before
}

func (p Page) limit() int {
	if p.Limit <= 0 {
		return DefaultLimit
	}
	return min(p.Limit, MaxLimit)
}

// place is where a page ended: the columns its list is ordered by.
type place struct {
	Numbers []int64 `json:"n"`
	ID      string  `json:"i"`
}

func (p place) cursor() string {
	text, _ := json.Marshal(p) // numbers and a text
	return base64.RawURLEncoding.EncodeToString(text)
}

// start is the place a page begins behind; false at a list's beginning.
func (p Page) start(numbers int) (place, bool, error) {
	if p.Cursor == "" {
		return place{}, false, nil
	}
	text, err := base64.RawURLEncoding.DecodeString(p.Cursor)
	var at place
	if err != nil || json.Unmarshal(text, &at) != nil || len(at.Numbers) != numbers || strings.IndexByte(at.ID, 0) >= 0 { // PostgreSQL has no NUL
		return place{}, false, ErrCursor
	}
	return at, true, nil
}

// narrowed gives the bounds of a list's first column as a page's cursor narrows them. Of two bounds SQLite takes
// one and reads on from there, be the other as narrow as it may.
func (p Page) narrowed(from, to time.Time, newestFirst bool) (time.Time, time.Time) {
	at, further, err := p.start(1)
	if err != nil || !further {
		return from, to
	}
	on := millis(at.Numbers[0])
	switch {
	case newestFirst && on.Before(to): // without a bound the cursor is one by itself
		to = on.Add(time.Millisecond)
	case !newestFirst && on.After(from):
		from = on
	}
	return from, to
}

// cut takes the surplus row off that was read to see whether there is a next page.
func cut[T any](rows []T, limit int, at func(T) place) ([]T, string) {
	if len(rows) <= limit {
		return rows, ""
	}
	rows = rows[:limit]
	return rows, at(rows[limit-1]).cursor()
}

// filter collects conditions and their parameters.
type filter struct {
	conditions []string
	args       []any
}

// and adds a condition in which each ? is the next argument.
func (f *filter) and(condition string, args ...any) {
	for _, a := range args {
		f.args = append(f.args, a)
		condition = strings.Replace(condition, "?", "$"+strconv.Itoa(len(f.args)), 1)
	}
	f.conditions = append(f.conditions, condition)
}

// between adds bounds of a time column; zero times bound nothing. From is included, to is not.
func (f *filter) between(column string, from, to time.Time) {
	if !from.IsZero() {
		f.and(column+" >= ?", from.UnixMilli())
	}
	if !to.IsZero() {
		f.and(column+" < ?", to.UnixMilli())
	}
}

// behind adds the condition of a page that is not the first: its list is ordered by some numbers and an id.
func (f *filter) behind(page Page, condition string, numbers int) error {
	at, further, err := page.start(numbers)
	if err != nil || !further {
		return err
	}
	args := make([]any, 0, numbers+1)
	for _, n := range at.Numbers {
		args = append(args, n)
	}
	f.and(condition, append(args, at.ID)...)
	return nil
}

func (f *filter) where() string { return " WHERE " + strings.Join(f.conditions, " AND ") }

// query is the whole of it: columns and table, conditions, order, and how many rows.
func (f *filter) query(columns, order string, limit int) query {
	args := append(slices.Clone(f.args), limit)
	return query{columns + f.where() + " ORDER BY " + order + " LIMIT $" + strconv.Itoa(len(args)), args}
}
