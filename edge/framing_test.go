package edge

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/meridian-video/meridian/control/client"
)

const framedIndex = `<head><meta name="embed-origins" content=""></head>`

func testPages(t *testing.T, list string) *pages {
	t.Helper()
	p, err := newPages(fstest.MapFS{
		"index.html":         {Data: []byte(framedIndex)},
		"embed/v1.js":        {Data: []byte("var library")},
		"embed/v1.mjs":       {Data: []byte("export {}")},
		"embed/package.json": {Data: []byte("{}")},

		"partners/meetBridgeApi.js": {Data: []byte("var bridge")},
	}, func() *client.View { return nil })
	if err != nil {
		t.Fatal(err)
	}
	if list != "" {
		p.framers = func(string) string { return list }
	}
	return p
}

// The header and the page's own copy are one list: what may frame may command.
func TestThePageNamesWhoMayEmbedIt(t *testing.T) {
	for list, want := range map[string]string{
		"": "'none'",
		"https://a.example https://*.b.example:8443": "https://a.example https://*.b.example:8443",
		anyFramer: anyFramer,
	} {
		w := httptest.NewRecorder()
		testPages(t, list).meeting(w, httptest.NewRequest(http.MethodGet, "/m/demo", nil))
		if policy := w.Header().Get("Content-Security-Policy"); !strings.HasSuffix(policy, "; frame-ancestors "+want) {
			t.Errorf("%q gives the policy %s", list, policy)
		}
		if body := w.Body.String(); body != `<head><meta name="embed-origins" content="`+list+`"></head>` {
			t.Errorf("%q gives the page %s", list, body)
		}
	}
}

func TestNoMarkupComesIntoThePageByAnOrigin(t *testing.T) {
	w := httptest.NewRecorder()
	testPages(t, `"><script>`).meeting(w, httptest.NewRequest(http.MethodGet, "/", nil))
	if strings.Contains(w.Body.String(), "<script>") {
		t.Error(w.Body)
	}
}

func TestTheLibraryIsServedToPagesAnywhere(t *testing.T) {
	p := testPages(t, "")
	ask := func(path, tag string) *httptest.ResponseRecorder {
		r, w := httptest.NewRequest(http.MethodGet, path, nil), httptest.NewRecorder()
		if tag != "" {
			r.Header.Set("If-None-Match", tag)
		}
		p.script(w, r)
		return w
	}
	first := ask("/embed/v1.js", "")
	h := first.Header()
	if first.Code != http.StatusOK || first.Body.String() != "var library" || !strings.HasPrefix(h.Get("Content-Type"), "text/javascript") {
		t.Fatalf("%d %s %v", first.Code, first.Body, h)
	}
	if h.Get("Access-Control-Allow-Origin") != "*" || !strings.Contains(h.Get("Cache-Control"), "max-age=86400") {
		t.Errorf("headers %v", h)
	}
	if again := ask("/embed/v1.js", h.Get("ETag")); again.Code != http.StatusNotModified || again.Body.Len() != 0 {
		t.Errorf("asked again: %d, %d bytes", again.Code, again.Body.Len())
	}
	if module := ask("/embed/v1.mjs", h.Get("ETag")); module.Code != http.StatusOK || !strings.HasPrefix(module.Header().Get("Content-Type"), "text/javascript") {
		t.Errorf("the module: %d %v", module.Code, module.Header())
	}
	if bridge := ask("/meetBridgeApi.js", ""); bridge.Body.String() != "var bridge" || bridge.Header().Get("Cache-Control") != h.Get("Cache-Control") {
		t.Errorf("a partner's bridge: %s %v", bridge.Body, bridge.Header())
	}
	for _, path := range []string{"/v1.js", "/partners/meetBridgeApi.js", "/embed/", "/embed/v2.js", "/embed/package.json", "/embed/../index.html"} {
		if w := ask(path, ""); w.Code != http.StatusNotFound {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
}
