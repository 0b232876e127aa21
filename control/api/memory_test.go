package api

import (
	"context"
	"crypto/ed25519"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/meridian-video/meridian/control/apikey"
	"github.com/meridian-video/meridian/control/seal"
	"github.com/meridian-video/meridian/control/state"
	"github.com/meridian-video/meridian/control/token"
)

// memory is a store without Raft: it decides alone and at once.
type memory struct {
	mu    sync.Mutex
	state *state.State
	index uint64
	fail  error
}

func (s *memory) ProposeOn(_ context.Context, c state.Command, terms state.Terms) (state.Result, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail != nil {
		return state.Result{}, s.fail
	}
	entry, err := state.Encode(time.Now(), c, terms)
	if err != nil {
		return state.Result{}, err
	}
	s.index++
	r := s.state.Apply(s.index, entry)
	return r, r.Err
}

// entries is how many commands there were.
func (s *memory) entries() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.index
}

// breaks makes every proposal fail; nil mends it.
func (s *memory) breaks(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fail = err
}

func (s *memory) Linearizable(context.Context) (*state.View, error) { return s.state.View(), nil }

// small is an API over memory with the platform's key and a company.
func small(t testing.TB, now func() time.Time) (*API, *memory, apikey.Key) {
	t.Helper()
	s := &memory{state: state.New()}
	sealer, err := seal.New(make([]byte, seal.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	a, err := New(Config{Store: s, Tokens: token.NewSigner("k", make(ed25519.PrivateKey, ed25519.PrivateKeySize)), Seal: sealer, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	key := apikey.New(NewID(t0))
	for _, c := range []state.Command{
		&state.InitPlatform{Epoch: "e"}, CreateKey(key, "", state.APIKeySpec{}), state.Add(state.KindCompany, "acme", "", state.CompanySpec{Name: "A"}),
		state.Add(state.KindRoom, "r1", "acme", state.RoomSpec{PublicID: "standup"}),
	} {
		if _, err := s.ProposeOn(t.Context(), c, state.Terms{}); err != nil {
			t.Fatal(err)
		}
	}
	return a, s, key
}

func ask(t testing.TB, a *API, key, method, path, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequestWithContext(t.Context(), method, prefix+path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+key)
	w := httptest.NewRecorder()
	a.ServeHTTP(w, r)
	return w
}

func TestCallsOfAKeyAreLimited(t *testing.T) {
	now := t0
	a, s, key := small(t, func() time.Time { return now })
	for i := range 2 * callsPerSecond {
		if w := ask(t, a, key.Text(), http.MethodGet, "/companies/acme", ""); w.Code != 200 {
			t.Fatalf("call %d: %d", i, w.Code)
		}
	}
	w := ask(t, a, key.Text(), http.MethodGet, "/companies/acme", "")
	if w.Code != 429 || w.Header().Get("Retry-After") != "1" || w.Header().Get("RateLimit") != `"key";r=0;t=2` ||
		w.Header().Get("RateLimit-Policy") != `"key";q=200;w=2` || !strings.Contains(w.Body.String(), "too_many_requests") {
		t.Fatalf("%d %s %s", w.Code, w.Header(), w.Body)
	}
	slow := apikey.New(NewID(t0))
	if _, err := s.ProposeOn(t.Context(), CreateKey(slow, "acme", state.APIKeySpec{Rate: 1}), state.Terms{}); err != nil {
		t.Fatal(err)
	}
	for i, want := range []int{200, 200, 429} {
		if w := ask(t, a, slow.Text(), http.MethodGet, "/companies/acme", ""); w.Code != want {
			t.Errorf("call %d of a slow key: %d", i, w.Code)
		}
	}
	now = now.Add(time.Second)
	if w := ask(t, a, key.Text(), http.MethodGet, "/companies/acme", ""); w.Code != 200 {
		t.Errorf("after a second: %d", w.Code)
	}
}

func TestFailedTriesAreLimitedAndValidKeysAreNot(t *testing.T) {
	a, _, key := small(t, func() time.Time { return t0 })
	for i := range strangersAtOnce {
		if w := ask(t, a, "wrong", http.MethodGet, "/companies", ""); w.Code != 401 || w.Header().Get("WWW-Authenticate") == "" {
			t.Fatalf("try %d: %d", i, w.Code)
		}
	}
	if w := ask(t, a, "wrong", http.MethodGet, "/companies", ""); w.Code != 429 || w.Header().Get("Retry-After") == "" {
		t.Errorf("one try too many: %d", w.Code)
	}
	if w := ask(t, a, key.Text(), http.MethodGet, "/companies", ""); w.Code != 200 {
		t.Errorf("a valid key from the same address: %d", w.Code)
	}
}

// Whatever comes as a body, the call answers, and what it changed the state can write and read.
func FuzzBody(f *testing.F) {
	a, s, key := small(f, func() time.Time { return time.Now().Add(time.Hour) })
	for _, seed := range []string{
		`{"name":"x","settings":{"lobby":null,"branding":{"colour":"#112233"}}}`, `{"moderator_pin":"1234","open":true}`,
		`{"max_participants":1e3}`, `{"settings":[]}`, `{"name":"\ud800"}`, `[{}]`, `{"open":true,"open":false}`, `{"a":{"a":{"a":{}}}}`, ``,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		a.keys = newLimits()
		for _, path := range []string{"/companies/acme", "/companies/acme/rooms/standup"} {
			w := ask(t, a, key.Text(), http.MethodPatch, path, body)
			switch w.Code {
			case 200, 400, 409, 413, 422:
			default:
				t.Fatalf("%s: %d %s", path, w.Code, w.Body)
			}
		}
		var b strings.Builder
		if err := s.state.View().WriteSnapshot(&b); err != nil {
			t.Fatal(err)
		}
		if err := state.New().Restore(strings.NewReader(b.String())); err != nil {
			t.Fatal(err)
		}
	})
}
