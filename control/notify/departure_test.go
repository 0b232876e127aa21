package notify

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/meridian-video/meridian/control/history/record"
	"github.com/meridian-video/meridian/control/notify/guard"
	"github.com/meridian-video/meridian/control/notify/queue"
)

// registered are a company's servers that are told who has left.
type registered []Caller

func (r registered) Callers(company string) ([]Caller, error) {
	if company != "acme" {
		return nil, nil
	}
	return r, nil
}

func (r registered) Caller(company, id string) (Caller, error) {
	for _, c := range r {
		if company == "acme" && c.ID == id {
			return c, nil
		}
	}
	return Caller{}, ErrNoEndpoint
}

// listener is a company's server; it refuses as often as it is told to.
type listener struct {
	*httptest.Server

	mu      sync.Mutex
	heard   []string
	refuses int
}

func newListener(t *testing.T) *listener {
	l := &listener{}
	l.Server = httptest.NewServer(l)
	t.Cleanup(l.Close)
	return l
}

func (l *listener) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.heard = append(l.heard, fmt.Sprintf("%s %s %s %s", r.Method, r.RequestURI, r.Header.Get("Authorization"), body))
	if l.refuses > 0 {
		l.refuses--
		w.WriteHeader(http.StatusUnauthorized)
	}
}

func (l *listener) all() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.heard)
}

func leavings(d Departures) *Leavings {
	g := guard.Guard{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}
	return &Leavings{Departures: d, Client: g.Client(5 * time.Second)}
}

func left(peer string, reason record.Reason, f record.Farewell) *record.Left {
	at := time.Now()
	return &record.Left{
		Live: record.Live{Company: "acme", Room: "r/1", Session: "s", At: at}, Presence: "p-" + peer, Peer: peer, Reason: reason, Name: "Ann & Bea", Farewell: f.Text(),
	}
}

// hasty tries again at once, so that tests need not wait ten minutes.
type hasty struct{ *Leavings }

func (hasty) Schedule() []time.Duration {
	return slices.Repeat([]time.Duration{time.Millisecond}, len(departureSchedule))
}

// GC-A30, GC-H3: one call for each end and server, however often the end is
// told, none for who was replaced, and again while it is refused.
func TestTheEndOfAPresenceIsToldOnce(t *testing.T) {
	l := newListener(t)
	l.refuses = 1
	theirs := registered{{ID: "w1", URL: l.URL + "/hooks", Method: "GET", Authorization: "Basic r"}}
	r := newRig(t)
	r.Departures = theirs
	ends := []record.Record{
		left("ann@example.com", record.ReasonLeft, record.Farewell{Token: "a.b.c"}),
		left("bo", record.ReasonSuperseded, record.Farewell{}),
	}
	for range 3 {
		if err := r.PublishRecords(t.Context(), ends...); err != nil {
			t.Fatal(err)
		}
	}
	stop := r.start(t, fast(), map[queue.Kind]Carrier{queue.Departure: hasty{leavings(theirs)}})
	const want = "GET /hooks/closePeer?displayName=Ann+%26+Bea&peerId=ann%40example.com&roomId=r%2F1&token=a.b.c Basic r "
	eventually(t, "both attempts", func() bool { return len(l.all()) == 2 })
	eventually(t, "nothing waits", func() bool {
		_, waiting, err := r.Queue.Held(t.Context())
		return err == nil && waiting == 0
	})
	stop()
	if got := l.all(); !slices.Equal(got, []string{want, want}) {
		t.Errorf("heard %q", got)
	}
}

// seen is when people were there last.
type seen map[string]time.Time

func (s seen) LastTick(_ context.Context, _, _, presence string) (time.Time, error) {
	if s == nil {
		return time.Time{}, errors.New("no database")
	}
	return s[presence], nil
}

