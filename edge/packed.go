package edge

import (
	"bytes"
	"compress/gzip"
	"io/fs"
	"mime"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
)

// packed are the page's assets as they travel, by name: each is compressed once,
// when it is first asked for, since a node has other things to do while it
// starts. What compression does not make smaller is nil. They never change, and
// hold nothing that somebody could have mixed in to learn the rest by its length.
type packed map[string]func() []byte

func pack(assets fs.FS) (packed, error) {
	all := make(packed)
	err := fs.WalkDir(assets, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasPrefix(name, "assets/") {
			return err
		}
		body, err := fs.ReadFile(assets, name)
		if err != nil {
			return err
		}
		all[name] = sync.OnceValue(func() []byte { return squeeze(body) })
		return nil
	})
	return all, err
}

func squeeze(body []byte) []byte {
	var b bytes.Buffer
	w, _ := gzip.NewWriterLevel(&b, gzip.BestCompression) // the level exists
	_, _ = w.Write(body)
	_ = w.Close() // a buffer takes everything
	if b.Len() >= len(body) {
		return nil
	}
	return b.Bytes()
}

// serve answers with the compressed asset where there is one and the browser
// takes it. A part of a file is a part of the original (RFC 9110, section 14.2),
// so who asks for one gets nothing here.
func (p packed) serve(w http.ResponseWriter, r *http.Request, name string) bool {
	w.Header().Set("Vary", "Accept-Encoding")
	small, ok := p[name]
	if !ok || r.Header.Get("Range") != "" || !takesGzip(r.Header.Values("Accept-Encoding")) {
		return false
	}
	body := small()
	if body == nil {
		return false
	}
	w.Header().Set("Content-Encoding", "gzip")
	w.Header().Set("Content-Type", mime.TypeByExtension(filepath.Ext(name)))
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	if r.Method != http.MethodHead {
		_, _ = w.Write(body)
	}
	return true
}

// takesGzip reads Accept-Encoding (RFC 9110, section 12.5.3): gzip is named, and
// not with a weight of nothing. A star alone does not count: no browser sends it.
func takesGzip(accept []string) bool {
	for item := range strings.SplitSeq(strings.Join(accept, ","), ",") {
		coding, weight, _ := strings.Cut(item, ";")
		if !strings.EqualFold(strings.TrimSpace(coding), "gzip") {
			continue
		}
		_, q, ok := strings.Cut(weight, "=")
		value, err := strconv.ParseFloat(strings.TrimSpace(q), 64)
		return !ok || err == nil && value > 0
	}
	return false
}
