package gcore

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"

	"github.com/meridian-video/meridian/edge/callers"
	"github.com/meridian-video/meridian/edge/room"
)

// hall is one live room with two people, of whom ann may be closed.
type hall struct {
	fail   error // of everything
	orders []room.Act
}

var opened = time.Unix(1_700_000_000, 0)

func (h *hall) Brief(_ context.Context, company, id, peer string) (room.Brief, error) {
	switch {
	case h.fail != nil:
		return room.Brief{}, h.fail
	case company != "acme" || id != "hall" && id != "a/b":
		return room.Brief{}, room.ErrNotFound
	}
	return room.Brief{Opened: opened, People: 2, Peer: peer == "ann"}, nil
}

func (h *hall) Order(_ context.Context, _, id string, a room.Act) error {
	switch {
	case h.fail != nil:
		return h.fail
	case id != "hall":
		return room.ErrNotFound
	case a.Peer != "" && a.Peer != "ann":
		return room.ErrNoPerson
	}
	h.orders = append(h.orders, a)
	return nil
}

// Admit lets a caller do what the credential names.
func (h *hall) Admit(r *http.Request, scope string) (string, error) {
	switch key := r.Header.Get("Authorization"); {
	case key == "":
		return "", callers.ErrUnknown
	case key == "much":
		return "", callers.ErrTooMany
	case key != scope && key != scopeWrite:
		return "", callers.ErrScope
	}
	return "acme", nil
}

func (h *hall) serve(method, target, key, kind, body string) *httptest.ResponseRecorder {
	r := chi.NewRouter()
	r.Use(middleware.GetHead)
	r.Get("/m/{room}", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
	(&Server{Rooms: h, Callers: h, Now: func() time.Time { return opened.Add(90*time.Second + 999*time.Millisecond) }, Log: slog.New(slog.DiscardHandler)}).Mount(r)
	q := httptest.NewRequest(method, target, strings.NewReader(body))
	q.Header.Set("Authorization", key)
	q.Header.Set("Content-Type", kind)
	w := httptest.NewRecorder()
	r.ServeHTTP(w, q)
	return w
}

func TestExactAnswers(t *testing.T) {
	const form = "application/x-www-form-urlencoded"
	for _, c := range []struct {
		method, target, kind, body string
		want                       string
	}{
		{"GET", "/rooms/hall/durationOfBroadcast", "", "", `{"roomId":"hall","duration":90}`},
		{"GET", "/rooms/hall/numberPeers", "", "", `{"roomId":"hall","numberPeers":2}`},
		{"GET", "/hall/numberPeers", "", "", `{"roomId":"hall","numberPeers":2}`},
		{"GET", "/rooms/a%2Fb/numberPeers", "", "", `{"roomId":"a/b","numberPeers":2}`},
		{"GET", "/rooms/hall/exists", "", "", `{"roomId":"hall","exists":true}`},
		{"GET", "/rooms/none/exists", "", "", `{"roomId":"none","exists":false}`},
		{"POST", "/rooms/hall/existingPeer", "", `{"peerId":"ann"}`, `{"roomId":"hall","peerId":"ann","exists":true}`},
		{"POST", "/rooms/hall/existingPeer", form, "peerId=ann", `{"roomId":"hall","peerId":"ann","exists":true}`},
		{"GET", "/rooms/hall/existingPeer?peerID=bob", "", "", `{"roomId":"hall","peerId":"bob","exists":false}`},
		{"GET", "/rooms/hall/existingPeer/a%40b.c", "", "", `{"roomId":"hall","peerId":"a@b.c","exists":false}`},
		{"POST", "/rooms/hall/closePeer", "application/json", `{"peerID":"ann"}`, `{"roomId":"hall","peerId":"ann","closed":true}`},
		{"POST", "/hall/closePeer?peerId=ann", "", "", `{"roomId":"hall","peerId":"ann","closed":true}`},
		{"GET", "/hall/closeRoom", "", "", `{"roomId":"hall","closed":true}`},
		{"DELETE", "/rooms/hall/closeRoom", "", "", `{"roomId":"hall","closed":true}`},
		{"GET", "/rooms/hall/recording", "", "", `{"roomId":"hall","state":"not_available","recordingId":null}`},
	} {
		w := new(hall).serve(c.method, c.target, scopeWrite, c.kind, c.body)
		if got := strings.TrimSpace(w.Body.String()); w.Code != http.StatusOK || got != c.want || w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s %s: %d %s", c.method, c.target, w.Code, got)
		}
	}
}

