package browser

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/meridian-video/meridian/testbed/cluster"
	"github.com/meridian-video/meridian/testbed/partners/gcore"
)

// Of two companies the hosts of rooms and the sites.
const (
	lessonsMeet, lessonsSite = "lessons.rooms.example", "lessons.partner.test"
	talksMeet, talksSite     = "talks.rooms.example", "www.talks.test"
)

// near is where on this machine the hosts of rooms lead people at a POP.
var near = map[string]string{"fra": "127.0.0.1", "iad": "127.0.0.2", "syd": "127.0.0.3"}

// abroad is a network at three POPs with companies that each have a host of their
// own, which is nobody's of the nodes. Names lead to the POP near a person.
type abroad struct {
	c         *cluster.Cluster
	t         *testing.T
	cert      tls.Certificate
	pin, port string // of the sites; of the hosts of rooms, with its colon
}

func newAbroad(t *testing.T) *abroad {
	a := &abroad{t: t}
	a.cert, a.pin = siteCertificate(t, lessonsMeet, lessonsSite, talksMeet, talksSite)
	roots := filepath.Join(t.TempDir(), "roots.pem")
	if err := os.WriteFile(roots, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.cert.Certificate[0]}), 0o600); err != nil {
		t.Fatal(err)
	}
	a.c = cluster.StartWith(t, []string{"SSL_CERT_FILE=" + roots, "MERIDIAN_EDGE_WEBHOOKS_ALLOW=127.0.0.0/8", "MERIDIAN_CONTROL_WEBHOOKS_ALLOW=127.0.0.0/8"}, "fra", "iad", "syd")
	a.c.Call("DELETE", "/companies/"+a.c.Company+"/domains/127.0.0.1", nil, nil) // the nodes' name is nobody's
	for _, pop := range []string{"fra", "iad", "syd"} {
		a.serve(pop)
	}
	return a
}

// serve takes the hosts of rooms to a POP, at the same port of each address.
func (a *abroad) serve(pop string) {
	a.t.Helper()
	edge, err := url.Parse(a.c.Edges[pop].URL)
	if err != nil {
		a.t.Fatal(err)
	}
	l, err := net.Listen("tcp", near[pop]+":"+strings.TrimPrefix(a.port, ":"))
	if err != nil {
		a.t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	a.port = ":" + port
	s := httptest.NewUnstartedServer(&httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(edge)
			r.Out.Host = r.In.Host
		},
		ModifyResponse: func(r *http.Response) error { return nearest(r, pop) },
	})
	_ = s.Listener.Close()
	s.Listener, s.TLS = l, &tls.Config{Certificates: []tls.Certificate{a.cert}}
	s.StartTLS()
	a.t.Cleanup(s.Close)
}

// nearest leaves of the nodes to choose from those of one POP: for people there
// the others are far, which one machine cannot be.
func nearest(r *http.Response, pop string) error {
	if r.Request.URL.Path != "/api/v1/attach" {
		return nil
	}
	var list struct {
		Room  string           `json:"room"`
		Nodes []map[string]any `json:"nodes"`
	}
	err := json.NewDecoder(r.Body).Decode(&list)
	if err != nil {
		return err
	}
	list.Nodes = slices.DeleteFunc(list.Nodes, func(n map[string]any) bool { return n["pop"] != pop })
	b, err := json.Marshal(list)
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(b)), int64(len(b))
	r.Header.Set("Content-Length", fmt.Sprint(len(b)))
	return err
}

// backend is what a partner's own programs call the servers with.
func (a *abroad) backend() *http.Client {
	roots := x509.NewCertPool()
	leaf, err := x509.ParseCertificate(a.cert.Certificate[0])
	if err != nil {
		a.t.Fatal(err)
	}
	roots.AddCert(leaf)
	dial := func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, near["syd"]+a.port)
	}
	return &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, DialContext: dial}}
}

// company signs a partner up: its host of rooms, its site, and where its receiver
// is. It gives the company's path and the address of the site.
func (a *abroad) company(meet, host string, theirs *gcore.Site, settings object, hooks map[string]string) (path, at string) {
	a.t.Helper()
	var made struct{ ID string }
	a.c.Call("POST", "/companies", object{"name": host, "settings": settings}, &made)
	path = "/companies/" + made.ID
	port := site(a.t, a.cert, theirs.Handler())
	a.c.Call("POST", path+"/domains", object{"fqdn": meet}, nil)
	a.c.Call("POST", path+"/origins", object{"pattern": "https://" + host + port}, nil)
	for kind, to := range hooks {
		a.c.Call("POST", path+"/webhooks", object{"kind": kind, "url": "https://127.0.0.1" + port + to, "authorization": theirs.Secret}, nil)
	}
	theirs.Meet = "https://" + meet + a.port
	return path, "https://" + host + port
}

