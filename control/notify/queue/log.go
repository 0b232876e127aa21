package queue

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"
)

// ErrCursor is returned when a cursor is none of this list.
var ErrCursor = errors.New("not a cursor of this list")

// Entry is a line of the delivery log.
type Entry struct {
	ID       string
	Endpoint string
	Notice   string
	Type     string
	Seq      int64 // 0: has none
	Created  time.Time
	Outcome  Outcome
	Attempts int
	Tried    time.Time // last; zero: not yet
	Due      time.Time // of the next attempt; zero unless pending
	Status   int       // of the last answer; 0: there was none
	Fault    string
}

// Filter says which entries are wanted. Company is required.
type Filter struct {
	Company  string
	Endpoint string
	Outcome  *Outcome
	From, To time.Time // created; zero times bound nothing, From is included, To is not
}

// maxPage bounds a page, in entries.
const maxPage = 1000

// Log lists deliveries, the newest first, and the cursor of the next page; "" on the last.
func (q *Queue) Log(ctx context.Context, f Filter, cursor string, limit int) (_ []Entry, next string, err error) {
	if limit <= 0 || limit > maxPage {
		limit = maxPage
	}
	where, args := `d.company = $1`, []any{f.Company}
	and := func(condition string, values ...any) {
		where += " AND " + condition
		for _, v := range values {
			args = append(args, v)
			where += strconv.Itoa(len(args))
		}
	}
	if f.Endpoint != "" {
		and("d.endpoint = $", f.Endpoint)
	}
	if f.Outcome != nil {
		and("d.outcome = $", string(*f.Outcome))
	}
	if !f.From.IsZero() {
		and("d.created >= $", f.From.UnixMilli())
	}
	if !f.To.IsZero() {
		and("d.created < $", f.To.UnixMilli())
	}
	if cursor != "" {
		at, err := parsePlace(cursor)
		if err != nil {
			return nil, "", err
		}
		args = append(args, at.Created, at.ID)
		where += fmt.Sprintf(" AND (d.created, d.delivery) < ($%d, $%d)", len(args)-1, len(args))
	}
	args = append(args, limit+1)
	entries, err := q.entries(ctx, entryColumns+` WHERE `+where+` ORDER BY d.created DESC, d.delivery DESC LIMIT $`+strconv.Itoa(len(args)), args...)
	if err != nil || len(entries) <= limit {
		return entries, "", err
	}
	entries = entries[:limit]
	last := entries[limit-1]
	return entries, place{last.Created.UnixMilli(), last.ID}.cursor(), nil
}

// Entry finds one delivery of a company. ErrNone when there is none.
func (q *Queue) Entry(ctx context.Context, company, id string) (Entry, error) {
	entries, err := q.entries(ctx, entryColumns+` WHERE d.company = $1 AND d.delivery = $2`, company, id)
	if err == nil && len(entries) == 0 {
		err = ErrNone
	}
	if err != nil {
		return Entry{}, err
	}
	return entries[0], nil
}

const entryColumns = `SELECT d.delivery, d.endpoint, d.event, coalesce(n.type, ''), coalesce(n.seq, 0), d.created, d.outcome, d.attempts,
	coalesce(d.tried, 0), d.due, d.status, d.fault FROM delivery AS d LEFT JOIN notice AS n ON n.company = d.company AND n.notice = d.event`

func (q *Queue) entries(ctx context.Context, query string, args ...any) (entries []Entry, err error) {
	db, err := q.db.Reader()
	if err != nil {
		return nil, err
	}
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("read deliveries: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var e Entry
		var created, tried, due int64
		if err := rows.Scan(&e.ID, &e.Endpoint, &e.Notice, &e.Type, &e.Seq, &created, &e.Outcome, &e.Attempts, &tried, &due, &e.Status, &e.Fault); err != nil {
			return nil, fmt.Errorf("read deliveries: %w", err)
		}
		e.Created, e.Tried = moment(created), moment(tried)
		if e.Outcome == Pending {
			e.Due = moment(due)
		}
		entries = append(entries, e)
	}
	return entries, rows.Err()
}

// place is where a page ended.
type place struct {
	Created int64  `json:"c"`
	ID      string `json:"i"`
}

func (p place) cursor() string {
	text, _ := json.Marshal(p) // a number and a text
	return base64.RawURLEncoding.EncodeToString(text)
}

func parsePlace(cursor string) (p place, err error) {
	text, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil || json.Unmarshal(text, &p) != nil || p.ID == "" {
		return p, ErrCursor
	}
	return p, nil
}
