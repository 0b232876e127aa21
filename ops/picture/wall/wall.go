package wall

import (
	"context"
	"embed"
	"encoding/json"
	"errors"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"sync"

	"github.com/meridian-video/meridian/edge/glance"
	"github.com/meridian-video/meridian/geo/atlas"
	"github.com/meridian-video/meridian/ops/picture"
)

//go:embed index.html page.css icon.svg main.mjs draw.mjs globe.mjs shape.mjs words.mjs
var files embed.FS

// policy allows the page its own files and its own port, and nobody to frame it.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// kinds are the media types of the files, whatever the machine's tables say.
var kinds = map[string]string{
	".html": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml", ".mjs": "text/javascript; charset=utf-8",
}

// Source draws the picture, with the room that is asked for. The error wraps
// glance.ErrMalformed where that can be none.
type Source func(ctx context.Context, room glance.Question) (picture.Network, error)

// Handler serves /ops and what is below it.
func Handler(draw Source) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /ops", http.RedirectHandler("/ops/", http.StatusPermanentRedirect))
	mux.HandleFunc("GET /ops/{$}", func(w http.ResponseWriter, _ *http.Request) { give(w, "index.html") })
	mux.HandleFunc("GET /ops/{file}", func(w http.ResponseWriter, r *http.Request) { give(w, r.PathValue("file")) })
	mux.HandleFunc("GET /ops/land.json", func(w http.ResponseWriter, _ *http.Request) { answer(w, "max-age=3600", land()) })
	mux.HandleFunc("GET /ops/net.json", func(w http.ResponseWriter, r *http.Request) { network(w, r, draw) })
	return protect(mux)
}

func protect(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Content-Type-Options", "nosniff")
		next.ServeHTTP(w, r)
	})
}

func give(w http.ResponseWriter, name string) {
	body, err := fs.ReadFile(files, name)
	if err != nil {
		http.Error(w, "no such page", http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", kinds[path.Ext(name)])
	w.Header().Set("Cache-Control", "no-cache")
	_, _ = w.Write(body) // who asked has gone
}

// network answers with the picture. A room is ?room=company/room.
func network(w http.ResponseWriter, r *http.Request, draw Source) {
	company, room, _ := strings.Cut(r.FormValue("room"), "/")
	n, err := draw(r.Context(), glance.Question{Company: company, Room: room})
	switch {
	case errors.Is(err, glance.ErrMalformed):
		http.Error(w, "room: is not company/room", http.StatusBadRequest)
	case err != nil:
		w.Header().Set("Retry-After", "1")
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
	default:
		answer(w, "no-store", n)
	}
}

func answer(w http.ResponseWriter, caching string, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", caching)
	_ = json.NewEncoder(w).Encode(v) // who asked has gone
}

// land are the coastlines as rings of longitude and latitude.
var land = sync.OnceValue(func() (rings [][][2]float64) {
	for _, ring := range atlas.Land() {
		points := make([][2]float64, 0, len(ring))
		for _, p := range ring {
			points = append(points, [2]float64{p.Lon, p.Lat})
		}
		rings = append(rings, points)
	}
	return rings
})
