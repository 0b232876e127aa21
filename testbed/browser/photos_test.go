package browser

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/meridian-video/meridian/testbed/cluster"
)

// gallery is a web server with pictures, and what it was asked.
type gallery struct {
	*httptest.Server
	roots string // file of its certificate

	mu    sync.Mutex
	asked []string
}

func newGallery(t *testing.T) *gallery {
	g := &gallery{}
	g.Server = httptest.NewTLSServer(g)
	t.Cleanup(g.Close)
	g.roots = rootsOf(t, g.Server)
	return g
}

// ServeHTTP has a green picture, one for a hash, and a way elsewhere.
func (g *gallery) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	g.asked = append(g.asked, r.URL.Path)
	g.mu.Unlock()
	colour := color.RGBA{G: 160, A: 255}
	switch {
	case r.Header.Get("Cookie") != "" || r.Header.Get("Referer") != "":
		w.WriteHeader(http.StatusTeapot)
		return
	case r.URL.Path == "/elsewhere":
		http.Redirect(w, r, "/ada.png", http.StatusFound)
		return
	case r.URL.Path == "/avatar/"+hashed("bo@example.com"):
		colour = color.RGBA{R: 180, B: 160, A: 255}
	case r.URL.Path != "/ada.png":
		http.NotFound(w, r)
		return
	}
	m := image.NewRGBA(image.Rect(0, 0, 300, 200))
	draw.Draw(m, m.Bounds(), image.NewUniform(colour), image.Point{}, draw.Src)
	_ = png.Encode(w, m)
}

func (g *gallery) paths() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return append([]string(nil), g.asked...)
}

func hashed(email string) string {
	sum := sha256.Sum256([]byte(email))
	return hex.EncodeToString(sum[:])
}

// TestProfilePhotos: people without cameras show their photos, which the node
// fetched; others' browsers ask nobody else and learn neither address nor e-mail
// (F-213). What leads astray is initials.
// Covers F-082.
func TestProfilePhotos(t *testing.T) {
	t.Parallel()
	g := newGallery(t)
	c := cluster.StartWith(t, []string{"SSL_CERT_FILE=" + g.roots, "MERIDIAN_EDGE_PHOTOS_GRAVATAR=" + g.URL + "/avatar", "MERIDIAN_EDGE_PHOTOS_ALLOW=127.0.0.0/8"}, "fra", "iad")
	of := "/companies/" + c.Company
	room := NewRoom(c, "faces", nil)
	bearer := func(kind string, person map[string]any) string {
		var made struct{ ID string }
		c.Call("POST", of+"/"+kind+"s", person, &made)
		return room.Token(object{kind: made.ID, "name": person["name"]})
	}
	tokens := map[string]string{
		"Ada": bearer("user", map[string]any{"name": "Ada", "email": "ada@example.com", "photo": g.URL + "/ada.png"}),
		"Bo":  bearer("customer", map[string]any{"name": "Bo", "email": "bo@example.com"}),
		"Cy":  bearer("user", map[string]any{"name": "Cy", "email": "cy@example.com", "photo": g.URL + "/elsewhere"}),
		"Dee": bearer("user", map[string]any{"name": "Dee", "photo": "https://10.255.255.1/d.png"}),
	}
	c.WaitKnown()
	pops := map[string]string{"Ada": "fra", "Bo": "iad", "Cy": "fra", "Dee": "iad"}
	for name, token := range tokens {
		p := New(t, name, Options{Scripts: []string{bare}, Width: 480, Height: 320})
		p.Open(room.In(pops[name], token))
		p.isIn()
	}
	eve := New(t, "eve", Options{Scripts: []string{bare}})
	attend(eve, room.At("fra")+"&photo="+g.URL+"/ada.png", "Eve")
	// The colour in the middle of somebody's face, none where there are initials.
	const face = `(name => { const id = meridian.state().people.find(p => p.name === name)?.peerId;
		const i = document.querySelector('[data-tile="person:' + id + '"] .avatar img'); if (!i?.naturalWidth) return "none";
		const c = document.createElement("canvas").getContext("2d"); c.drawImage(i, 0, 0, 8, 8);
		const [r, g, b] = c.getImageData(4, 4, 1, 1).data; return g > r ? "green" : r > g ? "purple" : "other" })`
	eve.shows("Ada's own photo", face+`("Ada") === "green"`)
	eve.shows("Bo's, found by e-mail", face+`("Bo") === "purple"`)
	eve.shows("all tiles", `document.querySelectorAll('[data-tile^="person:"]').length === 4`)
	cluster.Wait(t, startTimeout, "Cy's was tried", func() error {
		if !strings.Contains(strings.Join(g.paths(), " "), "/elsewhere") {
			return fmt.Errorf("asked %v", g.paths())
		}
		return nil
	})
	for _, name := range []string{"Cy", "Dee"} {
		eve.answers(name+" has initials", face+fmt.Sprintf("(%q)", name), `"none"`)
	}
	eve.press("People, 5 people")
	eve.shows("both in the list", `document.querySelectorAll(".people .avatar img").length === 2`)
	eve.Shot("photos")

	said, err := Eval[string](eve, `JSON.stringify(meridian.state().people) + performance.getEntriesByType("resource").map(e => e.name).join(" ")`)
	port := g.URL[strings.LastIndexByte(g.URL, ':'):]
	if err != nil || strings.Contains(said, port) || strings.Contains(said, hashed("bo@example.com")) || strings.Contains(said, "example.com") {
		t.Errorf("another's browser learns where a photo is from: %s, %v", said, err)
	}
	eve.answers("and Eve's address gave her none", `meridian.state().people.find(p => p.name === "Eve").photo`, `null`)
	if n := strings.Count(strings.Join(g.paths(), " "), "/ada.png"); n == 0 || n > 2 { // once a node
		t.Errorf("asked %v", g.paths())
	}
	outside(t, c.Edges["fra"].URL)
}

// outside asks a node for photos of no id that it gave.
func outside(t *testing.T, url string) {
	t.Helper()
	for _, id := range []string{"AAAAAAAAAAAAAAAAAAAAAA", "x", "https:%2F%2F127.0.0.1%2F"} {
		answer, err := http.Get(url + "/api/v1/photo/" + id)
		if err != nil {
			t.Fatal(err)
		}
		var body bytes.Buffer
		_, _ = body.ReadFrom(answer.Body)
		if err := answer.Body.Close(); err != nil || answer.StatusCode != http.StatusNotFound || body.Len() > 0 {
			t.Errorf("%s: %d, %q, %v", id, answer.StatusCode, body.String(), err)
		}
	}
}

// rootsOf is a file with the certificate of a server, for nodes that are to trust it.
func rootsOf(t *testing.T, s *httptest.Server) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "roots.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}
