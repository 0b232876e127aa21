package entry

import (
	"fmt"
	"testing"
	"time"
)

// Step 8.
func TestCapacities(t *testing.T) {
	for _, c := range []struct {
		kind          Kind
		speaks        bool
		company, room int
		pool          Pool
		want          int
	}{
		{Call, false, 0, 0, CallPool, 50}, {Call, true, 7, 0, CallPool, 7}, {Call, true, 7, 9, CallPool, 9},
		{Webinar, true, 0, 0, SpeakerPool, 20}, {Webinar, true, 7, 0, SpeakerPool, 7}, {Webinar, true, 7, 9, SpeakerPool, 9},
		{Webinar, false, 0, 0, ViewerPool, 2000}, {Webinar, false, 7, 0, ViewerPool, 7}, {Webinar, false, -1, 9, ViewerPool, 9},
	} {
		in := at(GCore)
		in.Company.MaxParticipants, in.Company.MaxSpeakers, in.Company.MaxViewers = c.company, c.company, c.company
		in.Room.MaxParticipants, in.Room.MaxSpeakers, in.Room.MaxViewers, in.Room.Kind = c.room, c.room, c.room, c.kind
		in.Token = partner(map[string]string{ItIsParticipant: fmt.Sprint(c.speaks)})
		if a, err := Decide(in); err != nil || a.Pool != c.pool || a.Capacity != c.want {
			t.Errorf("%+v: %s %d, %v", c, a.Pool, a.Capacity, err)
		}
	}
}

// Step 9: whom to ask, in which order, and what if nobody answers.
// Covers GC-A14, GC-A34.
func TestAsks(t *testing.T) {
	registered := func(in *Input) {
		in.Company.Access = Endpoint{URL: "https://acme.example/check", Authorization: "Basic r"}
		in.Company.Event = Endpoint{URL: "https://acme.example/event", Authorization: "Bearer r"}
		in.URL[AccessToken] = "once"
	}
	fromURL := func(in *Input) {
		in.URL[AccessToken], in.URL[AccessURL], in.URL[AuthorizationAccess] = "once", "https://url.example/check", "Basic u"
		in.URL[APIEvent], in.URL[AuthEvent] = "https://url.example/event", "Bearer u"
	}
	signed := func(in *Input) {
		in.Token = partner(map[string]string{
			AccessToken: "signed", AccessURL: "https://jwt.example/check", AuthorizationAccess: "Basic j",
			APIEvent: "https://jwt.example/event", AuthEvent: "Bearer j",
		})
	}
	debug := func(in *Input) { in.Company.DebugAttributes = true }
	all := func(changes ...func(*Input)) func(*Input) {
		return func(in *Input) {
			for _, c := range changes {
				c(in)
			}
		}
	}
	for _, c := range []struct {
		name   string
		change func(*Input)
		want   string
	}{
		{"nobody", func(*Input) {}, "[]"},
		{"A26 registered, check first", registered,
			"[{access_check {https://acme.example/check Basic r} once false} {join_peer {https://acme.example/event Bearer r} once false}]"},
		{"X-84 open when it fails", all(registered, func(in *Input) { in.Company.WebhookFailOpen = true }),
			"[{access_check {https://acme.example/check Basic r} once true} {join_peer {https://acme.example/event Bearer r} once true}]"},
		{"A28 no access token, no check", all(registered, func(in *Input) { delete(in.URL, AccessToken) }),
			"[{join_peer {https://acme.example/event Bearer r}  false}]"},
		{"A28 blank access token", all(registered, func(in *Input) { in.URL[AccessToken] = " " }),
			"[{join_peer {https://acme.example/event Bearer r}  false}]"},
		{"X-85 not again", all(registered, func(in *Input) { in.Live.Returning = true }), "[]"},
		{"A14 mandatory tokens, no check", all(registered, func(in *Input) { in.Company.JWTMandatory, in.Token = true, partner(nil) }),
			"[{join_peer {https://acme.example/event Bearer r} once false}]"},
		{"A34 the URL's do nothing", fromURL, "[]"},
		{"A34 the URL's while trying out", all(fromURL, debug),
			"[{access_check {https://url.example/check Basic u} once false} {join_peer {https://url.example/event Bearer u} once false}]"},
		{"A34 registered ones apply always", all(fromURL, registered, debug),
			"[{access_check {https://acme.example/check Basic r} once false} {join_peer {https://acme.example/event Bearer r} once false}]"},
		{"signed ones first", all(registered, fromURL, debug, signed),
			"[{access_check {https://jwt.example/check Basic j} signed false} {join_peer {https://jwt.example/event Bearer j} signed false}]"},
		{"signed address, registered header", all(registered, func(in *Input) { in.Token = partner(map[string]string{APIEvent: "https://jwt.example/"}) }),
			"[{access_check {https://acme.example/check Basic r} once false} {join_peer {https://jwt.example/ Bearer r} once false}]"},
		{"a registered header stays at home", all(fromURL, debug, func(in *Input) {
			in.Company.Event = Endpoint{Authorization: "Bearer secret"}
			in.Token = partner(map[string]string{AuthorizationAccess: "Basic secret"})
			delete(in.URL, AuthEvent)
		}), "[{access_check {https://url.example/check Basic u} once false} {join_peer {https://url.example/event } once false}]"},
		{"A33 a signed http address cannot be asked", func(in *Input) { in.Token = partner(map[string]string{APIEvent: "http://jwt.example/"}) },
			"[{join_peer { }  false}]"},
		{"A33 a registered one neither", func(in *Input) { in.Company.Event.URL = "http://acme.example" }, "[{join_peer { }  false}]"},
		{"A33 a URL's neither", all(debug, func(in *Input) { in.URL[APIEvent] = "file:///etc/passwd" }), "[{join_peer { }  false}]"},
	} {
		for _, s := range allSources {
			if s != GCore && guest(&Input{Source: s}) != nil { // sources that take no partner's token
				continue
			}
			in := at(s)
			c.change(&in)
			if s == Callbridge && in.Token != nil {
				continue
			}
			a, err := Decide(in)
			want := c.want
			if s != GCore && s != Native {
				want = "[]"
			}
			if err != nil || spelt(a.Asks) != want {
				t.Errorf("%s: %s:\n got %s, %v\nwant %s", s, c.name, spelt(a.Asks), err, want)
			}
		}
	}
}

