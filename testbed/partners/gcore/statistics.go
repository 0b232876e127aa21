package gcore

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// Statistics asks for what a room was used for.
type Statistics struct {
	Base  string // https://api.example.com
	Token string // goes into the Authorization header
	HTTP  *http.Client
}

// Summary is the use of a room by all together; times are Unix seconds,
// duration is in seconds.
type Summary struct {
	Participants int   `json:"participants"`
	StartTime    int64 `json:"start_time"`
	EndTime      int64 `json:"end_time"`
	Duration     int64 `json:"duration"`
}

// Stay is one session of a participant.
type Stay struct {
	PersonID  string `json:"person_id"`
	JoinTime  int64  `json:"join_time"`
	LeaveTime int64  `json:"leave_time"`
	Duration  int64  `json:"duration"`
}

// Summary asks for a period.
func (s Statistics) Summary(ctx context.Context, room string, from, to time.Time) (sum Summary, err error) {
	return sum, s.get(ctx, "/vp/api/statistics/peers/summary", room, from, to, &sum)
}

// Peers asks for the stays in a period.
func (s Statistics) Peers(ctx context.Context, room string, from, to time.Time) (stays []Stay, err error) {
	return stays, s.get(ctx, "/vp/api/statistics/peers/", room, from, to, &stays)
}

func (s Statistics) get(ctx context.Context, path, room string, from, to time.Time, into any) error {
	const form = "2006-01-02T15:04:05.0Z"
	q := url.Values{"room_id": {room}, "from": {from.UTC().Format(form)}, "to": {to.UTC().Format(form)}}
	body, err := get(ctx, s.HTTP, s.Base+path+"?"+q.Encode(), s.Token)
	if err != nil {
		return err
	}
	var answer struct {
		Data   json.RawMessage `json:"data"`
		Errors []any           `json:"errors"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return fmt.Errorf("read statistics: %w", err)
	}
	return json.Unmarshal(answer.Data, into)
}
