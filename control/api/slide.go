package api

import (
	"context"
	"net/http"

	"github.com/meridian-video/meridian/control/signin"
)

// slide keeps sessions alive by calls that succeed: a call that fails prolongs nothing. It notes the use before
// the answer begins, so that a caller who has the answer may count on it.
func (a *API) slide(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s := &sliding{ResponseWriter: w, api: a}
		s.request = r.WithContext(context.WithValue(r.Context(), keySliding, s))
		next.ServeHTTP(s, s.request)
	})
}

// sliding is an answer that notes the use of its session.
type sliding struct {
	http.ResponseWriter
	api     *API
	request *http.Request
	session *signin.Session // nil for a call without, and once it was noted
}

// slideWith says whose session the answer is for.
func slideWith(ctx context.Context, s signin.Session) {
	if w, ok := ctx.Value(keySliding).(*sliding); ok {
		w.session = &s
	}
}

// requestOf is the request of a call; typed operations see no more of it than they declare.
func requestOf(ctx context.Context) *http.Request {
	w, _ := ctx.Value(keySliding).(*sliding)
	return w.request // every route goes through slide
}

// WriteHeader implements http.ResponseWriter.
func (s *sliding) WriteHeader(status int) {
	s.note(status)
	s.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (s *sliding) Write(b []byte) (int, error) {
	s.note(http.StatusOK)
	return s.ResponseWriter.Write(b)
}

// Unwrap serves http.ResponseController.
func (s *sliding) Unwrap() http.ResponseWriter { return s.ResponseWriter }

// note does not refuse a call that was done: if the lead is being lost, the session may end a little early.
func (s *sliding) note(status int) {
	of := s.session
	if of == nil || status < 200 { // the answer proper is still to come
		return
	}
	if s.session = nil; status >= 400 {
		return
	}
	ctx := s.request.Context()
	if err := s.api.signin.Used(ctx, *of, s.api.now()); err != nil {
		s.api.log.Warn("the use of a session is not noted", "request_id", requestID(ctx), "err", err)
	}
}
