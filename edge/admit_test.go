package edge

import (
	"context"
	"errors"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/meridian-video/meridian/control/client"
	"github.com/meridian-video/meridian/control/entry"
	"github.com/meridian-video/meridian/control/token"
	"github.com/meridian-video/meridian/edge/room"
	"github.com/meridian-video/meridian/edge/signal"
)

func admission(peer string) entry.Admission {
	return entry.Admission{Company: demo.Company, Room: demo.Room, Peer: peer, Capacity: 3}
}

func TestLinksOfImailStartRecordings(t *testing.T) {
	off, on := false, true
	for _, c := range []struct {
		from   entry.Source
		choice *bool
		want   bool
	}{
		{entry.ImMail, nil, true}, {entry.ImMail, &off, false}, {entry.ImMail, &on, true},
		{entry.Native, nil, false}, {entry.Native, &on, true}, {entry.GCore, nil, false},
	} {
		if got := entryCompany(client.Company{}, client.Settings{GuestStartRecording: c.choice}, c.from).GuestStartRecording; got != c.want {
			t.Errorf("%s with %v: %v", c.from, c.choice, got)
		}
	}
}

// aged is a copy that is some time old.
type aged struct {
	unconfigured
	age time.Duration
}

func (a aged) Age() time.Duration { return a.age }

func TestACopyMayBeTooOldForTokens(t *testing.T) {
	n := startLone(t, func(c *Config) { c.Configuration = aged{age: time.Minute} })
	for limit, want := range map[int]bool{0: false, 30: true, 90: false} {
		s := client.Settings{MaxFeedAgeSeconds: &limit}
		if limit == 0 {
			s.MaxFeedAgeSeconds = nil
		}
		if n.outdated(s) != want {
			t.Errorf("with a limit of %d s: %v", limit, !want)
		}
	}
}

func TestWhoReturnsIsKnownByToken(t *testing.T) {
	n := startLone(t)
	mine := token.Claims{Kind: token.Join, Peer: "ann", Hash: [32]byte{1}}
	a := n.opened()
	a.proof = proofOf(mine, entry.Admission{})
	if _, err := n.seat(t.Context(), a, admission("ann"), "", signal.Media{}); err != nil {
		t.Fatal(err)
	}
	if n.returning(demo.Company, demo.Room, mine) {
		t.Error("who is there returns")
	}
	a.end(nil, room.Lost) // nobody keeps the place then
	partner := token.Claims{Kind: token.Partner, Attributes: map[string]string{entry.PeerID: "ann"}}
	shared := token.Claims{Kind: token.Invite, Hash: mine.Hash}
	for _, c := range []token.Claims{mine, partner, shared, {}} {
		if n.returning(demo.Company, demo.Room, c) {
			t.Errorf("%+v returns", c)
		}
	}
	if signedPeer(partner) != "ann" || signedPeer(mine) != "ann" || signedPeer(shared) != "" {
		t.Error("whom a token was made for")
	}
}

func TestAProofNamesWhatATokenWasMadeFrom(t *testing.T) {
	until := time.Now()
	c := token.Claims{Kind: token.Invite, ID: "c", Parents: []string{"a", "b"}, KeyID: "k", Hash: [32]byte{7}}
	p := proofOf(c, entry.Admission{Until: until})
	if len(p.IDs) != 3 || p.IDs[0] != "c" || p.Key != "k" || p.Token == "" || !p.Until.Equal(until) {
		t.Errorf("%+v", p)
	}
	if p := proofOf(token.Claims{Kind: token.Partner, ID: "theirs", Hash: [32]byte{7}}, entry.Admission{}); p.IDs != nil {
		t.Errorf("a partner's id is one of ours: %+v", p)
	}
	for kind, want := range map[token.Kind]bool{token.Session: true, token.Join: false, token.Host: false, token.Participant: false} {
		if p := proofOf(token.Claims{Kind: kind, ID: "c"}, entry.Admission{}); p.Visit != want {
			t.Errorf("%s is for one visit: %v", kind, p.Visit)
		}
	}
	if p := proofOf(token.Claims{}, entry.Admission{}); p.Token != "" {
		t.Errorf("no token has a name: %+v", p)
	}
}

func TestAnExchangeIsRefusedWithAWord(t *testing.T) {
	for _, c := range []struct {
		err    error
		status int
	}{
		{token.ErrUsed, 401}, {&client.Refusal{Word: "denied", Message: "no"}, 403},
		{context.DeadlineExceeded, 503}, {errors.New("away"), 503},
	} {
		w := httptest.NewRecorder()
		signal.Problem(w, exchangeError(c.err), "trace")
		if w.Code != c.status {
			t.Errorf("%v: %d", c.err, w.Code)
		}
	}
	n := startLone(t)
	for _, body := range []string{"", "{}", `{"token":"x","browser":"short"}`} {
		w := httptest.NewRecorder()
		n.exchange(w, httptest.NewRequest("POST", "/api/v1/exchange", strings.NewReader(body)))
		if w.Code != 400 {
			t.Errorf("%q: %d", body, w.Code)
		}
	}
}

func FuzzParseExchange(f *testing.F) {
	f.Add([]byte(`{"token":"a.b.c","browser":"0123456789012345678901"}`))
	f.Add([]byte(`{"browser":1}`))
	f.Add([]byte(``))
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := parseExchange(b)
		if err == nil && (len(e.Browser) < minBrowser || len(e.Browser) > maxBrowser) {
			t.Errorf("%q is taken", e.Browser)
		}
	})
}

// GC-P16, GC-A21.
func TestWhoIsNotNamedGetsARandomUUID(t *testing.T) {
	form := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	seen := map[string]bool{}
	for range 100 {
		id := newPeerID()
		if !form.MatchString(id) || seen[id] {
			t.Fatalf("%q, or twice", id)
		}
		seen[id] = true
	}
}

func TestAPageSaysByWhoseRulesItsVisitorComes(t *testing.T) {
	for said, want := range map[string]entry.Source{"": entry.Native, "native": entry.Native, "gcore": entry.GCore} {
		if got, err := sourceOf(said); err != nil || got != want {
			t.Errorf("%q: %s, %v", said, got, err)
		}
	}
	for _, said := range []string{"meetbit", "callbridge", "GCore", "x"} { // their pages prove who comes otherwise
		if _, err := sourceOf(said); code(err) != signal.BadMessage {
			t.Errorf("%q: %v", said, err)
		}
	}
	link := map[string]string{"name": "Bea", "peerID": "7", "role": "moderator", "accessToken": "once"}
	if a := attributes(entry.GCore, link, "demo"); a[entry.DisplayName] != "" || a[entry.PeerID] != "7" || a[entry.AccessToken] != "once" || a[entry.RoomID] != "demo" {
		t.Errorf("%v", a)
	}
	if a := attributes(entry.Native, link, "demo"); a[entry.DisplayName] != "Bea" {
		t.Errorf("%v", a)
	}
}
