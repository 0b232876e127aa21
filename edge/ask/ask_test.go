package ask

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/meridian-video/meridian/control/entry"
	"github.com/meridian-video/meridian/control/notify/guard"
)

var ann = Visitor{Room: "r/1", Peer: "ann@example.com", Name: "Ann & Bea", Token: "a.b.c"}

// partner is a company's server; asker reaches it as an operator's own network.
func partner(t *testing.T, h http.HandlerFunc) (url string, a *Asker) {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	g := guard.Guard{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}
	a = &Asker{Client: g.Client(Timeout)}
	t.Cleanup(a.Client.CloseIdleConnections)
	return s.URL, a
}

func join(url, method string) entry.Ask {
	return entry.Ask{Question: entry.JoinPeer, Endpoint: entry.Endpoint{URL: url, Method: method}, AccessToken: "once"}
}

// GC-H1, GC-H2, GC-A26, GC-A29: what the partner's server gets.
func TestQuestionsAsPartnersGetThem(t *testing.T) {
	var got string
	url, a := partner(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got = fmt.Sprintf("%s %s %s %s", r.Method, r.RequestURI, r.Header.Get("Authorization"), body)
	})
	check := func(method string) entry.Ask {
		return entry.Ask{Question: entry.AccessCheck, Endpoint: entry.Endpoint{URL: url + "/check?k=1", Method: method}, AccessToken: "once"}
	}
	const query = "displayName=Ann+%26+Bea&peerId=ann%40example.com&roomId=r%2F1&token=a.b.c"
	for _, c := range []struct {
		ask  entry.Ask
		want string
	}{
		{check(""), `POST /check?k=1 Basic x {"accessToken":"once","peerId":"ann@example.com","roomId":"r/1"}`},
		{check("GET"), `GET /check?k=1&accessToken=once&peerId=ann%40example.com&roomId=r%2F1 Basic x `},
		{join(url, ""), "GET /joinPeer?" + query + " Basic x "},
		{join(url+"/hooks/", "GET"), "GET /hooks/joinPeer?" + query + " Basic x "},
		{join(url+"/hooks?a=b", "GET"), "GET /hooks/joinPeer?a=b&" + query + " Basic x "},
		{join(url, "POST"), `POST /joinPeer Basic x {"displayName":"Ann \u0026 Bea","event":"connected","peerId":"ann@example.com","roomId":"r/1","token":"a.b.c"}`},
	} {
		if err := a.Ask(t.Context(), c.ask, "Basic x", ann); err != nil || got != c.want {
			t.Errorf("%v\n got %s\nwant %s", err, got, c.want)
		}
	}
}

// GC-A27, GC-A29, GC-A32: codes, texts and the one second attempt.
func TestAnswersOfPartners(t *testing.T) {
	for _, c := range []struct {
		status   int
		kind     string
		body     string
		want     string
		attempts int32
	}{
		{200, "", "", "<nil>", 1},
		{204, "", "", "<nil>", 1},
		{401, "", "secret reason", "denied||", 1},
		{400, "", "", "denied||", 1},
		{403, "", "", "denied||", 1},
		{404, "", "", "denied||", 1},
		{423, "application/json", `{"message":"Full.","contact":"ops@acme.example"}`, "locked|Full.|ops@acme.example", 1},
		{423, "text/plain", "Back at\nnoon\x00 \u202etoday", "locked|Back at noon today|", 1},
		{423, "text/html", "<h1>Locked</h1>", "locked||", 1},
		{423, "application/json", `{"message":`, "locked||", 1},
		{423, "", "\xff\xfe", "locked||", 1},
		{425, "", "", "too_early||", 1},
		{425, "application/json", `{"message":"Soon"}`, "too_early|Soon|", 1},
		{429, "", "", "check_failed||", 2},
		{500, "", "", "check_failed||", 2},
		{503, "application/json", `{"message":"x"}`, "check_failed||", 2},
		{302, "", "", "check_failed||", 1},
	} {
		var attempts atomic.Int32
		url, a := partner(t, func(w http.ResponseWriter, r *http.Request) {
			attempts.Add(1)
			if c.kind != "" {
				w.Header().Set("Content-Type", c.kind)
			}
			if c.status == 302 {
				w.Header().Set("Location", "/elsewhere")
			}
			w.WriteHeader(c.status)
			_, _ = io.WriteString(w, c.body)
		})
		err := a.Ask(t.Context(), join(url, ""), "", ann)
		got := fmt.Sprint(err)
		if r, ok := errors.AsType[*Refusal](err); ok {
			got = fmt.Sprintf("%s|%s|%s", r.Code, r.Reason, r.Contact)
		}
		if got != c.want || attempts.Load() != c.attempts {
			t.Errorf("%d %q: %s after %d attempts, want %s after %d", c.status, c.body, got, attempts.Load(), c.want, c.attempts)
		}
		q := join(url, "")
		q.FailOpen = true
		if err := a.Ask(t.Context(), q, "", ann); (err == nil) != (strings.HasPrefix(c.want, "check_failed") || c.want == "<nil>") {
			t.Errorf("%d where the company lets in: %v", c.status, err)
		}
	}
}

