package queue

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Try is one attempt of a delivery that was made.
type Try struct {
	At     time.Time
	Status int    // of the answer; 0: there was none
	Fault  string // "" when it was accepted
}

// line is a try as it is kept.
type line struct {
	At     int64  `json:"t"` // Unix milliseconds
	Status int    `json:"s,omitempty"`
	Fault  string `json:"f,omitempty"`
}

// maxTryFault bounds what is kept of an attempt's error, in bytes: there are up to ten in a row.
const maxTryFault = 200

// try is what a failed attempt leaves.
func (r Result) try() string {
	if r.Outcome == Delivered {
		return ""
	}
	fault := clip(r.Fault)
	text, _ := json.Marshal(line{r.At.UnixMilli(), r.Status, strings.ToValidUTF8(fault[:min(len(fault), maxTryFault)], "")}) // numbers and a text
	return string(text) + "\n"
}

// Tries lists the attempts of a delivery since it was made or replayed, the oldest first. ErrNone when there is no
// such delivery.
func (q *Queue) Tries(ctx context.Context, company, id string) ([]Try, error) {
	db, err := q.db.Reader()
	if err != nil {
		return nil, err
	}
	var kept string
	var outcome Outcome
	var tried int64
	var status int
	err = db.QueryRowContext(ctx, `SELECT tries, outcome, coalesce(tried, 0), status FROM delivery WHERE company = $1 AND delivery = $2`,
		company, id).Scan(&kept, &outcome, &tried, &status)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, ErrNone
	}
	if err != nil {
		return nil, fmt.Errorf("read attempts: %w", err)
	}
	tries := parseTries(kept)
	if outcome == Delivered {
		tries = append(tries, Try{At: moment(tried), Status: status})
	}
	return tries, nil
}

func parseTries(kept string) (tries []Try) {
	for text := range strings.Lines(kept) {
		var l line
		if json.Unmarshal([]byte(text), &l) == nil {
			tries = append(tries, Try{time.UnixMilli(l.At).UTC(), l.Status, l.Fault})
		}
	}
	return tries
}
