package browser

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"

	"github.com/meridian-video/meridian/testbed/cluster"
)

// checkOf opens the page, runs the check of the connection, and returns what its
// steps came to, with the codes that were found.
func (p *Page) checkOf(t *testing.T, url string) map[string]string {
	t.Helper()
	p = p.within(t)
	p.Open(url)
	// By hand it would be too early: the lists of devices come and push the link down.
	p.shows("the link", `(() => { const b = document.querySelector(".why"); b?.click(); return !!b; })()`)
	cluster.Wait(t, startTimeout, "the check is over", func() error {
		over, err := Eval[bool](p, `window.meridian.state().check.over`)
		if err == nil && !over {
			err = fmt.Errorf("it goes on")
		}
		return err
	})
	steps, err := Eval[map[string]string](p, `window.meridian.state().check.steps`)
	if err != nil {
		t.Fatal(err)
	}
	p.Shot(strings.ReplaceAll(t.Name(), "/", "-"))
	return steps
}

// TestWhyCantIConnect breaks one thing at a time and has the page's own check
// name it; what is not broken is found to work.
func TestWhyCantIConnect(t *testing.T) {
	t.Parallel()
	c := cluster.StartAt(t, map[string]cluster.Media{
		"iad": {Announce: []string{hole(t, "127.0.0.1")}},
		"syd": {Announce: []string{hole(t, "127.0.0.1")}, TCP: "127.0.0.1:0", AnnounceTCP: []string{freeTCP(t)}, NoTURN: true},
	}, "fra", "iad", "syd")
	page := New(t, "page", Options{Width: 800, Height: 900})
	denied := New(t, "denied", Options{Scripts: []string{bare}, Width: 800, Height: 900})
	for _, is := range []struct {
		name, url string
		page      *Page
		verdict   string
		steps     map[string]string
	}{
		{"nothing", c.Edges["fra"].URL, page, "", map[string]string{
			"secure": "good", "server": "good", "socket": "good", "udp": "good", "tcp": "good", "relay": "good", "mic": "good", "camera": "good", "frame": "skipped", "storage": "good",
		}},
		{"udp", c.Edges["iad"].URL, page, "udp_blocked", map[string]string{"udp": "poor udp_blocked", "tcp": "good", "relay": "good"}},
		{"all media", c.Edges["syd"].URL, page, "media_blocked", map[string]string{
			"socket": "good", "udp": "bad udp_blocked media_blocked", "tcp": "bad tcp_blocked media_blocked", "relay": "skipped", "mic": "good",
		}},
		{"the socket", withoutSockets(t, c.Edges["fra"].URL), page, "socket_blocked", map[string]string{
			"server": "good", "socket": "bad socket_blocked", "udp": "skipped", "camera": "good",
		}},
		{"devices", c.Edges["fra"].URL, denied, "mic_missing", map[string]string{"udp": "good", "mic": "poor mic_missing", "camera": "poor camera_missing"}},
	} {
		t.Run(is.name, func(t *testing.T) {
			steps := is.page.checkOf(t, is.url+"/m/why")
			for step, want := range is.steps {
				if steps[step] != want {
					t.Errorf("%s: %q, want %q", step, steps[step], want)
				}
			}
			verdict, err := Eval[string](is.page, `window.meridian.state().check.code`)
			if err != nil || verdict != is.verdict {
				t.Errorf("the page names %q (%v), want %q", verdict, err, is.verdict)
			}
		})
	}
}

// withoutSockets is a proxy that knows no WebSockets.
func withoutSockets(t *testing.T, edge string) string {
	t.Helper()
	u, err := url.Parse(edge)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(u)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Upgrade") != "" {
			http.Error(w, "this proxy speaks HTTP alone", http.StatusForbidden)
			return
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	return s.URL
}
