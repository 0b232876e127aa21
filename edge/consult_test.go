package edge

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/meridian-video/meridian/control/client"
	"github.com/meridian-video/meridian/control/entry"
	"github.com/meridian-video/meridian/control/notify/guard"
	"github.com/meridian-video/meridian/edge/signal"
)

// theirs is a company's server that answers each path with a status.
type theirs struct {
	*httptest.Server
	status map[string]int

	mu    sync.Mutex
	asked []string
}

func newTheirs(t *testing.T, status map[string]int) *theirs {
	s := &theirs{status: status}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

func (s *theirs) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.asked = append(s.asked, r.URL.Path)
	s.mu.Unlock()
	w.WriteHeader(s.status[r.URL.Path])
	_, _ = fmt.Fprint(w, "Back at noon.")
}

// consulting is a node that may call this machine.
func consulting(t *testing.T) *lone {
	allow := []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	return startLone(t, func(c *Config) { c.Partners.Guard = &guard.Guard{Allow: allow} })
}

// GC-FL5, GC-A26 to GC-A29: the access check first, then joining, and the first
// no ends it.
func TestACompanysServersAreAskedInOrder(t *testing.T) {
	n := consulting(t)
	opens := time.Date(2026, 12, 1, 9, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		check, join int
		want        signal.Code
		asked       []string
	}{
		{200, 200, "", []string{"/check", "/joinPeer"}},
		{401, 200, signal.Denied, []string{"/check"}},
		{423, 200, signal.Locked, []string{"/check"}},
		{200, 425, signal.TooEarly, []string{"/check", "/joinPeer"}},
		{200, 503, signal.CheckFailed, []string{"/check", "/joinPeer", "/joinPeer"}},
	} {
		s := newTheirs(t, map[string]int{"/check": c.check, "/joinPeer": c.join})
		d := considered{Admission: entry.Admission{Company: "acme", Room: "r", Peer: "p", AccessToken: "once", StartTime: opens, Asks: []entry.Ask{
			{Question: entry.AccessCheck, Endpoint: entry.Endpoint{URL: s.URL + "/check"}, AccessToken: "once"},
			{Question: entry.JoinPeer, Endpoint: entry.Endpoint{URL: s.URL}, AccessToken: "once"},
		}}}
		told := 0
		err := n.consult(t.Context(), d, visit{checking: func() { told++ }})
		if code(err) != c.want || told != 1 || !slices.Equal(s.asked, c.asked) {
			t.Errorf("%d, %d: %v, asked %v, told %d times", c.check, c.join, err, s.asked, told)
		}
		e, _ := errors.AsType[*signal.Error](err)
		if c.want == signal.Locked && e.Reason != "Back at noon." || c.want == signal.TooEarly && (e.Opens == nil || !e.Opens.Equal(opens)) {
			t.Errorf("%+v", e)
		}
	}
}

func TestWhoIsNotDueIsNotAskedAbout(t *testing.T) {
	n := consulting(t)
	if err := n.consult(t.Context(), considered{}, visit{checking: func() { t.Error("told") }}); err != nil {
		t.Error(err)
	}
	due := considered{Admission: entry.Admission{Asks: []entry.Ask{{Question: entry.JoinPeer}}}}
	if err := n.consult(t.Context(), due, visit{watches: true}); code(err) != signal.Denied {
		t.Errorf("who watches: %v", err)
	}
	// A registered server whose header nobody knows does not answer.
	due.Asks[0].Endpoint = entry.Endpoint{URL: "https://acme.example/", Registered: "w"}
	if err := n.consult(t.Context(), due, visit{}); code(err) != signal.CheckFailed {
		t.Errorf("without its header: %v", err)
	}
	due.Asks[0].FailOpen = true
	if err := n.consult(t.Context(), due, visit{}); err != nil {
		t.Errorf("fail open: %v", err)
	}
}

func TestPartnersAreToldTheSignedTokenFirst(t *testing.T) {
	d := considered{Admission: entry.Admission{AccessToken: "once"}}
	for token, want := range map[string]string{"": "once", "a.b.c": "a.b.c"} {
		if got := (visit{token: token}).brought(d); got != want {
			t.Errorf("%q: %q", token, got)
		}
	}
}

func TestAHeaderIsOpenedOnceUntilItIsChanged(t *testing.T) {
	asked, away := 0, false
	h := newHeaders(nil)
	h.ask = func(_ context.Context, r client.HeaderRequest) (string, error) {
		if away {
			return "", errors.New("away")
		}
		asked++
		return fmt.Sprintf("Basic %s %d", r.Webhook, asked), nil
	}
	w := client.Webhook{Secret: &client.WebhookSecret{Auth: []byte("one")}}
	w.ID, w.Company = "w", "acme"
	for range 3 {
		if v, err := h.of(t.Context(), w); v != "Basic w 1" || err != nil {
			t.Errorf("%q, %v", v, err)
		}
		away = true // it goes on without control
	}
	changed := w
	changed.Secret = &client.WebhookSecret{Auth: []byte("two")}
	if _, err := h.of(t.Context(), changed); !errors.Is(err, errNoHeader) {
		t.Errorf("a new header while control is away: %v", err)
	}
	away = false
	if v, err := h.of(t.Context(), changed); v != "Basic w 2" || err != nil {
		t.Errorf("%q, %v", v, err)
	}
	if v, err := h.of(t.Context(), client.Webhook{}); v != "" || err != nil || asked != 2 {
		t.Errorf("none: %q, %v, asked %d", v, err, asked)
	}
}
