package edge

import (
	"net/http"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"

	"github.com/meridian-video/meridian/edge/partner/gcore"
)

// Handler serves everything people and partners reach on this node.
func (n *Node) Handler() http.Handler {
	r := chi.NewRouter()
	r.Use(middleware.GetHead)
	r.Get("/", n.pages.meeting)
	r.Get("/m/{room}", n.pages.meeting)
	for _, path := range []string{"/call", "/call/", "/webinar", "/webinar/", "/new", "/new/"} {
		r.Get(path, n.pages.meeting)
	}
	r.Get("/assets/*", n.pages.asset)
	r.Get("/embed/*", n.pages.script)
	r.Get("/meetBridgeApi.js", n.pages.script)
	r.Get("/ws", n.sockets.ServeHTTP)
	r.Get("/probe", n.probe)
	r.Get("/api/v1/attach", n.attach)
	r.Post("/api/v1/exchange", n.exchange)
	r.Post("/api/v1/entry", n.lookAhead)
	r.Get("/api/v1/photo/{id}", n.photo)
	r.Handle("/api/v1/*", n.proxy())
	r.Handle("/vp/api/statistics/*", n.proxy())
	n.streams.Mount(r)
	(&gcore.Server{Rooms: n, Callers: &calling{node: n}, Now: time.Now, Log: n.log.With("part", "gcore")}).Mount(r)
	return r
}

// proxy passes the native API on to control, so that any node answers.
func (n *Node) proxy() http.Handler {
	if n.cfg.API == nil {
		return http.NotFoundHandler()
	}
	return n.cfg.API
}
