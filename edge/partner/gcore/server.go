package gcore

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/meridian-video/meridian/edge/callers"
	"github.com/meridian-video/meridian/edge/room"
)

// Rooms are the live rooms of all POPs, as any node can ask about them.
type Rooms interface {
	Brief(ctx context.Context, company, room, peer string) (room.Brief, error)
	Order(ctx context.Context, company, room string, a room.Act) error
}

// Callers say whose rooms a program may ask about.
type Callers interface {
	Admit(r *http.Request, scope string) (company string, err error)
}

// Server answers the calls about rooms.
type Server struct {
	Rooms   Rooms
	Callers Callers
	Now     func() time.Time
	Log     *slog.Logger
}

const (
	scopeRead  = "rooms:read"
	scopeWrite = "rooms:write"
)

// Mount adds the calls to a router, each with /rooms before it and without.
func (s *Server) Mount(r chi.Router) {
	for _, base := range []string{"/rooms/{room}", "/{room}"} {
		r.Get(base+"/durationOfBroadcast", s.call(scopeRead, s.duration))
		r.Get(base+"/numberPeers", s.call(scopeRead, s.number))
		r.Get(base+"/exists", s.call(scopeRead, s.exists))
		r.Get(base+"/existingPeer", s.call(scopeRead, s.existingPeer))
		r.Post(base+"/existingPeer", s.call(scopeRead, s.existingPeer))
		r.Get(base+"/existingPeer/{peer}", s.call(scopeRead, s.existingPeer))
		r.Post(base+"/closePeer", s.call(scopeWrite, s.closePeer))
		for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodDelete} {
			r.Method(method, base+"/closeRoom", s.call(scopeWrite, s.closeRoom))
		}
		r.Get(base+"/recording", s.call(scopeRead, s.recording))
		r.Post(base+"/recording/start", s.call(scopeWrite, s.record))
		r.Post(base+"/recording/stop", s.call(scopeWrite, s.record))
	}
}

// answer is a body with its status.
type answer struct {
	status int
	body   any
}

// call judges the caller, reads the question and writes what comes of it.
func (s *Server) call(scope string, do func(context.Context, question) (answer, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Cache-Control", "no-store")
		h.Set("Content-Type", "application/json")
		h.Set("X-Content-Type-Options", "nosniff")
		a, err := s.answer(w, r, scope, do)
		if err != nil {
			a = answer{statusOf(err), failed{messageOf(err)}}
			s.Log.Info("call refused", "call", r.URL.Path, "status", a.status, "err", err)
		}
		switch a.status {
		case http.StatusUnauthorized:
			h.Set("WWW-Authenticate", "Bearer")
		case http.StatusTooManyRequests:
			h.Set("Retry-After", "1")
		}
		w.WriteHeader(a.status)
		_ = json.NewEncoder(w).Encode(a.body) // the caller is gone
	}
}

func (s *Server) answer(w http.ResponseWriter, r *http.Request, scope string, do func(context.Context, question) (answer, error)) (answer, error) {
	if r.Method == http.MethodHead && scope == scopeWrite { // what looks at a link must not close the room behind it
		w.Header().Set("Allow", "GET, POST, DELETE")
		return answer{http.StatusMethodNotAllowed, failed{"HEAD changes nothing."}}, nil
	}
	company, err := s.Callers.Admit(r, scope)
	if err != nil {
		return answer{}, err
	}
	q, err := read(w, r)
	if err != nil {
		return answer{}, err
	}
	q.company = company
	return do(r.Context(), q)
}

// failed is the body of a refusal.
type failed struct {
	Error string `json:"error"`
}

// statusOf is the one place where an error becomes a status. A room that nobody is
// in is a bad request there, so that a probe tells a server that lives by it.
func statusOf(err error) int {
	if status := callers.Status(err); status != 0 {
		return status
	}
	switch {
	case errors.Is(err, room.ErrNotFound), errors.Is(err, room.ErrNoPerson), errors.Is(err, room.ErrInvalid), errors.Is(err, errQuestion):
		return http.StatusBadRequest
	}
	return http.StatusInternalServerError
}

// messageOf is what a caller is told; of what is ours they learn nothing.
func messageOf(err error) string {
	if statusOf(err) == http.StatusInternalServerError {
		return "the server cannot do that now; try again"
	}
	return err.Error()
}
