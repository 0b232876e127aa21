package edge

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"html"
	"io/fs"
	"mime"
	"net/http"
	"strings"
	"time"

	"github.com/meridian-video/meridian/control/client"
)

// contentPolicy keeps the page to its own scripts; it talks to any POP, whose
// names the operator chooses, and frames the players of rooms. Where a company's pictures are follows, and who may
// frame the page.
const contentPolicy = "default-src 'self'; connect-src *; media-src 'self' blob: mediastream:; base-uri 'none'; form-action 'none'; object-src 'none'; frame-src https:; img-src 'self' data: blob:"

// Where the page finds what it is told as it is served: who may command it, which
// stands in a header, too, out of a script's reach, and how it looks.
const (
	framersMark = `<meta name="embed-origins" content="`
	looksMark   = `<meta name="looks" content="`
	titleMark   = `<title>`
)

// shared are the folders of scripts that pages of others load, and where they
// are served: the embed library, and bridges by the names that partners' pages
// have. The names stay; what is behind them changes only by addition.
var shared = map[string]string{"embed": "/embed/", "partners": "/"}

// pages serves the meeting page under every address that has one, and its
// assets and the scripts for pages of others.
type pages struct {
	files   http.Handler
	index   string
	assets  fs.FS
	packed  packed
	scripts map[string]script // by the path of the address
	framers func(host string) string
	looks   func(host, room string) looks
}

// script is a file that pages of others load.
type script struct {
	body      []byte
	tag, kind string
}

func newPages(assets fs.FS, view func() *client.View) (*pages, error) {
	index, err := fs.ReadFile(assets, "index.html")
	if err != nil {
		return nil, err
	}
	p := &pages{files: http.FileServerFS(assets), assets: assets, index: string(index), scripts: map[string]script{}}
	if p.packed, err = pack(assets); err != nil {
		return nil, err
	}
	p.framers = func(host string) string { return framers(view(), host) }
	p.looks = func(host, room string) looks { return looksOf(view(), host, room) }
	for folder, at := range shared {
		if err := p.readScripts(folder, at); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// readScripts takes the scripts of a folder; types and the like are for the
// package registry alone. A page without the folder is served all the same.
func (p *pages) readScripts(folder, at string) error {
	list, err := fs.ReadDir(p.assets, folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, e := range list {
		if e.IsDir() || !strings.HasSuffix(e.Name(), ".js") && !strings.HasSuffix(e.Name(), ".mjs") {
			continue
		}
		body, err := fs.ReadFile(p.assets, folder+"/"+e.Name())
		if err != nil {
			return err
		}
		sum := sha256.Sum256(body)
		p.scripts[at+e.Name()] = script{body: body, tag: `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`, kind: mime.TypeByExtension(".js")}
	}
	return err
}

// meeting serves the page; the page reads its parameters from its own address,
// so that no token passes through a template or a log here.
func (p *pages) meeting(w http.ResponseWriter, r *http.Request) {
	host := hostname(r.Host)
	framers, looks := p.framers(host), p.looks(host, roomOf(r))
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", contentPolicy+looks.sources()+"; frame-ancestors "+cmp.Or(framers, "'none'"))
	h.Set("Permissions-Policy", "camera=*, microphone=*, display-capture=*, speaker-selection=*, autoplay=*, fullscreen=*")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-cache")
	_, _ = strings.NewReplacer(
		framersMark, framersMark+html.EscapeString(framers),
		looksMark, looksMark+html.EscapeString(looks.json()),
		titleMark, titleMark+html.EscapeString(looks.title()),
	).WriteString(w, p.index)
}

// roomOf is the room that a page's address names; empty for none.
func roomOf(r *http.Request) string {
	if id, ok := strings.CutPrefix(r.URL.Path, "/m/"); ok {
		return strings.TrimSuffix(id, "/")
	}
	return r.URL.Query().Get("roomId")
}

// script serves a file to pages anywhere. It is asked for
// again once a day; unchanged, that costs no body.
func (p *pages) script(w http.ResponseWriter, r *http.Request) {
	s, ok := p.scripts[r.URL.Path]
	if !ok {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Type", s.kind)
	h.Set("ETag", s.tag)
	h.Set("Cache-Control", "public, max-age=86400, stale-while-revalidate=604800")
	h.Set("Access-Control-Allow-Origin", "*") // modules are fetched with CORS
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	h.Set("X-Content-Type-Options", "nosniff")
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(s.body))
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
	if !p.packed.serve(w, r, name) {
		p.files.ServeHTTP(w, r)
	}
}
