package web

import (
	"bytes"
	"compress/gzip"
	"io/fs"
	"regexp"
	"strings"
	"testing"
)

// scriptLimit bounds what a participant loads before the first screen, gzipped;
// a language other than English is a file of some 5 KB more.
const scriptLimit = 80 << 10

var (
	// At the beginning of a file, and in the course of time.
	imported = regexp.MustCompile(`(?:from|import) ?"\./([^"]+)"`)
	fetched  = regexp.MustCompile(`import\("\./([^"]+)"\)`)
)

func read(t *testing.T, name string) []byte {
	t.Helper()
	b, err := fs.ReadFile(Assets(), name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func assets(t *testing.T) []string {
	t.Helper()
	names, err := fs.Glob(Assets(), "assets/*")
	if err != nil || len(names) == 0 {
		t.Fatalf("assets: %v, %v", names, err)
	}
	return names
}

func TestIndexNamesFilesThatExist(t *testing.T) {
	index := string(read(t, "index.html"))
	refs := regexp.MustCompile(`(?:src=|href=|name="ticker" content=)"([^"]+)"`).FindAllStringSubmatch(index, -1)
	if len(refs) < 3 {
		t.Fatalf("index.html names %d files; script, style and icon are expected", len(refs))
	}
	named := map[string]bool{}
	for _, ref := range refs {
		path, ok := strings.CutPrefix(ref[1], "/assets/")
		if !ok {
			t.Errorf("%s is not below /assets/", ref[1])
			continue
		}
		read(t, "assets/"+path)
		named["assets/"+path] = true
	}
	for _, name := range assets(t) {
		if !strings.HasSuffix(name, ".js") {
			continue
		}
		b := read(t, name)
		for _, m := range append(imported.FindAllSubmatch(b, -1), fetched.FindAllSubmatch(b, -1)...) {
			read(t, "assets/"+string(m[1]))
			named["assets/"+string(m[1])] = true
		}
	}
	for _, name := range assets(t) {
		if !named[name] {
			t.Errorf("%s is built but nothing names it", name)
		}
	}
}

func TestAssetNamesCarryAHash(t *testing.T) {
	hashed := regexp.MustCompile(`^assets/[a-z]+-[A-Z0-9]{8}\.(js|css|svg)$`)
	for _, name := range assets(t) {
		if !hashed.MatchString(name) {
			t.Errorf("%s could not be cached for ever", name)
		}
	}
}

// A policy of default-src 'self' forbids what this test looks for.
func TestIndexHasNothingInline(t *testing.T) {
	index := read(t, "index.html")
	for _, bad := range []string{`<style`, `style="`, `onload=`, `onclick=`, `javascript:`} {
		if bytes.Contains(index, []byte(bad)) {
			t.Errorf("index.html contains %s", bad)
		}
	}
	if n := len(regexp.MustCompile(`<script[^>]*>\s*\S`).FindAll(regexp.MustCompile(`<script[^>]*></script>`).ReplaceAll(index, nil), -1)); n > 0 {
		t.Errorf("index.html has %d inline scripts", n)
	}
}

func TestNothingIsLoadedFromElsewhere(t *testing.T) {
	// Names of XML vocabularies are not addresses that anything loads.
	vocabulary := regexp.MustCompile(`^http://www\.w3\.org/(1998/Math/MathML|1999/xhtml|1999/xlink|2000/svg|XML/1998/namespace)$`)
	url := regexp.MustCompile("https?://[a-zA-Z0-9][^\\s\"'`)<]*")
	for _, name := range append(assets(t), "index.html") {
		b := read(t, name)
		for _, u := range url.FindAll(b, -1) {
			if !vocabulary.Match(u) {
				t.Errorf("%s names %s", name, u)
			}
		}
		if strings.HasSuffix(name, ".css") && bytes.Contains(b, []byte("url(")) {
			t.Errorf("%s loads a file", name)
		}
	}
}

func TestScriptSize(t *testing.T) {
	entry := regexp.MustCompile(`src="/(assets/[^"]+\.js)"`).FindSubmatch(read(t, "index.html"))
	if entry == nil {
		t.Fatal("index.html names no script")
	}
	total := 0
	for list, seen := []string{string(entry[1])}, map[string]bool{}; len(list) > 0; list = list[1:] {
		if seen[list[0]] {
			continue
		}
		seen[list[0]] = true
		total += gzipped(t, list[0])
		for _, m := range imported.FindAllSubmatch(read(t, list[0]), -1) {
			list = append(list, "assets/"+string(m[1]))
		}
	}
	if total > scriptLimit {
		t.Errorf("the script is %d bytes gzipped, more than %d", total, scriptLimit)
	}
	t.Logf("script: %d bytes gzipped", total)
}

// libraryLimit bounds what a partner's page loads to embed a meeting, gzipped.
const libraryLimit = 10 << 10

func TestTheEmbedLibraryIsSmall(t *testing.T) {
	for _, name := range []string{"embed/v1.js", "embed/v1.mjs"} {
		if n := gzipped(t, name); n > libraryLimit {
			t.Errorf("%s is %d bytes gzipped, more than %d", name, n, libraryLimit)
		}
	}
}

// bridgeLimit bounds a bridge that a partner's page loads instead, gzipped.
const bridgeLimit = 6 << 10

func TestAPartnersBridgeIsSmall(t *testing.T) {
	if n := gzipped(t, "partners/meetBridgeApi.js"); n > bridgeLimit {
		t.Errorf("it is %d bytes gzipped, more than %d", n, bridgeLimit)
	}
}

func gzipped(t *testing.T, name string) int {
	t.Helper()
	var packed bytes.Buffer
	w, _ := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if _, err := w.Write(read(t, name)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return packed.Len()
}

// Pages are a company's. Where our name stands in a script it is a name of a
// token, of what is stored or of an object for tests, which nobody is shown.
//
// Covers F-133.
func TestNoPageNamesUs(t *testing.T) {
	unseen := regexp.MustCompile(`\bmeridian(\.state|\.\$\{|-embed|-attendee\+jwt|-sso\+jwt|\s*[=?])`)
	for _, name := range append(assets(t), "index.html") {
		for _, at := range regexp.MustCompile(`(?i)meridian`).FindAllIndex(read(t, name), -1) {
			b := read(t, name)
			around := b[max(0, at[0]-1):min(len(b), at[1]+14)]
			if !unseen.Match(around) {
				t.Errorf("%s: …%s…", name, b[max(0, at[0]-40):min(len(b), at[1]+20)])
			}
		}
	}
}
