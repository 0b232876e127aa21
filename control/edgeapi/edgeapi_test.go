package edgeapi

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/meridian-video/meridian/control/state"
	"github.com/meridian-video/meridian/control/token"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// leader is a state without a log.
type leader struct {
	t      *testing.T
	h      *Handler
	signer *token.Signer

	mu   sync.Mutex
	s    *state.State
	n    uint64
	gone error // what Propose says instead
}

func newLeader(t *testing.T) *leader {
	t.Helper()
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	l := &leader{t: t, s: state.New(), signer: token.NewSigner("kid1", private)}
	for _, c := range []state.Command{
		&state.InitPlatform{Epoch: "e"}, &state.PutSigningKey{KID: "kid1", PublicKey: public, Node: "c1"},
		state.Add(state.KindCompany, "acme", "", state.CompanySpec{Name: "Acme"}), state.Add(state.KindCompany, "evil", "", state.CompanySpec{Name: "Evil"}),
	} {
		if _, err := l.Propose(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	l.h = &Handler{Store: l, Tokens: l.signer, Now: func() time.Time { return noon }, Open: unseal, Log: slog.New(slog.DiscardHandler)}
	return l
}

func (l *leader) Propose(_ context.Context, c state.Command) (state.Result, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.gone != nil {
		return state.Result{}, l.gone
	}
	l.n++
	entry, err := state.Encode(noon.Add(time.Duration(l.n)*time.Millisecond), c, state.Terms{})
	if err != nil {
		return state.Result{}, err
	}
	r := l.s.Apply(l.n, entry)
	return r, r.Err
}

func (l *leader) View() *state.View { return l.s.View() }

// ask gives the status and, with 200, the answer.
func (l *leader) ask(path string, in, out any) int {
	l.t.Helper()
	body, err := json.Marshal(in)
	if err != nil {
		l.t.Fatal(err)
	}
	w := httptest.NewRecorder()
	l.h.ServeHTTP(w, httptest.NewRequest(http.MethodPost, path, bytes.NewReader(body)))
	if out != nil && (w.Code == 200 || w.Code == 422) {
		if err := json.Unmarshal(w.Body.Bytes(), out); err != nil {
			l.t.Fatal(err)
		}
	}
	return w.Code
}

func TestPlacementsAreTakenTogether(t *testing.T) {
	l := newLeader(t)
	place := func(list ...Placement) []*Placement {
		t.Helper()
		var out PlaceAnswer
		if status := l.ask(PathPlace, PlaceRequest{list}, &out); status != 200 || len(out.Standing) != len(list) {
			t.Fatalf("%d, %d answers", status, len(out.Standing))
		}
		return out.Standing
	}
	stands := Placement{Company: "acme", Room: "r", Session: "s1", Node: "fra-1", Confirmed: 2, Provisional: 1}
	other := Placement{Company: "acme", Room: "other/room ü", Session: "s9", Node: "fra-1", Provisional: 1}
	unknown := Placement{Company: "nobody", Room: "r", Session: "s", Node: "fra-1"}
	for i, s := range place(stands, other, unknown) {
		if s != nil {
			t.Errorf("%d: %+v stands instead", i, s)
		}
	}
	late := Placement{Company: "acme", Room: "r", Session: "s0", Node: "iad-1", Confirmed: 1, Provisional: 1}
	over := stands
	over.Over = true
	got := place(late)
	if got[0] == nil || *got[0] != stands {
		t.Errorf("an older home learns %+v", got[0])
	}
	if s := place(stands); s[0] != nil {
		t.Errorf("the same again: %+v", s[0])
	}
	if s := place(over); s[0] != nil {
		t.Errorf("the end: %+v", s[0])
	}
	if _, ok := state.Get[state.Placement](l.View(), "acme/r"); ok {
		t.Error("what is over is placed")
	}
}

func TestTheFirstUseStands(t *testing.T) {
	l := newLeader(t)
	use := func(by string, life int64, at time.Time) (a UseAnswer) {
		t.Helper()
		if status := l.ask(PathUse, UseRequest{Company: "acme", Hash: make([]byte, 32), By: by, LifetimeMS: life, At: at}, &a); status != 200 {
			t.Fatal(status)
		}
		return a
	}
	first := use("fra-1", 60_000, time.Time{})
	if a := use("iad-1", 90_000, time.Time{}); a != first {
		t.Errorf("%+v, then %+v", first, a)
	}
	if a := use("iad-1", 90_000, noon.Add(-time.Hour)); !a.At.Equal(noon.Add(-time.Hour)) || a.By != "iad-1" {
		t.Errorf("an earlier use told later: %+v", a)
	}
}

// mint makes a token of our own.
func (l *leader) mint(c token.Claims) string {
	l.t.Helper()
	c.Company, c.Issued = "acme", noon
	text, err := l.signer.Mint(c)
	if err != nil {
		l.t.Fatal(err)
	}
	return text
}

func TestATokenIsExchangedOnce(t *testing.T) {
	l := newLeader(t)
	once := l.mint(token.Claims{Kind: token.Attendee, Room: "demo", Peer: "p1", Name: "Ann", ID: "j1"})
	secrets := []string{"the first browser's secret", "the second browser's secret"}
	var won, lost atomic.Int32
	var wg sync.WaitGroup
	for i := range 100 { // both browsers, again and again
		wg.Go(func() {
			switch status := l.ask(PathExchange, ExchangeRequest{"acme", once, token.Bind(fmt.Sprint(secrets[i%2]))}, nil); status {
			case 200:
				won.Add(1)
			case 422:
				lost.Add(1)
			default:
				t.Errorf("status %d", status)
			}
		})
	}
	wg.Wait()
	if won.Load() != 50 || lost.Load() != 50 {
		t.Errorf("%d won and %d lost, want one browser's and the other's", won.Load(), lost.Load())
	}
}

func TestASessionIsTheBrowsers(t *testing.T) {
	l := newLeader(t)
	once := l.mint(token.Claims{Kind: token.Attendee, Room: "demo", Peer: "p1", Name: "Ann", ID: "j1"})
	var out ExchangeAnswer
	if status := l.ask(PathExchange, ExchangeRequest{"acme", once, token.Bind("a browser's own secret")}, &out); status != 200 {
		t.Fatal(status)
	}
	ring := token.Keyring{Company: "acme", Native: map[string]ed25519.PublicKey{}}
	for k := range state.All[state.SigningKey](l.View(), "") {
		ring.Native[k.ID] = k.PublicKey
	}
	for secret, want := range map[string]error{"a browser's own secret": nil, "another browser's one": token.ErrBrowser} {
		c, err := ring.Verify(out.Token, token.Expect{Kinds: []token.Kind{token.Session}, Browser: secret}, noon)
		if !errors.Is(err, want) || err == nil && (c.Peer != "p1" || c.Name != "Ann" || c.Room != "demo" || len(c.Parents) != 1) {
			t.Errorf("with %q: %+v %v", secret, c, err)
		}
	}
	if out.Room != "demo" || !out.Expires.Equal(noon.Add(token.SessionLife)) {
		t.Errorf("%+v", out)
	}
}

func TestWhatIsNotExchangedHasAWord(t *testing.T) {
	l := newLeader(t)
	binding := token.Bind("a browser's own secret")
	revoked := l.mint(token.Claims{Kind: token.Attendee, Room: "demo", Peer: "p1", ID: "gone"})
	if _, err := l.Propose(t.Context(), &state.RevokeToken{Company: "acme", JTI: "gone", Expires: noon.Add(time.Hour)}); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, company, token, word string
	}{
		{"a join token", "acme", l.mint(token.Claims{Kind: token.Join, Room: "demo", Expires: noon.Add(time.Hour)}), "denied"},
		{"another company's", "evil", l.mint(token.Claims{Kind: token.Attendee, Room: "demo", Peer: "p"}), "token_wrong_company"},
		{"nobody's company", "nobody", "x", "denied"},
		{"withdrawn", "acme", revoked, "token_revoked"},
		{"rubbish", "acme", "a.b.c", "token_malformed"},
	} {
		var r Refusal
		if status := l.ask(PathExchange, ExchangeRequest{c.company, c.token, binding}, &r); status != 422 || r.Word != c.word {
			t.Errorf("%s: %d %q, want %q", c.name, status, r.Word, c.word)
		}
	}
}

func TestRequestsOutsideOfBoundsAreRefused(t *testing.T) {
	l := newLeader(t)
	many := make([]Placement, MaxPlacements+1)
	for i := range many {
		many[i] = Placement{Company: "acme", Room: "r", Session: "s", Node: "n"}
	}
	for _, c := range []struct {
		path string
		in   any
	}{
		{PathPlace, PlaceRequest{}}, {PathPlace, PlaceRequest{many}}, {PathPlace, PlaceRequest{[]Placement{{}}}}, {PathPlace, "text"},
		{PathUse, UseRequest{Company: "acme", Hash: []byte{1}, LifetimeMS: 1}}, {PathUse, UseRequest{Company: "acme", Hash: make([]byte, 32)}},
		{PathUse, UseRequest{Company: "acme", Hash: make([]byte, 32), LifetimeMS: maxLifetime + 1}},
		{PathExchange, ExchangeRequest{"acme", "x", "short"}}, {PathExchange, ExchangeRequest{"acme", strings.Repeat("x", maxToken+1), strings.Repeat("b", 43)}},
	} {
		if status := l.ask(c.path, c.in, nil); status != 400 {
			t.Errorf("%s %.60v: %d", c.path, c.in, status)
		}
	}
	if status := l.ask("/cluster/v1/other", nil, nil); status != 404 {
		t.Error(status)
	}
}

func TestWithoutALeaderNothingIsDecided(t *testing.T) {
	l := newLeader(t)
	l.gone = errors.New("no leader")
	in := PlaceRequest{[]Placement{{Company: "acme", Room: "r", Session: "s", Node: "n"}}}
	if status := l.ask(PathPlace, in, nil); status != 504 {
		t.Error(status)
	}
	l.h.Retry = func(w http.ResponseWriter, err error) bool {
		w.WriteHeader(http.StatusServiceUnavailable)
		return errors.Is(err, l.gone)
	}
	if status := l.ask(PathPlace, in, nil); status != 503 {
		t.Error(status)
	}
}

func TestANodeSpeaksOfItselfAlone(t *testing.T) {
	body := func(nodes ...string) []byte {
		var r PlaceRequest
		for _, n := range nodes {
			r.Placements = append(r.Placements, Placement{Company: "acme", Room: "r", Session: "s", Node: n})
		}
		b, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	if !OfNode(body("fra-1", "fra-1"), "fra-1") || OfNode(body("fra-1", "iad-1"), "fra-1") || OfNode([]byte("{}"), "fra-1") {
		t.Error("whose placements they are")
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"placements":[{"company":"acme","room":"r","session":"s","node":"fra-1","confirmed":1}]}`))
	f.Add([]byte(`{"company":"acme","hash":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=","lifetime_ms":60000,"at":"2026-11-21T12:00:00Z"}`))
	f.Add([]byte(`{"company":"acme","token":"a.b.c","binding":"0123456789012345678901234567890123456789012"}`))
	f.Add([]byte(`{"at":"2026-11-21T12:00:00Z","lifetime_ms":1}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, r := range []request{&PlaceRequest{}, &UseRequest{}, &ExchangeRequest{}, &UseAnswer{}} {
			if decode(b, r) != nil {
				continue
			}
			again, err := json.Marshal(r)
			if err != nil {
				t.Fatalf("%+v does not encode: %v", r, err)
			}
			if err := decode(again, r); err != nil {
				t.Fatalf("%s is not read again: %v", again, err)
			}
		}
	})
}

// unseal opens what begins with the words it was sealed for.
func unseal(sealed []byte, about ...string) ([]byte, error) {
	if secret, ok := strings.CutPrefix(string(sealed), strings.Join(about, "/")+":"); ok {
		return []byte(secret), nil
	}
	return nil, errors.New("sealed for something else")
}

func TestAnEdgeIsToldTheHeaderOfAWebhook(t *testing.T) {
	l := newLeader(t)
	add := func(id, sealed string) {
		c := state.Add(state.KindWebhook, id, "acme", state.WebhookSpec{URL: "https://acme.example/", Kind: state.WebhookJoin})
		if sealed != "" {
			c.Secret, _ = json.Marshal(state.WebhookSecret{Auth: []byte(sealed)})
		}
		if _, err := l.Propose(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	add("w1", "webhook/w1/auth:Basic x")
	add("w2", "")
	add("w3", "webhook/w1/auth:Basic x")
	var out HeaderAnswer
	if status := l.ask(PathHeader, HeaderRequest{"acme", "w1"}, &out); status != 200 || out.Authorization != "Basic x" {
		t.Errorf("%d %+v", status, out)
	}
	out = HeaderAnswer{"?"}
	if status := l.ask(PathHeader, HeaderRequest{"acme", "w2"}, &out); status != 200 || out.Authorization != "" {
		t.Errorf("without one: %d %+v", status, out)
	}
	for _, c := range []struct {
		r    HeaderRequest
		want int
	}{{HeaderRequest{"evil", "w1"}, 422}, {HeaderRequest{"acme", "none"}, 422}, {HeaderRequest{"acme", ""}, 400}, {HeaderRequest{"acme", "w3"}, 504}} {
		if status := l.ask(PathHeader, c.r, nil); status != c.want {
			t.Errorf("%+v: %d", c.r, status)
		}
	}
}
