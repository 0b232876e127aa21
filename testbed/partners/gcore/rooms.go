package gcore

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
)

// Rooms asks the servers about rooms that people are in, and closes them.
type Rooms struct {
	Base  string // https://webrtc1.example.com:443
	Token string // goes into the Authorization header
	HTTP  *http.Client
}

// Number is how many are in a room; a room that nobody is in is CodeError(400).
func (r Rooms) Number(ctx context.Context, room string) (int, error) {
	var answer struct {
		Peers int `json:"numberPeers"`
	}
	body, err := get(ctx, r.HTTP, r.at(room, "numberPeers"), r.Token)
	if err != nil {
		return 0, err
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return 0, fmt.Errorf("read the number of peers: %w", err)
	}
	return answer.Peers, nil
}

// Close ends a room for all.
func (r Rooms) Close(ctx context.Context, room string) error {
	_, err := get(ctx, r.HTTP, r.at(room, "closeRoom"), r.Token)
	return err
}

func (r Rooms) at(room, call string) string {
	return r.Base + "/rooms/" + url.PathEscape(room) + "/" + call
}