// TestWorstInputs: what is asked worst of each call.
func TestWorstInputs(t *testing.T) {
	long, torn := strings.Repeat("x", maxName+1), "%ff%fe"
	for _, call := range []struct {
		method, name string
		peer         bool
	}{
		{"GET", "durationOfBroadcast", false}, {"GET", "numberPeers", false}, {"GET", "closeRoom", false}, {"POST", "closeRoom", false}, {"DELETE", "closeRoom", false},
		{"POST", "closePeer", true}, {"POST", "existingPeer", true}, {"GET", "existingPeer", true}, {"GET", "recording", false}, {"POST", "recording/start", false}, {"POST", "recording/stop", false},
	} {
		h := &hall{}
		bad := func(what, target, body string) {
			if w := h.serve(call.method, target, scopeWrite, "", body); w.Code != http.StatusBadRequest || !strings.HasPrefix(w.Body.String(), `{"error":"`) {
				t.Errorf("%s %s, %s: %d %s", call.method, call.name, what, w.Code, w.Body)
			}
		}
		bad("no such room", "/rooms/none/"+call.name+"?peerId=ann", "")
		bad("a long room", "/rooms/"+long+"/"+call.name+"?peerId=ann", "")
		bad("a room that is no text", "/rooms/"+torn+"/"+call.name+"?peerId=ann", "")
		bad("a body without end", "/rooms/hall/"+call.name+"?peerId=ann", strings.Repeat(" ", maxBody+1))
		bad("a body that is no question", "/rooms/hall/"+call.name+"?peerId=ann", `{"peerId":{}}`)
		bad("a long peer", "/rooms/hall/"+call.name+"?peerId="+long, "")
		if call.peer {
			bad("no peer", "/rooms/hall/"+call.name, "{}")
		}
		if len(h.orders) > 0 {
			t.Errorf("%s did %v", call.name, h.orders)
		}
	}
	for _, c := range []struct {
		what, method, target, kind, body string
	}{
		{"an unknown peer", "POST", "/rooms/hall/closePeer", "", `{"peerId":"bob"}`},
		{"a list for a body", "POST", "/rooms/hall/closePeer", "", `["ann"]`},
		{"a torn form", "POST", "/rooms/hall/closePeer", "application/x-www-form-urlencoded", "peerId=%zz"},
		{"a long peer in the path", "GET", "/rooms/hall/existingPeer/" + long, "", ""},
		{"a peer in the path that is no text", "GET", "/rooms/hall/existingPeer/" + torn, "", ""},
		{"a long room", "GET", "/rooms/" + long + "/exists", "", ""},
		{"a room that is no text", "GET", "/rooms/" + torn + "/exists", "", ""},
		{"a body that is no question", "GET", "/rooms/hall/exists", "", "null null"},
		{"a body without end", "GET", "/rooms/hall/exists", "", strings.Repeat(" ", maxBody+1)},
		{"a long peer beside it", "GET", "/rooms/hall/exists?peerId=" + long, "", ""},
	} {
		h := &hall{}
		if w := h.serve(c.method, c.target, scopeWrite, c.kind, c.body); w.Code != http.StatusBadRequest || len(h.orders) > 0 {
			t.Errorf("%s: %d %s, did %v", c.what, w.Code, w.Body, h.orders)
		}
	}
}

func TestRefusals(t *testing.T) {
	for _, c := range []struct {
		key    string
		fail   error
		method string
		target string
		want   int
	}{
		{"", nil, "GET", "/hall/closeRoom", 401},
		{"much", nil, "GET", "/hall/closeRoom", 429},
		{scopeRead, nil, "GET", "/hall/closeRoom", 403},
		{scopeRead, nil, "GET", "/hall/numberPeers", 200},
		{scopeWrite, room.ErrTryAgain, "GET", "/hall/closeRoom", 500},
		{scopeWrite, errors.New("postgres://secret"), "GET", "/hall/exists", 500},
		{scopeWrite, nil, "HEAD", "/hall/closeRoom", 405},
		{scopeWrite, nil, "HEAD", "/rooms/hall/numberPeers", 200},
		{scopeWrite, nil, "PUT", "/rooms/hall/closeRoom", 405},
		{scopeWrite, nil, "POST", "/rooms/hall/recording/start", 409},
		{scopeWrite, nil, "GET", "/m/closeRoom", 418},
		{scopeWrite, nil, "GET", "/rooms/hall/other", 404},
	} {
		h := &hall{fail: c.fail}
		w := h.serve(c.method, c.target, c.key, "", "")
		if w.Code != c.want || strings.Contains(w.Body.String(), "secret") || len(h.orders) > 0 {
			t.Errorf("%s %s by %q: %d %s, did %v, want %d", c.method, c.target, c.key, w.Code, w.Body, h.orders, c.want)
		}
	}
}

func FuzzPeer(f *testing.F) {
	f.Add("application/json", []byte(`{"peerId": "ann"}`))
	f.Add("", []byte(`{"peerID": 42}`))
	f.Add("application/x-www-form-urlencoded", []byte("peerId=a%40b"))
	f.Add("application/x-www-form-urlencoded; charset", []byte("{"))
	f.Fuzz(func(t *testing.T, kind string, body []byte) {
		peer, err := peerOf(kind, body)
		if err != nil && (!errors.Is(err, errQuestion) || peer != "") {
			t.Fatalf("%q, %v", peer, err)
		}
	})
}