// keys are made by the guide's two commands.
func keys(t *testing.T) (private, public []byte) {
	t.Helper()
	dir := t.TempDir()
	for _, args := range [][]string{{"genrsa", "-out", "key_name.key", "2048"}, {"rsa", "-in", "key_name.key", "-pubout", "-outform", "PEM", "-out", "key_name.key.pub"}} {
		cmd := exec.Command("openssl", args...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("openssl %v: %v\n%s", args, err, out)
		}
	}
	for name, to := range map[string]*[]byte{"key_name.key": &private, "key_name.key.pub": &public} {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		*to = b
	}
	return private, public
}

// visits opens a partner's page in a browser of somebody's language near a POP.
func (a *abroad) visits(t *testing.T, name, lang, pop, address string) partner {
	t.Helper()
	p := New(t, name, Options{Sites: a.pin, Lang: lang, Near: near[pop], Width: 900, Height: 700})
	p.Open(address)
	return partner{p, p.inside()}
}

// logs waits for a line in the log of the partner's page.
func (p partner) logs(line string) {
	p.t.Helper()
	p.shows("the line "+line, fmt.Sprintf(`document.getElementById("log").textContent.includes(%q)`, line+"\n"))
}

// waitCalls waits until a receiver has had so many calls of an event.
func waitCalls(t *testing.T, h *gcore.Hooks, event string, n int) []gcore.Call {
	t.Helper()
	cluster.Wait(t, startTimeout, fmt.Sprintf("%d calls of %s", n, event), func() error {
		if got := h.Calls(event); len(got) < n {
			return fmt.Errorf("had %v", got)
		}
		return nil
	})
	got := h.Calls(event)
	if len(got) != n {
		t.Errorf("%d calls of %s, want %d: %v", len(got), event, n, got)
	}
	return got
}

