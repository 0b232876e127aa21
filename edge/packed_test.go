package edge

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
)

func TestAssetsTravelCompressed(t *testing.T) {
	script := []byte(strings.Repeat("export const answer = 42;\n", 99))
	p, err := newPages(fstest.MapFS{
		"index.html": {Data: []byte("<!doctype html>")}, "assets/app-1.js": {Data: script}, "assets/tiny.svg": {Data: []byte("<svg/>")},
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		method, name, accept, part string
		status                     int
		gzipped                    bool
		want                       []byte
	}{
		{"GET", "app-1.js", "gzip, deflate, br, zstd", "", 200, true, script},
		{"GET", "app-1.js", "br;q=1.0, GZIP;q=0.5", "", 200, true, script},
		{"HEAD", "app-1.js", "gzip", "", 200, true, nil},
		{"GET", "app-1.js", "", "", 200, false, script},
		{"GET", "app-1.js", "gzip;q=0", "", 200, false, script},
		{"GET", "app-1.js", "gzip;q=much", "", 200, false, script},
		{"GET", "app-1.js", "*", "", 200, false, script},
		{"GET", "app-1.js", "gzip", "bytes=7-11", 206, false, script[7:12]},
		{"GET", "tiny.svg", "gzip", "", 200, false, []byte("<svg/>")},
		{"GET", "app-2.js", "gzip", "", 404, false, nil},
	} {
		r := httptest.NewRequest(c.method, "/assets/"+c.name, nil)
		r.Header.Set("Accept-Encoding", c.accept)
		if c.part != "" {
			r.Header.Set("Range", c.part)
		}
		w := httptest.NewRecorder()
		p.asset(w, r)
		h := w.Result().Header
		if w.Code != c.status || (h.Get("Content-Encoding") == "gzip") != c.gzipped {
			t.Errorf("%+v: %d, %v", c, w.Code, h)
		}
		if c.status == http.StatusNotFound {
			continue
		}
		if h.Get("Vary") != "Accept-Encoding" || h.Get("X-Content-Type-Options") != "nosniff" || !strings.Contains(h.Get("Cache-Control"), "immutable") || h.Get("Content-Type") == "" {
			t.Errorf("%+v: %v", c, h)
		}
		if got := unpacked(t, w.Body.Bytes(), c.gzipped); !bytes.Equal(got, c.want) {
			t.Errorf("%+v: %q", c, got)
		}
	}
}

func unpacked(t *testing.T, body []byte, gzipped bool) []byte {
	t.Helper()
	if !gzipped || len(body) == 0 {
		return body
	}
	r, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	out, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// FuzzTakesGzip: whatever is asked for, gzip is sent only to who names it.
func FuzzTakesGzip(f *testing.F) {
	for _, seed := range []string{"", "gzip", "gzip, deflate, br", "br;q=1, gzip;q=0.001", "GZIP ; q = 1", "gzip;q=", ",;=,", "*;q=1"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, accept string) {
		if takesGzip([]string{accept}) && !strings.Contains(strings.ToLower(accept), "gzip") {
			t.Errorf("%q", accept)
		}
		if !takesGzip([]string{accept, "gzip"}) && !strings.Contains(strings.ToLower(accept), "gzip") {
			t.Errorf("%q, then gzip", accept)
		}
	})
}
