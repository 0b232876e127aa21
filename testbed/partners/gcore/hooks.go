package gcore

import (
	"crypto/rand"
	"encoding/json"
	"net/http"
	"net/url"
	"sync"
)

// Call is one request of the meeting's servers: joinPeer, closePeer or access.
type Call struct {
	Event         string
	Authorization string
	Values        url.Values // roomId, peerId, displayName, token; of access accessToken
}

// Hooks receives webhooks and access checks, remembers them, and answers 200 or
// what it was told to. Whoever does not know Secret hears 401.
type Hooks struct {
	Secret string // the whole Authorization header of the servers' calls; empty: any

	mu      sync.Mutex
	calls   []Call
	answers map[string]answer
	passes  map[string]string // peer ids by the access tokens that nobody has used
}

type answer struct {
	code int
	body string
}

// Answer decides what later calls of an event get: a code of 401, 423 and 425
// keeps the visitor out, and the body may say why.
func (h *Hooks) Answer(event string, code int, body string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.answers == nil {
		h.answers = make(map[string]answer)
	}
	h.answers[event] = answer{code, body}
}

// Calls are those so far, of an event.
func (h *Hooks) Calls(event string) (of []Call) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, c := range h.calls {
		if c.Event == event {
			of = append(of, c)
		}
	}
	return of
}

// Handler serves /webhook/joinPeer, /webhook/closePeer and /access.
func (h *Hooks) Handler() http.Handler {
	mux := http.NewServeMux()
	for _, event := range []string{"joinPeer", "closePeer"} {
		mux.HandleFunc("GET /webhook/"+event, func(w http.ResponseWriter, r *http.Request) {
			h.take(w, r, event, r.URL.Query())
		})
	}
	mux.HandleFunc("POST /access", func(w http.ResponseWriter, r *http.Request) {
		var body map[string]string
		if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 64<<10)).Decode(&body); err != nil {
			http.Error(w, "not understood", http.StatusBadRequest)
			return
		}
		values := make(url.Values)
		for name, value := range body {
			values.Set(name, value)
		}
		h.take(w, r, "access", values)
	})
	return mux
}

// Pass makes an access token for one person and one entry.
func (h *Hooks) Pass(peer string) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.passes == nil {
		h.passes = make(map[string]string)
	}
	pass := rand.Text()
	h.passes[pass] = peer
	return pass
}

func (h *Hooks) take(w http.ResponseWriter, r *http.Request, event string, values url.Values) {
	h.mu.Lock()
	a := h.judge(r, event, values)
	h.mu.Unlock()
	if a.code != 0 {
		w.WriteHeader(a.code)
	}
	_, _ = w.Write([]byte(a.body))
}

// judge is called with mu held.
func (h *Hooks) judge(r *http.Request, event string, values url.Values) answer {
	authorization := r.Header.Get("Authorization")
	if h.Secret != "" && authorization != h.Secret {
		return answer{code: http.StatusUnauthorized}
	}
	h.calls = append(h.calls, Call{event, authorization, values})
	if a, told := h.answers[event]; told || event != "access" {
		return a
	}
	pass := values.Get("accessToken")
	if peer, issued := h.passes[pass]; !issued || peer != values.Get("peerId") {
		return answer{code: http.StatusUnauthorized}
	}
	delete(h.passes, pass)
	return answer{}
}