// TestAPartnersSiteEndToEnd: the site of a partner of G-Core's, which knows of us
// a host name and what the account was given, with people of three languages at
// three POPs; beside it a second company, whose access tokens serve once.
func TestAPartnersSiteEndToEnd(t *testing.T) {
	t.Parallel()
	a := newAbroad(t)
	private, public := keys(t)
	key, err := gcore.ReadKey(private)
	if err != nil {
		t.Fatal(err)
	}
	lessons := &gcore.Site{Room: "serv0lesson", Key: key, Hooks: gcore.Hooks{Secret: "Basic bGVzc29uczpzZWNyZXQ="}}
	path, at := a.company(lessonsMeet, lessonsSite, lessons, object{"open_rooms": true, "jwt_mandatory": true}, map[string]string{"join": "/webhook", "close": "/webhook"})
	a.c.Call("POST", path+"/keys", object{"name": "key_name.key.pub", "pem": string(public)}, nil)
	var account struct{ Key string }
	a.c.Call("POST", path+"/api-keys", object{"name": "backend", "scopes": []string{"rooms:write", "statistics:read"}}, &account)
	talks := &gcore.Site{Room: "serv0talk", Passes: true, Hooks: gcore.Hooks{Secret: "Bearer talks"}}
	_, talksAt := a.company(talksMeet, talksSite, talks, object{"open_rooms": true}, map[string]string{"access": "/access"})
	a.c.WaitKnown()
	rooms := gcore.Rooms{Base: lessons.Meet, Token: "Bearer " + account.Key, HTTP: a.backend()}
	began := time.Now()

	mara := a.visits(t, "mara", "en-GB,en", "fra", at+"/?name=Mara&id=7&moderator=true")
	tom := a.visits(t, "tom", "ru-RU,ru", "iad", at+"/?name=Tom&id=tom%40partner.test")
	ann := a.visits(t, "ann", "fr-FR,fr", "syd", at+"/?name=Ann&id=ann")

	t.Run("three people meet over three POPs, each in their language", func(t *testing.T) {
		for _, c := range []struct {
			partner
			lang, pop, join string
		}{
			{mara, "en", "fra", `join {"peerId":"7","displayName":"Mara"}`},
			{tom, "ru", "iad", `join {"peerId":"tom@partner.test","displayName":"Tom"}`},
			{ann, "en", "syd", `join {"peerId":"ann","displayName":"Ann"}`},
		} {
			p := c.within(t)
			p.logs("joined: true")
			p.logs(c.join)
			p.in.until("meets the others", func(s State) bool { return len(s.People) == 3 && s.POP == c.pop && s.Lang == c.lang })
			p.in.until("sees the others", func(s State) bool { return s.Decoding(5) == 2 })
			p.Shot("gcore-site-" + p.Name)
		}
	})
	t.Run("who moderates is in the token alone, and the page's buttons work", func(t *testing.T) {
		mara, tom := mara.within(t), tom.within(t)
		tom.in.until("knows the moderator", func(s State) bool {
			role := map[string]string{}
			for _, p := range s.People {
				role[p.Name] = p.Role
			}
			return role["Mara"] == "moderator" && role["Tom"] == "regular" && role["Ann"] == "regular"
		})
		mara.Click(`[data-method="disableAllMics"]`)
		mara.logs("disableAllMics: true")
		tom.logs(`switchOffMic {"peerId":"tom@partner.test","displayName":"Tom"}`)
		tom.Click(`[data-method="disableAllMics"]`)
		tom.logs(`disableAllMics: {"error":"not_allowed"}`)
		tom.Click(`[data-method="enableMic"]`)
		tom.logs("enableMic: true")
	})
	t.Run("each was asked about once, with the registered header and the token", func(t *testing.T) {
		told := map[string]string{}
		for _, call := range waitCalls(t, &lessons.Hooks, "joinPeer", 3) {
			told[call.Values.Get("peerId")] = call.Values.Get("displayName")
			if call.Authorization != lessons.Secret || call.Values.Get("roomId") != lessons.Room || strings.Count(call.Values.Get("token"), ".") != 2 {
				t.Errorf("%v", call)
			}
		}
		if told["7"] != "Mara" || told["tom@partner.test"] != "Tom" || told["ann"] != "Ann" {
			t.Errorf("%v", told)
		}
	})
	t.Run("the backend counts them", func(t *testing.T) {
		if n, err := rooms.Number(t.Context(), lessons.Room); err != nil || n != 3 {
			t.Errorf("%d are in it, %v", n, err)
		}
		foreign := gcore.Rooms{Base: talks.Meet, Token: rooms.Token, HTTP: rooms.HTTP}
		if err := foreign.Close(t.Context(), talks.Room); !errors.Is(err, gcore.CodeError(http.StatusForbidden)) {
			t.Errorf("with another company's key: %v", err)
		}
	})
	t.Run("who leaves is told to the page and to the receiver", func(t *testing.T) {
		ann := ann.within(t)
		ann.in.tap(`.controls [aria-label="Leave"]`)
		ann.logs("connectionClosed {}")
		mara.within(t).logs(`peerClosed {"peerId":"ann","displayName":"Ann"}`)
		call := waitCalls(t, &lessons.Hooks, "closePeer", 1)[0]
		if call.Authorization != lessons.Secret || call.Values.Get("peerId") != "ann" || call.Values.Get("roomId") != lessons.Room {
			t.Errorf("%v", call)
		}
	})
	// Covers GC-A26, GC-A27.
	t.Run("at the company without tokens an access token serves once", func(t *testing.T) {
		guest := ann.within(t)
		guest.Open(talksAt + "/?name=Ann&id=ann")
		guest.logs("joined: true")
		link, err := Eval[string](guest.Page, `document.getElementById("meetframe").src`)
		if err != nil {
			t.Fatal(err)
		}
		call := waitCalls(t, &talks.Hooks, "access", 1)[0]
		if call.Authorization != talks.Secret || call.Values.Get("roomId") != talks.Room || call.Values.Get("peerId") != "ann" || call.Values.Get("accessToken") == "" {
			t.Errorf("%v", call)
		}
		guest.Open(link)
		guest.shows("that it served", `document.body.innerText.includes("Access denied")`)
		if n := len(waitCalls(t, &talks.Hooks, "access", 2)); n != 2 {
			t.Errorf("asked %d times", n)
		}
	})
	t.Run("the backend ends the meeting for all", func(t *testing.T) {
		if err := rooms.Close(t.Context(), lessons.Room); err != nil {
			t.Fatal(err)
		}
		mara.within(t).logs("disconnected {}")
		tom.within(t).logs("disconnected {}")
		cluster.Wait(t, startTimeout, "nobody is in it", func() error {
			if _, err := rooms.Number(t.Context(), lessons.Room); !errors.Is(err, gcore.CodeError(http.StatusBadRequest)) {
				return fmt.Errorf("answered %v", err)
			}
			return nil
		})
		waitCalls(t, &lessons.Hooks, "closePeer", 3)
	})
	t.Run("statistics say who was there", func(t *testing.T) {
		s := gcore.Statistics{Base: lessons.Meet, Token: rooms.Token, HTTP: rooms.HTTP}
		from, to := began.Add(-time.Minute), time.Now().Add(time.Minute)
		var stays []gcore.Stay
		cluster.Wait(t, startTimeout, "three stays", func() (err error) {
			if stays, err = s.Peers(t.Context(), lessons.Room, from, to); err == nil && len(stays) != 3 {
				err = fmt.Errorf("have %v", stays)
			}
			return err
		})
		for _, stay := range stays {
			if !slices.Contains([]string{"7", "tom@partner.test", "ann"}, stay.PersonID) || stay.JoinTime%30 != 0 || stay.Duration%30 != 0 || stay.Duration != stay.LeaveTime-stay.JoinTime {
				t.Errorf("%+v", stay)
			}
		}
		if sum, err := s.Summary(t.Context(), lessons.Room, from, to); err != nil || sum.Participants != 3 || sum.Duration != sum.EndTime-sum.StartTime {
			t.Errorf("%+v, %v", sum, err)
		}
	})
	t.Run("without a token nobody comes in, and reads so in their language", func(t *testing.T) {
		tom := tom.within(t)
		tom.Open(lessons.Meet + "/call/?roomId=serv0lesson&displayName=Eve&nameScreenDisabled=true")
		tom.shows("that it is denied", `document.body.innerText.includes("Доступ запрещён")`)
		tom.Shot("gcore-site-denied")
		waitCalls(t, &lessons.Hooks, "joinPeer", 3)
	})
}
