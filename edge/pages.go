package edge

import (
	"io/fs"
	"net/http"
	"strings"
)

// contentPolicy keeps the page to its own scripts; it talks to any POP, whose
// names the operator chooses. Who may frame it is the company's list, which is
// everyone until companies have one.
const contentPolicy = "default-src 'self'; connect-src *; img-src 'self' data: blob:; media-src 'self' blob: mediastream:; base-uri 'none'; form-action 'none'; object-src 'none'"

// pages serves the meeting page under every address that has one, and its assets.
type pages struct {
	files  http.Handler
	index  []byte
	assets fs.FS
}

func newPages(assets fs.FS) (*pages, error) {
	index, err := fs.ReadFile(assets, "index.html")
	if err != nil {
		return nil, err
	}
	return &pages{files: http.FileServerFS(assets), index: index, assets: assets}, nil
}

// meeting serves the page; the page reads its parameters from its own address,
// so that no token passes through a template or a log here.
func (p *pages) meeting(w http.ResponseWriter, _ *http.Request) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", contentPolicy)
	h.Set("Permissions-Policy", "camera=*, microphone=*, display-capture=*, autoplay=*, fullscreen=*")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-cache")
	_, _ = w.Write(p.index)
}

// asset serves files whose names carry a hash of their content.
func (p *pages) asset(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(r.URL.Path, "/")
	if info, err := fs.Stat(p.assets, name); err != nil || info.IsDir() {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	p.files.ServeHTTP(w, r)
}
