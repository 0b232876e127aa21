package proxy

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// route is a leader that tests move.
type route struct {
	mu      sync.Mutex
	addr    string
	local   bool
	changed chan struct{}
	failed  []string
}

func (r *route) Pick() (string, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.addr, r.local
}

func (r *route) Failed(addr string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failed = append(r.failed, addr)
}

func (r *route) Changed() <-chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.changed == nil {
		r.changed = make(chan struct{})
	}
	return r.changed
}

func (r *route) move(addr string, local bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.addr, r.local = addr, local
	if r.changed != nil {
		close(r.changed)
	}
	r.changed = nil
}

func start(t *testing.T, r *route, wait time.Duration, local http.Handler) string {
	t.Helper()
	p := New(Config{Route: r, Dial: (&net.Dialer{}).DialContext, Local: local, Wait: wait, Log: slog.New(slog.DiscardHandler)})
	s := httptest.NewServer(p)
	t.Cleanup(func() { s.Close(); p.Close() })
	return s.URL
}

func node(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.Listener.Addr().String()
}

func send(t *testing.T, method, url, body string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-Forwarded-For", "6.6.6.6") // what clients say of themselves
	r.Header.Set("X-Request-Id", "r1")
	c := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := c.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, string(b)
}

func TestARequestReachesTheLeaderWithItsBodyAndItsClient(t *testing.T) {
	leader := node(t, func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		w.Header().Set("X-Saw", r.Method+" "+r.URL.String()+" "+string(b)+" "+r.Header.Get("X-Forwarded-For"))
		w.WriteHeader(http.StatusCreated)
	})
	url := start(t, &route{addr: leader}, time.Second, nil)
	res, _ := send(t, http.MethodPost, url+"/api/v1/x?y=1", "body")
	if got := res.Header.Get("X-Saw"); res.StatusCode != http.StatusCreated || got != "POST /api/v1/x?y=1 body 127.0.0.1" {
		t.Fatalf("%d %q", res.StatusCode, got)
	}
}

func TestAWriteIsSentAgainOnlyWhereItHadNoEffect(t *testing.T) {
	var taken atomic.Int64
	good := node(t, func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		taken.Add(1)
		_, _ = w.Write(b)
	})
	closed := node(t, nil)
	dead, err := net.Listen("tcp", closed[:strings.LastIndexByte(closed, ':')]+":0")
	if err != nil {
		t.Fatal(err)
	}
	_ = dead.Close()
	r := &route{}
	refusing := node(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set(RefusedHeader, RefusedNoLeader)
		w.WriteHeader(http.StatusServiceUnavailable)
		r.move(good, false)
	})
	breaking := node(t, func(http.ResponseWriter, *http.Request) {
		r.move(good, false)
		panic(http.ErrAbortHandler) // the answer is lost
	})
	for _, c := range []struct {
		name, method, first string
		status              int
		taken               int64
	}{
		{"the leader has moved", http.MethodPost, refusing, 200, 1},
		{"the answer to a write is lost", http.MethodPost, breaking, 504, 0},
		{"the answer to a deletion is lost", http.MethodDelete, breaking, 504, 0},
		{"the answer to a read is lost", http.MethodGet, breaking, 200, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			taken.Store(0)
			r.move(c.first, false)
			res, text := send(t, c.method, start(t, r, time.Second, nil), "payload")
			if res.StatusCode != c.status || taken.Load() != c.taken {
				t.Fatalf("%d %s, taken %d times", res.StatusCode, text, taken.Load())
			}
		})
	}
	r.move(dead.Addr().String(), false)
	url := start(t, r, 5*time.Second, nil)
	time.AfterFunc(50*time.Millisecond, func() { r.move(good, false) })
	if res, text := send(t, http.MethodPost, url, "payload"); res.StatusCode != 200 || text != "payload" || len(r.failed) == 0 {
		t.Fatalf("the node is gone: %d %s, failed %v", res.StatusCode, text, r.failed)
	}
}

func TestWithoutALeaderARequestWaitsAndIsThenRefused(t *testing.T) {
	res, text := send(t, http.MethodPost, start(t, &route{}, 50*time.Millisecond, nil), "x")
	var p struct {
		Code, Detail string
		RequestID    string `json:"request_id"`
	}
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		t.Fatal(err)
	}
	if res.StatusCode != 503 || p.Code != "no_leader" || p.RequestID != "r1" || res.Header.Get("Retry-After") != "1" ||
		res.Header.Get("Content-Type") != "application/problem+json" || res.Header.Get(RefusedHeader) != RefusedNoLeader {
		t.Fatalf("%d %v %s", res.StatusCode, res.Header, text)
	}
}

func TestANodeThatBecomesLeaderAnswersByItself(t *testing.T) {
	local := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		_, _ = w.Write(append([]byte("local "), b...))
	})
	r := &route{}
	url := start(t, r, 5*time.Second, local)
	time.AfterFunc(30*time.Millisecond, func() { r.move("", true) })
	if _, text := send(t, http.MethodPost, url, "body"); text != "local body" {
		t.Fatal(text)
	}
	if _, text := send(t, http.MethodPost, url, "again"); text != "local again" {
		t.Fatal(text)
	}
}

// A frozen leader answers nothing and closes nothing: reads go to the next as soon as there is one, writes end.
func TestAFrozenLeaderIsLeft(t *testing.T) {
	release := make(chan struct{})
	good := node(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("good")) })
	for method, status := range map[string]int{http.MethodGet: 200, http.MethodPost: 504} {
		r := &route{}
		frozen := node(t, func(_ http.ResponseWriter, q *http.Request) {
			_, _ = io.ReadAll(q.Body)
			r.move(good, false)
			select {
			case <-release:
			case <-q.Context().Done():
			}
		})
		r.move(frozen, false)
		if res, text := send(t, method, start(t, r, 5*time.Second, nil), ""); res.StatusCode != status {
			t.Errorf("%s: %d %s", method, res.StatusCode, text)
		}
	}
	close(release)
}

func TestAnEndlessBodyIsRefused(t *testing.T) {
	url := start(t, &route{}, time.Second, nil)
	res, text := send(t, http.MethodPost, url, strings.Repeat("x", maxBody+1))
	if res.StatusCode != http.StatusRequestEntityTooLarge || !strings.Contains(text, "body_too_large") {
		t.Fatalf("%d %s", res.StatusCode, text)
	}
}

func TestRoundTripSaysWhatIsKnownOfTheOutcome(t *testing.T) {
	r := &route{}
	p := New(Config{Route: r, Dial: (&net.Dialer{}).DialContext, Wait: 20 * time.Millisecond, Log: slog.New(slog.DiscardHandler)})
	defer p.Close()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://control/x", bytes.NewReader([]byte("e")))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.RoundTrip(req); !errors.Is(err, ErrNoLeader) {
		t.Fatalf("nobody: %v", err)
	}
	r.move(node(t, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }), false)
	if _, err := p.RoundTrip(req); !errors.Is(err, ErrUnknownOutcome) {
		t.Fatalf("cut off: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r.move("", false)
	if _, err := p.RoundTrip(req.WithContext(ctx)); !errors.Is(err, ErrNoLeader) {
		t.Fatalf("given up: %v", err)
	}
}
