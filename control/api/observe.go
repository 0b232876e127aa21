package api

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
)

// observe gives the request its id, counts it and logs it without its query.
func (a *API) observe(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := r.Header.Get("X-Request-Id")
		if !goodRequestID(id) {
			id = NewID(a.now())
		}
		w.Header().Set("X-Request-Id", id)
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		ctx, cancel := context.WithTimeout(context.WithValue(r.Context(), keyRequestID, id), callDeadline)
		defer cancel()
		ww := middleware.NewWrapResponseWriter(w, r.ProtoMajor)
		start := time.Now()
		r = r.WithContext(ctx)
		next.ServeHTTP(ww, r)
		route := chi.RouteContext(ctx).RoutePattern()
		if route == "" {
			route = "unknown"
		}
		a.requests.WithLabelValues(r.Method, route, strconv.Itoa(ww.Status())).Inc()
		a.log.Info("API call", "method", r.Method, "route", route, "status", ww.Status(), "request_id", id, "took", time.Since(start))
	})
}

// recoverPanic turns a bug into a 500 with its request's id; the cause goes to the log.
func (a *API) recoverPanic(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			v := recover()
			if v == nil {
				return
			}
			if v == http.ErrAbortHandler {
				panic(v)
			}
			a.log.Error("panic in the API", "request_id", requestID(r.Context()), "panic", fmt.Sprint(v))
			problem(r.Context(), http.StatusInternalServerError, "").write(w)
		}()
		next.ServeHTTP(w, r)
	})
}

func limitBody(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, maxBody+1) // handlers answer at maxBody; this one stops the rest
		next.ServeHTTP(w, r)
	})
}

type contextKey int

const (
	keyRequestID contextKey = iota
	keyCall
	keySliding
)

func requestID(ctx context.Context) string {
	id, _ := ctx.Value(keyRequestID).(string)
	return id
}

func goodRequestID(id string) bool {
	if id == "" || len(id) > 64 {
		return false
	}
	for _, c := range []byte(id) {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '_' && c != '.' {
			return false
		}
	}
	return true
}
