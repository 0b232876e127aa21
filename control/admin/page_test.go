package admin

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/meridian-video/meridian/control/signin"
)

// scriptLimit bounds what is loaded before the first screen, gzipped.
const scriptLimit = 48 << 10

func get(t *testing.T, path string) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	Handler().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
	return w
}

func TestPageIsServedWithItsFiles(t *testing.T) {
	w := get(t, "/admin/")
	if w.Code != 200 || w.Header().Get("Cache-Control") != "no-cache" || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") {
		t.Fatalf("%d %v", w.Code, w.Header())
	}
	refs := regexp.MustCompile(`(?:src|href)="([^"]+)"`).FindAllStringSubmatch(w.Body.String(), -1)
	if len(refs) != 3 {
		t.Fatalf("the page names %d files; script, style and icon are expected", len(refs))
	}
	hashed := regexp.MustCompile(`^/admin/assets/[a-z]+-[A-Z0-9]{8}\.(js|css|svg)$`)
	for _, ref := range refs {
		file := get(t, ref[1])
		if !hashed.MatchString(ref[1]) || file.Code != 200 || !strings.Contains(file.Header().Get("Cache-Control"), "immutable") {
			t.Errorf("%s: %d %v", ref[1], file.Code, file.Header())
		}
	}
}

// A link in a letter leads to the page, whose policy lets its secret go nowhere else.
func TestPasswordLinksLeadToThePage(t *testing.T) {
	page, linked := get(t, "/admin/"), get(t, signin.PagePassword)
	if linked.Code != 200 || linked.Body.String() != page.Body.String() || linked.Header().Get("Content-Security-Policy") != policy {
		t.Errorf("%d %v", linked.Code, linked.Header())
	}
	if linked.Header().Get("Cache-Control") != "no-cache" || linked.Header().Get("Referrer-Policy") != "no-referrer" {
		t.Errorf("%v", linked.Header())
	}
	if w := get(t, signin.PagePassword+"/"); w.Code == 200 {
		t.Error("there is something below it")
	}
}

func TestOtherPathsAreNothing(t *testing.T) {
	if w := get(t, "/admin"); w.Code != 308 || w.Header().Get("Location") != "/admin/" {
		t.Errorf("/admin: %d %s", w.Code, w.Header().Get("Location"))
	}
	for _, path := range []string{"/admin/x", "/admin/assets/", "/admin/assets/absent.js", "/admin/assets/../index.html", "/admin/dist/index.html"} {
		if w := get(t, path); w.Code == 200 {
			t.Errorf("%s is served", path)
		}
	}
	w := httptest.NewRecorder()
	Handler().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/admin/", nil))
	if w.Code != 405 {
		t.Errorf("POST: %d", w.Code)
	}
}

func TestNothingMayFrameOrJoinThePage(t *testing.T) {
	for _, path := range []string{"/admin/", "/admin/routes.json", "/admin/absent"} {
		h := get(t, path).Header()
		for _, rule := range []string{"default-src 'none'", "script-src 'self'", "connect-src 'self'", "frame-ancestors 'none'", "base-uri 'none'"} {
			if !strings.Contains(h.Get("Content-Security-Policy"), rule) {
				t.Errorf("%s lacks %s", path, rule)
			}
		}
		if strings.Contains(h.Get("Content-Security-Policy"), "unsafe") || h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Referrer-Policy") != "no-referrer" {
			t.Errorf("%s: %v", path, h)
		}
	}
}

// The policy forbids what this test looks for.
func TestPageHasNothingInline(t *testing.T) {
	index := get(t, "/admin/").Body.Bytes()
	for _, bad := range []string{`<style`, `style="`, `onload=`, `onclick=`, `javascript:`} {
		if bytes.Contains(index, []byte(bad)) {
			t.Errorf("the page contains %s", bad)
		}
	}
	if regexp.MustCompile(`<script[^>]*>\s*[^<\s]`).Match(index) {
		t.Error("the page has an inline script")
	}
}

func TestNothingIsLoadedFromElsewhere(t *testing.T) {
	vocabulary := regexp.MustCompile(`^http://www\.w3\.org/(1998/Math/MathML|1999/xhtml|1999/xlink|2000/svg|XML/1998/namespace)$`)
	example := regexp.MustCompile(`^https://(\*\.|[a-z]+\.)?example\.com`)
	url := regexp.MustCompile("https?://[a-zA-Z0-9*][^\\s\"'`)<]*")
	names, err := fs.Glob(dist, "dist/assets/*")
	if err != nil || len(names) == 0 {
		t.Fatalf("%v, %v", names, err)
	}
	size := 0
	for _, name := range names {
		b, err := fs.ReadFile(dist, name)
		if err != nil {
			t.Fatal(err)
		}
		for _, u := range url.FindAll(b, -1) {
			if !vocabulary.Match(u) && !example.Match(u) {
				t.Errorf("%s names %s", name, u)
			}
		}
		if strings.HasSuffix(name, ".js") {
			size += packed(t, b)
		}
	}
	if size > scriptLimit {
		t.Errorf("the script is %d bytes gzipped, more than %d", size, scriptLimit)
	}
	t.Logf("script: %d bytes gzipped", size)
}

func packed(t *testing.T, b []byte) int {
	t.Helper()
	var out bytes.Buffer
	w, _ := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if _, err := w.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Len()
}

func TestRoutesSayWhatTheAPICanBeAsked(t *testing.T) {
	var routes map[string]string
	if err := json.Unmarshal(get(t, "/admin/routes.json").Body.Bytes(), &routes); err != nil {
		t.Fatal(err)
	}
	for route, scope := range map[string]string{
		"GET /companies/{company}/rooms": "rooms:read", "POST /companies/{company}/api-keys": "api-keys:write", "PATCH /companies/{company}": "companies:write",
	} {
		if routes[route] != scope {
			t.Errorf("%s needs %q, want %q", route, routes[route], scope)
		}
	}
	if _, err := routesOf([]byte("{")); err == nil {
		t.Error("half a file is read")
	}
}
