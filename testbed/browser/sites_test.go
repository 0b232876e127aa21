package browser

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/meridian-video/meridian/testbed/cluster"
)

// Sites of their own registrable domains, all this machine.
const (
	meetSite    = "meet.rooms.example"
	partnerSite = "shop.partner.test"
	strangeSite = "stranger.invalid"
)

// hearing loads the library and writes down what a meeting tells.
const hearing = `<script src="MEET/embed/v1.js"></script><script>
window.told = [];
const events = ["ready", "waiting", "joined", "left", "participantjoined", "participantleft", "mediachanged", "chatmessage", "handchanged", "reaction", "lobbychanged", "error"];
const note = (e, d) => told.push(e + (d.waiting ? ":" + d.waiting.map(g => g.name) : d.reason ? ":" + d.reason : d.text ? ":" + d.text : d.code ? ":" + d.code : d.up !== undefined ? ":" + d.up : ""));
const hear = meeting => events.forEach(e => meeting.on(e, d => note(e, d)));
</script>`

// sites are a network under a name of its own, reached at its first POP, and a partner's pages under
// others, all over HTTPS. The partner is listed by the company.
type sites struct {
	c                      *cluster.Cluster
	meet, partner, strange string       // base URLs
	pin                    string       // for Options.Sites
	cookies                atomic.Int64 // requests to meet that had one
	pages                  map[string]sitePage
}

type sitePage struct {
	body    string
	headers map[string]string
}

// script gives the partner a file for its pages.
func (s *sites) script(path, body string) {
	s.pages[path] = sitePage{body, map[string]string{"Content-Type": "text/javascript; charset=utf-8"}}
}

func newSites(t *testing.T, pop string, more ...string) *sites {
	t.Helper()
	s := &sites{c: cluster.Start(t, append([]string{pop}, more...)...), pages: map[string]sitePage{}}
	edge, err := url.Parse(s.c.Edges[pop].URL)
	if err != nil {
		t.Fatal(err)
	}
	cert, pin := siteCertificate(t, meetSite, partnerSite, strangeSite)
	s.pin = pin
	s.meet = "https://" + meetSite + site(t, cert, s.proxy(edge))
	port := site(t, cert, http.HandlerFunc(s.page))
	s.partner, s.strange = "https://"+partnerSite+port, "https://"+strangeSite+port
	s.c.Call("POST", "/companies/"+s.c.Company+"/domains", map[string]any{"fqdn": meetSite}, nil)
	s.c.Call("POST", "/companies/"+s.c.Company+"/origins", map[string]any{"pattern": "https://*.partner.test" + port}, nil)
	s.c.WaitKnown()
	return s
}

// serve gives the partner a page, before it is asked for: MEET stands for the
// network's base URL, HEARING for the script above.
func (s *sites) serve(path, body string, headers map[string]string) {
	body = strings.ReplaceAll(body, "HEARING", hearing)
	s.pages[path] = sitePage{"<!doctype html><meta charset=utf-8><title>shop</title>" + strings.ReplaceAll(body, "MEET", s.meet), headers}
}

func (s *sites) page(w http.ResponseWriter, r *http.Request) {
	p, ok := s.pages[r.URL.Path]
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "text/html")
	for name, value := range p.headers {
		w.Header().Set(name, value)
	}
	_, _ = w.Write([]byte(p.body))
}

func (s *sites) proxy(edge *url.URL) http.Handler {
	return &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			if r.In.Header.Get("Cookie") != "" {
				s.cookies.Add(1)
			}
			r.SetURL(edge)
			r.Out.Host = meetSite // the company is found by this name
		},
		// A cookie that only a browser which keeps nothing for third parties drops.
		ModifyResponse: func(r *http.Response) error {
			r.Header.Add("Set-Cookie", "probe=1; SameSite=None; Secure; Path=/")
			return nil
		},
	}
}

// site serves over TLS and gives the port with its colon.
func site(t *testing.T, cert tls.Certificate, h http.Handler) string {
	s := httptest.NewUnstartedServer(h)
	s.TLS = &tls.Config{Certificates: []tls.Certificate{cert}}
	s.StartTLS()
	t.Cleanup(s.Close)
	return s.Listener.Addr().String()[len("127.0.0.1"):]
}

// answers asks an expression of the page and compares its JSON.
func (p *Page) answers(what, js, want string) {
	p.t.Helper()
	got, err := Eval[json.RawMessage](p, js)
	if err != nil || string(got) != want {
		p.Shot("failed")
		p.t.Fatalf("%s: %s %s, %v; want %s", p.Name, what, got, err, want)
	}
}

// told waits until the partner's page was told something.
func (p *Page) told(what string) {
	p.t.Helper()
	cluster.Wait(p.t, startTimeout, p.Name+" is told "+what, func() error {
		list, err := Eval[[]string](p, `told`)
		if err != nil || !strings.Contains(strings.Join(list, " "), what) {
			return fmt.Errorf("it was told %v, %v", list, err)
		}
		return nil
	})
}

// siteCertificate is for the names and for 127.0.0.1, signed by its own key, which
// the browser pins.
func siteCertificate(t *testing.T, names ...string) (tls.Certificate, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		DNSNames: names, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		IsCA: true, BasicConstraintsValid: true, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(leaf.RawSubjectPublicKeyInfo)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, base64.StdEncoding.EncodeToString(sum[:])
}