func spelt(asks []Ask) string {
	out := []string{}
	for _, a := range asks {
		out = append(out, fmt.Sprintf("{%s {%s %s} %s %v}", a.Question, a.Endpoint.URL, a.Endpoint.Authorization, a.AccessToken, a.FailOpen))
	}
	return fmt.Sprint(out)
}

// A webhook's own switch goes before the company's, and a signed header before
// the registered one.
func TestWhatARegisteredEndpointSays(t *testing.T) {
	in := at(GCore)
	open := true
	in.Company.Event = Endpoint{URL: "https://acme.example/", Registered: "w-1", Method: "POST", FailOpen: &open}
	in.Company.Close = Endpoint{URL: "https://acme.example/", Registered: "w-2"}
	a, err := Decide(in)
	if err != nil || len(a.Asks) != 1 || !a.Asks[0].FailOpen || a.Asks[0].Endpoint.Registered != "w-1" || a.Asks[0].Endpoint.Method != "POST" {
		t.Errorf("%+v, %v", a.Asks, err)
	}
	if a.Tells.Registered != "w-2" || a.Tells.URL != "https://acme.example/" {
		t.Errorf("the end goes to %+v", a.Tells)
	}
	in.Token = partner(map[string]string{APIEvent: "https://jwt.example/", AuthEvent: "Bearer j"})
	a, err = Decide(in)
	if err != nil || a.Asks[0].Endpoint.Registered != "" || a.Asks[0].Endpoint.Authorization != "Bearer j" || a.Tells.URL != "https://jwt.example/" || a.Tells.Registered != "" {
		t.Errorf("%+v, %+v, %v", a.Asks, a.Tells, err)
	}
}

// Whoever returns is not asked about, and their end is told all the same.
func TestTheEndIsToldOfWhoReturns(t *testing.T) {
	in := at(Native)
	in.Live.Returning = true
	in.Company.Close = Endpoint{URL: "https://acme.example/", Registered: "w-2"}
	if a, err := Decide(in); err != nil || a.Tells.Registered != "w-2" || len(a.Asks) != 0 {
		t.Errorf("%+v, %v", a, err)
	}
}