func TestTheSecondAttemptCounts(t *testing.T) {
	var attempts atomic.Int32
	url, a := partner(t, func(w http.ResponseWriter, r *http.Request) {
		if attempts.Add(1) == 1 {
			w.WriteHeader(http.StatusBadGateway)
		}
	})
	if err := a.Ask(t.Context(), join(url, ""), "", ann); err != nil || attempts.Load() != 2 {
		t.Errorf("%v after %d attempts", err, attempts.Load())
	}
}

// GC-A33: addresses that lead into somebody's own network are not called, and a
// second attempt would not change that.
// Covers GC-A33.
func TestNothingPrivateIsAsked(t *testing.T) {
	reached := false
	s := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached = true }))
	defer s.Close()
	a := &Asker{Client: new(guard.Guard).Client(Timeout)}
	defer a.Client.CloseIdleConnections()
	port := s.URL[strings.LastIndex(s.URL, ":"):]
	for _, url := range []string{"", s.URL, "https://localhost" + port, "https://[::ffff:127.0.0.1]" + port, "http://93.184.215.14/", "https://u:p@example.com/", "https://10.0.0.1/"} {
		began := time.Now()
		err := a.Ask(t.Context(), join(url, ""), "Basic secret", ann)
		if r, ok := errors.AsType[*Refusal](err); !ok || r.Code != Unreachable || again(r) || strings.Contains(err.Error(), ann.Token) {
			t.Errorf("%q: %v after %v", url, err, time.Since(began))
		}
	}
	if reached {
		t.Error("a private address was reached")
	}
}

func TestAQuestionEndsWithItsVisitor(t *testing.T) {
	held := make(chan struct{})
	url, a := partner(t, func(w http.ResponseWriter, r *http.Request) { <-held })
	defer close(held)
	ctx, cancel := context.WithCancelCause(t.Context())
	gone := errors.New("gone")
	cancel(gone)
	q := join(url, "")
	q.FailOpen = true
	if err := a.Ask(ctx, q, "", ann); !errors.Is(err, gone) {
		t.Errorf("%v", err)
	}
}

// FuzzVerdict holds that whatever a server answers, a visitor is shown short
// plain text or none, and is let in by 2xx alone.
func FuzzVerdict(f *testing.F) {
	f.Add(423, "application/json", []byte(`{"message":"a","contact":"b"}`))
	f.Add(425, "text/plain; charset=utf-8", []byte("later\u202e\n"))
	f.Add(200, "", []byte("no"))
	f.Add(423, "text/html", []byte("<b>"))
	f.Fuzz(func(t *testing.T, status int, kind string, body []byte) {
		r := verdict(status, kind, body)
		if (r == nil) != (status >= 200 && status < 300) {
			t.Fatalf("%d: %v", status, r)
		}
		if r == nil {
			return
		}
		for text, limit := range map[string]int{r.Reason: maxReason, r.Contact: maxContact} {
			if utf8.RuneCountInString(text) > limit && text != r.Reason || utf8.RuneCountInString(text) > maxReason || !utf8.ValidString(text) || strings.ContainsAny(text, "\n\r\x00\u202e") {
				t.Errorf("%q", text)
			}
		}
		if _, err := json.Marshal(r.Reason); err != nil {
			t.Error(err)
		}
	})
}
