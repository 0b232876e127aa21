package browser

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/meridian-video/meridian/testbed/cluster"
)

// partnerServer is a company's own server over TLS: it answers for each peer as
// it is told, and keeps what it was asked.
type partnerServer struct {
	*httptest.Server
	roots string

	mu     sync.Mutex
	status map[string]int // by peer id
	calls  []string
}

func newPartnerServer(t *testing.T) *partnerServer {
	s := &partnerServer{status: map[string]int{}}
	s.Server = httptest.NewTLSServer(s)
	t.Cleanup(s.Close)
	s.roots = rootsOf(t, s.Server)
	return s
}

func (s *partnerServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	peer := r.URL.Query().Get("peerId")
	s.mu.Lock()
	s.calls = append(s.calls, fmt.Sprintf("%s %s %s %s", r.Method, r.RequestURI, r.Header.Get("Authorization"), body))
	status := s.status[peer]
	s.mu.Unlock()
	if status == http.StatusGatewayTimeout {
		<-r.Context().Done() // the node gives up
		return
	}
	if status != 0 && strings.HasSuffix(r.URL.Path, "/joinPeer") {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, `{"message":"The hall is closed until noon.","contact":"Mara, +49 30 1234"}`)
	}
}

// of counts the calls that hold all the words.
func (s *partnerServer) of(words ...string) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.calls {
		all := true
		for _, w := range words {
			all = all && strings.Contains(c, w)
		}
		if all {
			n++
		}
	}
	return n
}

func (s *partnerServer) all() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.calls, "\n")
}

// TestPartnersServersDecideWhoComesIn: with an access token the company's server
// is asked before admission, then joinPeer; who is kept out reads why and is seen
// by nobody; a reload asks nobody; the end is told once.
// Covers GC-A26, GC-A27, GC-A28, GC-A29, GC-A32.
func TestPartnersServersDecideWhoComesIn(t *testing.T) {
	s := newPartnerServer(t)
	c := cluster.StartWith(t, []string{"SSL_CERT_FILE=" + s.roots, "MERIDIAN_EDGE_WEBHOOKS_ALLOW=127.0.0.0/8", "MERIDIAN_CONTROL_WEBHOOKS_ALLOW=127.0.0.0/8"}, "fra", "iad")
	of := "/companies/" + c.Company
	c.Call("PATCH", of, map[string]any{"settings": map[string]any{"open_rooms": true}}, nil)
	hook := func(kind, path string) {
		c.Call("POST", of+"/webhooks", map[string]any{"kind": kind, "url": s.URL + path, "authorization": "Basic " + kind}, nil)
	}
	hook("access", "/check")
	hook("join", "/events")
	hook("close", "/events")
	c.WaitKnown()
	for peer, status := range map[string]int{"out": 401, "shut": 423, "early": 425, "lost": http.StatusGatewayTimeout} {
		s.status[peer] = status
	}
	link := func(pop, query string) string {
		return c.Edges[pop].URL + "/call/?roomId=serv0hall&nameScreenDisabled=true&pop=" + pop + "&" + query
	}

	mara := New(t, "mara", Options{Scripts: []string{bare}})
	mara.Open(link("fra", "displayName=Mara&peerId=mara%40example.com&accessToken=once"))
	mara.isIn()
	if s.of("POST /check Basic access", `"accessToken":"once"`, `"peerId":"mara@example.com"`, `"roomId":"serv0hall"`) != 1 {
		t.Errorf("no access check: %s", s.all())
	}
	if s.of("GET /events/joinPeer?displayName=Mara&peerId=mara%40example.com&roomId=serv0hall&token=once Basic join") != 1 {
		t.Errorf("not asked by joinPeer: %s", s.all())
	}

	for peer, words := range map[string][]string{
		"out":   {"Access denied"},
		"shut":  {"The hall is closed until noon.", "Mara, +49 30 1234"},
		"early": {"The event has not started yet"},
		"lost":  {"Authorisation server unavailable", "Try again"},
	} {
		p := New(t, peer, Options{Scripts: []string{bare}})
		p.Open(link("iad", "displayName=Eve&peerId="+peer))
		for _, w := range words {
			p.shows(peer+" reads "+w, fmt.Sprintf(`document.body.innerText.includes(%q)`, w))
		}
		p.Shot("partner-" + peer)
	}
	if n := s.of("/joinPeer", "peerId=lost"); n != 2 {
		t.Errorf("a server that does not answer was asked %d times", n)
	}
	if n := s.of("/check"); n != 1 {
		t.Errorf("without an access token %d checks: %s", n, s.all())
	}
	mara.answers("nobody who was kept out was seen", `meridian.state().people.length`, `1`)

	if _, err := Eval[any](mara, `void location.reload()`); err != nil {
		t.Fatal(err)
	}
	mara.isIn()
	if n := s.of("/joinPeer", "mara"); n != 1 || s.of("/closePeer") != 0 {
		t.Errorf("after a reload: %s", s.all())
	}

	bo := New(t, "bo", Options{Scripts: []string{bare}})
	bo.Open(link("iad", "displayName=Bo"))
	bo.isIn()
	mara.shows("Bo's id is a UUID", `/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(meridian.state().people.find(p => p.name === "Bo")?.peerId)`)
	// A second window with Mara's id takes her place: the partner hears of no end.
	second := New(t, "second", Options{Scripts: []string{bare}})
	second.Open(link("iad", "displayName=Mara&peerId=mara%40example.com"))
	second.isIn()
	mara.shows("the first is told", `meridian.state().code === "superseded"`)
	second.press("Leave")
	began := time.Now()
	cluster.Wait(t, startTimeout, "the end is told", func() error {
		if s.of("GET /events/closePeer?displayName=Mara&peerId=mara%40example.com&roomId=serv0hall&token= Basic close") == 0 {
			return fmt.Errorf("heard %s", s.all())
		}
		return nil
	})
	t.Logf("closePeer came %v after Leave", time.Since(began).Round(10*time.Millisecond))
	bo.press("Leave")
	cluster.Wait(t, startTimeout, "Bo's end is told", func() error {
		if s.of("/closePeer", "displayName=Bo") == 0 {
			return fmt.Errorf("heard %s", s.all())
		}
		return nil
	})
	if n := s.of("/closePeer"); n != 2 {
		t.Errorf("%d ends were told: %s", n, s.all())
	}
}
