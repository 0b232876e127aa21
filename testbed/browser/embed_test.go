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

// partnerPage embeds a meeting, destroys it and embeds it again, as React's
// StrictMode does, and writes down what it is told.
const partnerPage = `<!doctype html><div id=m style="width:800px;height:500px"></div>
<script src="MEET/embed/v1.js"></script><script>
const options = {url: "MEET/m/shop"};
MeridianEmbed.createMeeting(m, options).destroy();
window.meeting = MeridianEmbed.createMeeting(m, options);
window.told = [];
for (const e of ["ready", "joined", "left", "participantjoined", "mediachanged", "chatmessage", "error"])
  meeting.on(e, d => told.push(e + (d.reason ? ":" + d.reason : d.text ? ":" + d.text : d.code ? ":" + d.code : "")));
</script>`

// TestAMeetingInAPartnersPage: pages of three sites over HTTPS, nothing stored
// for third parties. The listed one embeds and commands, the other sees nothing.
// Covers F-125, F-127.
func TestAMeetingInAPartnersPage(t *testing.T) {
	c := cluster.Start(t, "fra")
	edge, err := url.Parse(c.Edges["fra"].URL)
	if err != nil {
		t.Fatal(err)
	}
	cert, pin := siteCertificate(t)
	var meet string
	site := func(h http.Handler) string {
		s := httptest.NewUnstartedServer(h)
		s.TLS = &tls.Config{Certificates: []tls.Certificate{cert}}
		s.StartTLS()
		t.Cleanup(s.Close)
		return s.Listener.Addr().String()[len("127.0.0.1"):]
	}
	var cookies atomic.Int64
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			if r.In.Header.Get("Cookie") != "" {
				cookies.Add(1)
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
	meet = "https://" + meetSite + site(proxy)
	port := site(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte(strings.ReplaceAll(partnerPage, "MEET", meet)))
	}))
	c.Call("POST", "/companies/"+c.Company+"/domains", map[string]any{"fqdn": meetSite}, nil)
	c.Call("POST", "/companies/"+c.Company+"/origins", map[string]any{"pattern": "https://*.partner.test" + port}, nil)
	c.WaitKnown()

	page := New(t, "partner", Options{Sites: pin})
	page.Open("https://" + partnerSite + port + "/")
	is := func(what, js, want string) {
		t.Helper()
		got, err := Eval[json.RawMessage](page, js)
		if err != nil || string(got) != want {
			page.Shot("failed")
			t.Fatalf("%s: %s, %v; want %s", what, got, err, want)
		}
	}
	told := func(what string) {
		t.Helper()
		cluster.Wait(t, startTimeout, "the page is told "+what, func() error {
			list, err := Eval[[]string](page, `told`)
			if err != nil || !strings.Contains(strings.Join(list, " "), what) {
				return fmt.Errorf("it was told %v, %v", list, err)
			}
			return nil
		})
	}
	is("joins", `meeting.join("Ada").then(s => s.phase, e => e.code)`, `"live"`)
	told("joined")
	is("one frame", `document.querySelectorAll("iframe").length`, `1`)
	is("mutes", `meeting.setMicrophone(false).then(m => m.mic, e => e.code)`, `false`)
	told("mediachanged")
	is("writes", `meeting.sendMessage("hello").then(() => "sent", e => e.code)`, `"sent"`)
	told("chatmessage:hello")
	is("finds nothing in the way", `meeting.diagnose().then(r => r.ok)`, `true`)
	if n := cookies.Load(); n > 0 {
		t.Errorf("%d requests to the third party had a cookie; its storage was to be blocked", n)
	}
	page.Shot("embedded")
	is("leaves", `meeting.leave().then(() => "left", e => e.code)`, `"left"`)
	told("left:left")

	// As a site of its own it is sent what it sets, so the count above can tell.
	page.Open(meet + "/m/shop")
	page.Open(meet + "/m/shop")
	if cookies.Load() == 0 {
		t.Error("the probe sets no cookie even for the first party")
	}

	stranger := New(t, "stranger", Options{Sites: pin})
	stranger.Open("https://" + strangeSite + port + "/")
	code, err := Eval[string](stranger, `meeting.ready().then(() => "in", e => e.code)`)
	if err != nil || code != "no_answer" {
		t.Errorf("a site that is not listed gets %q, %v", code, err)
	}
	stranger.Shot("refused")
}

// siteCertificate is for all names above, and its key as the browser pins it.
func siteCertificate(t *testing.T) (tls.Certificate, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		DNSNames: []string{meetSite, partnerSite, strangeSite}, KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
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
