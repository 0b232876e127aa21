package voters_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// told is one event as a receiver got it.
type told struct {
	ID, Type, Room string
	Seq            int
	Data           struct{ ID string }
	body           string
	signatures     []string // by number of the secret that fits
}

// receiver takes webhooks, checks them as the Standard Webhooks specification says, and
// refuses every thirtieth request.
type receiver struct {
	*httptest.Server

	mu       sync.Mutex
	secrets  []string // whsec_…
	requests int
	events   map[string]told
	wrong    []error
}

func receive(t *testing.T, c tls.Certificate) *receiver {
	r := &receiver{events: map[string]told{}}
	r.Server = httptest.NewUnstartedServer(r)
	r.TLS = &tls.Config{Certificates: []tls.Certificate{c}}
	r.StartTLS()
	t.Cleanup(r.Close)
	return r
}

// url is the receiver by the name in its certificate.
func (r *receiver) url(path string) string {
	_, port, _ := strings.Cut(strings.TrimPrefix(r.URL, "https://"), ":")
	return "https://localhost:" + port + path
}

// ServeHTTP implements http.Handler.
func (r *receiver) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	body, err := io.ReadAll(q.Body)
	if err != nil {
		return // the sender was killed
	}
	if q.URL.Path == "/gone" {
		w.WriteHeader(http.StatusGone)
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.requests++
	e, err := r.check(q.Header, body)
	if err != nil {
		r.wrong = append(r.wrong, err)
	}
	if r.requests%30 == 0 {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	if was, ok := r.events[e.ID]; ok && was.body != e.body {
		r.wrong = append(r.wrong, fmt.Errorf("%s changed from %s to %s", e.ID, was.body, e.body))
	}
	r.events[e.ID] = e
}

func (r *receiver) check(h http.Header, body []byte) (e told, err error) {
	if err := json.Unmarshal(body, &e); err != nil {
		return e, err
	}
	e.body = string(body)
	id, at := h.Get("webhook-id"), h.Get("webhook-timestamp")
	seconds, err := strconv.ParseInt(at, 10, 64)
	if err != nil || time.Since(time.Unix(seconds, 0)).Abs() > 5*time.Minute || id != e.ID {
		return e, fmt.Errorf("id %q of %s at %q", id, e.ID, at)
	}
	given := strings.Fields(h.Get("webhook-signature"))
	for i, s := range r.secrets {
		key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(s, "whsec_"))
		if err != nil {
			return e, err
		}
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(id + "." + at + "." + string(body)))
		if slices.Contains(given, "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil))) {
			e.signatures = append(e.signatures, strconv.Itoa(i))
		}
	}
	if len(e.signatures) == 0 {
		return e, fmt.Errorf("no signature of %s fits: %v", id, given)
	}
	return e, nil
}

func (r *receiver) trust(secret string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.secrets = append(r.secrets, secret)
}

// heard finds what was accepted.
func (r *receiver) heard(which func(told) bool) (found []told) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, e := range r.events {
		if which(e) {
			found = append(found, e)
		}
	}
	return found
}