// Step 10.
// Covers F-093.
func TestLobby(t *testing.T) {
	for _, c := range []struct {
		name   string
		source Source
		change func(*Input)
		want   bool
	}{
		{"none", NanoMeet, func(*Input) {}, false},
		{"NM-A35 configured", NanoMeet, func(in *Input) { in.Room.Lobby = true }, true},
		{"switched on", NanoMeet, func(in *Input) { in.Live.Lobby = true }, true},
		{"in a room made on the way", GCore, func(in *Input) { in.Room, in.Company.OpenRooms, in.Live.Lobby = nil, true, true }, true},
		{"moderators do not wait", NanoMeet, func(in *Input) { in.Room.Lobby, in.Token.Role = true, "moderator" }, false},
		{"nor who has the PIN", Callbridge, func(in *Input) { in.Room.Lobby, in.Secrets.PIN = true, Right }, false},
		{"nor who returns", NanoMeet, func(in *Input) { in.Room.Lobby, in.Live.Returning = true, true }, false},
		{"X-75 one's own token", GCore, func(in *Input) { in.Token = partner(map[string]string{WaitingRoom: "true"}) }, true},
		{"GC-A46 a moderator brings it", GCore, func(in *Input) { in.Token = partner(map[string]string{WaitingRoom: "true", Role: "moderator"}) }, false},
		{"the URL asks for it", GCore, func(in *Input) { in.URL[WaitingRoom] = "true" }, false},
	} {
		in := at(c.source)
		c.change(&in)
		if a, err := Decide(in); err != nil || a.Lobby != c.want {
			t.Errorf("%s: %v, %v", c.name, a.Lobby, err)
		}
	}
}

// Step 12.
func TestPages(t *testing.T) {
	for _, c := range []struct {
		name   string
		source Source
		change func(*Input)
		want   Page
	}{
		{"ours", Native, func(*Input) {}, SetupPage},
		{"GC-A35", GCore, func(in *Input) { in.URL[NameScreenDisabled] = "" }, NoPage},
		{"GC-A35 off", GCore, func(in *Input) { in.URL[NameScreenDisabled] = "false" }, SetupPage},
		{"MB-A23 always", MeetBit, func(in *Input) { in.URL[NameScreenDisabled], in.URL[SkipJoin] = "true", "true" }, SetupPage},
		{"CB", Callbridge, func(in *Input) { in.URL[DisplayName] = "Ann" }, SetupPage},
		{"CB-A34", Callbridge, func(in *Input) { in.URL[SkipJoin], in.URL[DisplayName] = "true", "Ann" }, NoPage},
		{"CB-A35", Callbridge, func(in *Input) { in.URL[SkipJoin] = "true" }, NamePage},
		{"CB-A35 by SSO", Callbridge, func(in *Input) { in.URL[SkipJoin], in.Token = "true", claims(Host) }, NoPage},
		{"IM-A09 named", ImMail, func(*Input) {}, NoPage},
		{"IM-A09 nameless", ImMail, func(in *Input) { in.Token.Name = "" }, NamePage},
		{"IM-A09 has answered", ImMail, func(in *Input) { in.Token.Name, in.Typed = "", "Ann" }, NoPage},
		{"NM", NanoMeet, func(*Input) {}, NamePage},
	} {
		in := at(c.source)
		c.change(&in)
		if a, err := Decide(in); err != nil || a.Page != c.want {
			t.Errorf("%s: %q, %v", c.name, a.Page, err)
		}
	}
}

// Step 4: what a lifetime is counted for.
func TestLifetimesAreCounted(t *testing.T) {
	for _, c := range []struct {
		name   string
		source Source
		change func(*Input)
		life   time.Duration
		counts Counted
	}{
		{"T10 signed", GCore, func(in *Input) { in.Token = partner(map[string]string{TokenLifetime: "60000"}) }, time.Minute, CountsToken},
		{"T12 in the URL beside a token", GCore, func(in *Input) { in.Token, in.URL[TokenLifetime] = partner(nil), "60000" }, time.Minute, CountsToken},
		{"T13 with an access token", GCore, func(in *Input) { in.URL[AccessToken], in.URL[TokenLifetime] = "x", "60000" }, time.Minute, CountsAccess},
		{"T13 with neither", GCore, func(in *Input) { in.URL[TokenLifetime] = "60000" }, 0, CountsNothing},
		{"none", GCore, func(in *Input) { in.Token = partner(nil) }, 0, CountsNothing},
		{"negative", GCore, func(in *Input) { in.Token = partner(map[string]string{TokenLifetime: "-1"}) }, 0, CountsNothing},
		{"an attribute of other sources", NanoMeet, func(in *Input) { in.URL[TokenLifetime] = "60000" }, 0, CountsNothing},
	} {
		in := at(c.source)
		c.change(&in)
		if a, err := Decide(in); err != nil || a.TokenLifetime != c.life || a.Counts != c.counts {
			t.Errorf("%s: %s %q, %v", c.name, a.TokenLifetime, a.Counts, err)
		}
	}
}
