// Package admin serves the page by which companies administer themselves, on
// control nodes and on edges alike: /admin and its files.
//
// The page is an ordinary client of /api/v1, with the rights of who signed in.
// This package decides nothing, keeps nothing and knows nobody. The sources are
// TypeScript in web; dist is what `npm run build` makes of them and is
// committed.
package admin

import (
	"embed"
	"io/fs"
	"net/http"
	"strings"

	"github.com/meridian-video/meridian/control/api"
	"github.com/meridian-video/meridian/control/signin"
)

//go:embed all:dist
var dist embed.FS

// policy allows the page its own files, its own host and pictures that are in its
// hands already, and nobody to frame it: who holds a company's keys must not be tricked into a click.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// Handler serves the page at /admin/ and, for who follows a password link, at
// /admin/password, its files below /admin/assets/ and, for the page,
// /admin/routes.json: what the API of this build can be asked.
func Handler() http.Handler {
	files := must(fs.Sub(dist, "dist"))
	index := must(fs.ReadFile(files, "index.html"))
	routes := must(routesOf(api.OpenAPI()))
	mux := http.NewServeMux()
	mux.Handle("GET /admin", http.RedirectHandler("/admin/", http.StatusPermanentRedirect))
	mux.HandleFunc("GET /admin/{$}", give("text/html; charset=utf-8", index))
	mux.HandleFunc("GET "+signin.PagePassword, give("text/html; charset=utf-8", index))
	mux.HandleFunc("GET /admin/routes.json", give("application/json", routes))
	mux.Handle("GET /admin/assets/", assets(files))
	return protect(mux)
}

// must holds of files in the binary, which the tests read.
func must[T any](value T, err error) T {
	if err != nil {
		panic("admin: a file in the binary: " + err.Error())
	}
	return value
}

func protect(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), microphone=(), display-capture=(), geolocation=()")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Content-Type-Options", "nosniff")
		next.ServeHTTP(w, r)
	})
}

func give(kind string, body []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", kind)
		w.Header().Set("Cache-Control", "no-cache")
		_, _ = w.Write(body) // the client is gone: nobody to tell
	}
}

// assets serves files whose names carry a hash of their content.
func assets(files fs.FS) http.Handler {
	server := http.StripPrefix("/admin", http.FileServerFS(files))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := strings.TrimPrefix(r.URL.Path, "/admin/")
		if info, err := fs.Stat(files, name); err != nil || info.IsDir() {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
		server.ServeHTTP(w, r)
	})
}