// Who is said to be lost by a home that was cut off is there if others saw them
// later, and their end is told when it comes.
func TestALossIsNotToldOfWhoWasSeenLater(t *testing.T) {
	for name, c := range map[string]struct {
		seen   Presences
		reason record.Reason
		want   int
		fails  bool
	}{
		"seen later":           {seen{"p-ann": time.Now().Add(time.Minute)}, record.ReasonLost, 0, false},
		"seen before":          {seen{"p-ann": time.Now().Add(-time.Minute)}, record.ReasonLost, 1, false},
		"never seen":           {seen{}, record.ReasonLost, 1, false},
		"nobody knows":         {nil, record.ReasonLost, 1, false},
		"left, by their word":  {seen{"p-ann": time.Now().Add(time.Minute)}, record.ReasonLeft, 1, false},
		"the database is away": {seen(nil), record.ReasonLost, 0, true},
	} {
		r := newRig(t)
		r.Departures, r.Presences = registered{{ID: "w1", URL: "https://acme.example/"}}, c.seen
		notices, err := r.departures(t.Context(), []record.Record{left("ann", c.reason, record.Farewell{})})
		if len(notices) != c.want || (err != nil) != c.fails {
			t.Errorf("%s: %d notices, %v", name, len(notices), err)
		}
	}
}

// A server that the visitor's token names is told instead of the registered one,
// with the header that goes with it.
func TestATokensServerIsToldInstead(t *testing.T) {
	l := newListener(t)
	theirs := registered{{ID: "w1", URL: l.URL + "/registered", Authorization: "Basic r"}}
	carrier := leavings(theirs)
	for want, d := range map[string]departure{
		"GET /signed/closePeer?displayName=A&peerId=p&roomId=r&token= Bearer j ":                                   {Farewell: record.Farewell{URL: l.URL + "/signed", Authorization: "Bearer j"}},
		"GET /signed/closePeer?displayName=A&peerId=p&roomId=r&token= Basic r ":                                    {Farewell: record.Farewell{URL: l.URL + "/signed", Webhook: "w1"}},
		`POST /signed/closePeer  {"displayName":"A","event":"disconnected","peerId":"p","roomId":"r","token":"t"}`: {Farewell: record.Farewell{URL: l.URL + "/signed", Method: "POST", Token: "t"}},
	} {
		d.Room, d.Peer, d.Name = "r", "p", "A"
		to, err := carrier.caller(queue.Delivery{Lane: queue.Lane{Company: "acme", Endpoint: departureEndpoint}}, d)
		if err != nil {
			t.Fatal(err)
		}
		request, err := to.request(t.Context(), d)
		if err != nil {
			t.Fatal(err)
		}
		if a := carrier.send(request); a.Verdict != Accepted {
			t.Errorf("%+v", a)
		}
		if got := l.all(); got[len(got)-1] != want {
			t.Errorf("\n got %s\nwant %s", got[len(got)-1], want)
		}
	}
}

// GC-A33, and what the log may show.
func TestEndsAreToldToNobodyInside(t *testing.T) {
	strict := &Leavings{Departures: registered{}, Client: new(guard.Guard).Client(time.Second)}
	for url, want := range map[string]Verdict{"http://example.com/": Refused, "https://127.0.0.1:1/": Again, "https://u:p@example.com/": Refused} {
		request, err := Caller{URL: url}.request(t.Context(), departure{Farewell: record.Farewell{Token: "secret"}})
		if err != nil {
			t.Fatal(err)
		}
		if a := strict.send(request); a.Verdict != want || strings.Contains(a.Fault, "secret") {
			t.Errorf("%s: %+v", url, a)
		}
	}
	d := queue.Delivery{Lane: queue.Lane{Company: "acme", Endpoint: "gone"}, Payload: []byte(`{"room":"r"}`)}
	if a := strict.Carry(t.Context(), d, Attempt{}); a.Verdict != Refused {
		t.Errorf("a webhook that was deleted: %+v", a)
	}
	d.Payload = []byte("{")
	if a := strict.Carry(t.Context(), d, Attempt{}); a.Verdict != Refused {
		t.Errorf("what cannot be read: %+v", a)
	}
}

// L-18: five more attempts in ten minutes, each up to a tenth later.
func TestEndsAreToldForTenMinutes(t *testing.T) {
	var all time.Duration
	for _, d := range new(Leavings).Schedule() {
		all += d + d/10
	}
	if n := len(departureSchedule); n != 5 || all > 10*time.Minute || all < 8*time.Minute {
		t.Errorf("%d attempts in %v", n, all)
	}
}
