package wall

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/meridian-video/meridian/edge/glance"
	"github.com/meridian-video/meridian/ops/picture"
)

// drawn echoes the room that is asked for.
func drawn(_ context.Context, q glance.Question) (picture.Network, error) {
	switch {
	case !q.Valid():
		return picture.Network{}, glance.ErrMalformed
	case q.Room == "late":
		return picture.Network{}, errors.New("the node is starting")
	}
	n := picture.Network{By: "fra-1"}
	if q.Names() {
		n.Room = &picture.Chosen{Company: q.Company, Room: q.Room}
	}
	return n, nil
}

func ask(t *testing.T, method, path string) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	Handler(drawn).ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), method, path, nil))
	return w
}

func TestPageIsServedWithItsFiles(t *testing.T) {
	w := ask(t, http.MethodGet, "/ops/")
	if w.Code != 200 || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") {
		t.Fatalf("%d %v", w.Code, w.Header())
	}
	refs := regexp.MustCompile(`(?:src|href)="([a-z.]+)"`).FindAllStringSubmatch(w.Body.String(), -1)
	if len(refs) != 3 {
		t.Errorf("the page names %d files; script, style and icon are expected", len(refs))
	}
	module := regexp.MustCompile(`from "\./([a-z]+\.mjs)"`)
	names, err := fs.Glob(files, "*")
	if err != nil || len(names) < 7 {
		t.Fatalf("%q, %v", names, err)
	}
	for _, name := range names {
		if w := ask(t, http.MethodGet, "/ops/"+name); w.Code != 200 || w.Header().Get("Content-Type") == "" {
			t.Errorf("%s: %d %v", name, w.Code, w.Header())
		}
		b, _ := fs.ReadFile(files, name)
		for _, m := range module.FindAllStringSubmatch(string(b), -1) {
			if ask(t, http.MethodGet, "/ops/"+m[1]).Code != 200 {
				t.Errorf("%s needs %s, which is not served", name, m[1])
			}
		}
	}
}

func TestOtherPathsAreNothing(t *testing.T) {
	if w := ask(t, http.MethodGet, "/ops"); w.Code != 308 || w.Header().Get("Location") != "/ops/" {
		t.Errorf("/ops: %d %s", w.Code, w.Header().Get("Location"))
	}
	for _, path := range []string{"/ops/absent.mjs", "/ops/page.go", "/ops/globe.test.mjs", "/ops/net.d.ts", "/ops/a/b"} {
		if w := ask(t, http.MethodGet, path); w.Code != 404 {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
	if w := ask(t, http.MethodPost, "/ops/net.json"); w.Code != 405 {
		t.Errorf("POST: %d", w.Code)
	}
}

func TestPictureIsAnswered(t *testing.T) {
	for path, test := range map[string]struct {
		code int
		room string
	}{
		"/ops/net.json":                     {200, ""},
		"/ops/net.json?room=acme/daily":     {200, "acme/daily"},
		"/ops/net.json?room=acme%2Fa%2Fb+c": {200, "acme/a/b c"},
		"/ops/net.json?room=acme":           {400, ""},
		"/ops/net.json?room=acme/late":      {503, ""},
	} {
		w := ask(t, http.MethodGet, path)
		if w.Code != test.code {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
			continue
		}
		var n picture.Network
		if w.Code != 200 {
			continue
		}
		if err := json.Unmarshal(w.Body.Bytes(), &n); err != nil || n.By != "fra-1" || w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %v %v", path, err, w.Header())
		}
		room := ""
		if n.Room != nil {
			room = n.Room.Company + "/" + n.Room.Room
		}
		if room != test.room {
			t.Errorf("%s: room %s, want %s", path, room, test.room)
		}
	}
}

func TestLandIsAnswered(t *testing.T) {
	var rings [][][2]float64
	w := ask(t, http.MethodGet, "/ops/land.json")
	if err := json.Unmarshal(w.Body.Bytes(), &rings); err != nil || len(rings) < 20 || len(rings[0]) < 3 || w.Body.Len() > 60<<10 {
		t.Errorf("%v: %d rings, %d bytes", err, len(rings), w.Body.Len())
	}
}

func TestNothingMayFrameOrJoinThePage(t *testing.T) {
	for _, path := range []string{"/ops/", "/ops/net.json", "/ops/absent"} {
		h := ask(t, http.MethodGet, path).Header()
		if p := h.Get("Content-Security-Policy"); !strings.Contains(p, "default-src 'none'") || !strings.Contains(p, "frame-ancestors 'none'") || strings.Contains(p, "unsafe") {
			t.Errorf("%s: %q", path, p)
		}
		if h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Referrer-Policy") != "no-referrer" {
			t.Errorf("%s: %v", path, h)
		}
	}
}

// The policy forbids what this test looks for.
func TestPageHasNothingInlineOrFromElsewhere(t *testing.T) {
	names, err := fs.Glob(files, "*")
	if err != nil {
		t.Fatal(err)
	}
	url := regexp.MustCompile(`https?://[^\s"'<]+`)
	for _, name := range names {
		b, err := fs.ReadFile(files, name)
		if err != nil {
			t.Fatal(err)
		}
		for _, u := range url.FindAllString(string(b), -1) {
			if u != "http://www.w3.org/2000/svg" {
				t.Errorf("%s names %s", name, u)
			}
		}
		for _, bad := range []string{"<style", ` style="`, "onclick=", "innerHTML", "javascript:"} {
			if strings.Contains(string(b), bad) {
				t.Errorf("%s contains %s", name, bad)
			}
		}
	}
}
