package ask

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/meridian-video/meridian/control/entry"
)

// errNoURL is returned for an endpoint that is no https address.
var errNoURL = errors.New("no https address")

// joinPath is what is put to the address of a company's events to ask whether
// somebody may join.
const joinPath = "joinPeer"

// newRequest makes the request of a question: the access check is a POST to the
// address itself (GC-H1), joining is asked below the address, by GET unless the
// company has chosen POST (GC-H2).
func newRequest(ctx context.Context, q entry.Ask, v Visitor) (*http.Request, error) {
	if q.Endpoint.URL == "" {
		return nil, errNoURL
	}
	if q.Question == entry.AccessCheck {
		if q.Endpoint.Method == http.MethodGet {
			return get(ctx, q.Endpoint.URL, url.Values{"accessToken": {q.AccessToken}, "roomId": {v.Room}, "peerId": {v.Peer}})
		}
		return post(ctx, q.Endpoint.URL, map[string]string{"accessToken": q.AccessToken, "roomId": v.Room, "peerId": v.Peer})
	}
	at, err := Below(q.Endpoint.URL, joinPath)
	if err != nil {
		return nil, err
	}
	if q.Endpoint.Method == http.MethodPost {
		return post(ctx, at, map[string]string{"event": "connected", "roomId": v.Room, "peerId": v.Peer, "displayName": v.Name, "token": v.Token})
	}
	return get(ctx, at, url.Values{"roomId": {v.Room}, "peerId": {v.Peer}, "displayName": {v.Name}, "token": {v.Token}})
}

// Below is an address with a segment put to its path, before its query.
func Below(base, segment string) (string, error) {
	u, err := url.Parse(base)
	if err != nil {
		return "", errNoURL
	}
	return u.JoinPath(segment).String(), nil
}

func get(ctx context.Context, at string, q url.Values) (*http.Request, error) {
	separator := "?"
	if strings.Contains(at, "?") {
		separator = "&" // what the company has put there stays as it is
	}
	return http.NewRequestWithContext(ctx, http.MethodGet, at+separator+q.Encode(), nil)
}

func post(ctx context.Context, at string, body map[string]string) (*http.Request, error) {
	b, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, at, bytes.NewReader(b))
	if err == nil {
		r.Header.Set("Content-Type", "application/json")
	}
	return r, err
}
