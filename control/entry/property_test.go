package entry

import (
	"encoding/json"
	"errors"
	"maps"
	"math/rand/v2"
	"net/url"
	"reflect"
	"slices"
	"testing"
	"time"
)

// anybody makes up a visitor: any source, settings, token, URL and secrets, and
// mostly such that the decision gets far.
func anybody(rnd *rand.Rand) Input {
	coin := func(n int) bool { return rnd.IntN(n) == 0 }
	in := at(allSources[rnd.IntN(len(allSources))])
	in.Company.OpenRooms, in.Company.JWTMandatory = coin(2), coin(8)
	in.Company.DebugAttributes, in.Company.WebhookFailOpen = coin(2), coin(2)
	in.Company.GuestStartRecording, in.Company.EndWithToken, in.Company.VideoSignedOnly = coin(2), coin(2), coin(2)
	if coin(2) {
		in.Company.Access, in.Company.Event = Endpoint{URL: "https://acme.example/a", Authorization: "r"}, Endpoint{URL: "https://acme.example/e", Authorization: "r"}
	}
	if coin(6) {
		in.Room = nil
	} else {
		in.Room.Lobby, in.Room.PasswordRequired, in.Room.Public = coin(2), coin(3), coin(2)
		in.Room.Kind = []Kind{"", Call, Webinar}[rnd.IntN(3)]
		in.Room.MuteMode = []MuteMode{"", QandA, Presentation}[rnd.IntN(3)]
	}
	in.Kind = []Kind{Call, Webinar}[rnd.IntN(2)]
	if r := sources[in.Source]; coin(2) || r.need == needAlways {
		in.Token = claims(r.proofs[rnd.IntN(len(r.proofs))])
		in.Token.Role = []string{"", "moderator", "owner"}[rnd.IntN(3)]
		in.Token.Attributes = anyAttributes(rnd)
		delete(in.Token.Attributes, RoomID)
	} else {
		in.Token, in.Mail, in.Attendee = nil, Mail{Address: "a@b.example"}, &Attendee{ID: "9", Role: "owner"}
	}
	maps.Copy(in.URL, anyAttributes(rnd))
	in.URL[RoomID] = "demo"
	in.Secrets = Secrets{Check(rnd.IntN(3)), Check(rnd.IntN(3)), 0}
	in.Live = Live{Lobby: coin(2), Returning: coin(3)}
	return in
}

// allNames are those of all attributes of all sources.
var allNames = func() []string {
	names := map[string]bool{"moderator": true, "owner": true, "token": true, "peerID": true}
	for _, r := range sources {
		for name := range r.origins {
			names[name] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}()

func anyAttributes(rnd *rand.Rand) map[string]string {
	values := []string{"true", "false", "", "moderator", "owner", "1", "60000", "2021-06-21T00:00:00Z", "https://evil.example/", "x"}
	a := map[string]string{}
	for _, name := range allNames {
		if rnd.IntN(2) == 0 {
			a[name] = values[rnd.IntN(len(values))]
		}
	}
	return a
}

// INV-05, INV-06: a URL's value of an attribute that has to be signed changes
// nothing, nor does a signed one of an attribute that belongs into the URL, nor
// any that the source has not. What gives power is the same without any URL.
// Covers F-064.
func TestUnsignedPowersAreNone(t *testing.T) {
	rnd := rand.New(rand.NewPCG(5, 6))
	admitted := map[Source]int{}
	for range 30000 {
		in := anybody(rnd)
		want, wantErr := Decide(in)

		clean := in
		clean.URL = maps.Clone(in.URL)
		origins := sources[in.Source].origins
		for name := range clean.URL {
			rule := origins[name]
			if rule == 0 && aliases[name] == "" || rule == signedOnly || rule == debugURL && !in.Company.DebugAttributes {
				delete(clean.URL, name)
			}
		}
		if in.Token != nil {
			token := *in.Token
			token.Attributes = maps.Clone(in.Token.Attributes)
			for name := range token.Attributes {
				if rule := origins[name]; rule == 0 && aliases[name] == "" || rule == urlOnly || rule == viewOnly {
					delete(token.Attributes, name)
				}
			}
			clean.Token = &token
		}
		if got, err := Decide(clean); !reflect.DeepEqual(got, want) || code(err) != code(wantErr) {
			t.Fatalf("%+v\n token %+v\n got %+v %v\nwant %+v %v", in, in.Token, got, err, want, wantErr)
		}

		if wantErr != nil {
			continue
		}
		admitted[in.Source]++
		bare := in
		bare.URL = Attributes{RoomID: "demo"}
		plain, err := Decide(bare)
		if err != nil || plain.Role != want.Role || plain.Owner != want.Owner || want.CanRecord && !plain.CanRecord ||
			plain.WaitingRoom != want.WaitingRoom || !plain.StartTime.Equal(want.StartTime) || plain.MicLocked != want.MicLocked ||
			plain.Lobby != want.Lobby || !plain.Until.Equal(want.Until) {
			t.Fatalf("the URL %v made\n%+v of\n%+v (%v)", in.URL, want, plain, err)
		}
	}
	for _, s := range allSources {
		if admitted[s] < 500 {
			t.Errorf("only %d of %s were admitted", admitted[s], s)
		}
	}
}

// INV-20: the decision is one of the input, and leaves it as it was.
func TestDecisionIsAFunction(t *testing.T) {
	rnd := rand.New(rand.NewPCG(7, 8))
	for range 3000 {
		in := anybody(rnd)
		before, err := json.Marshal(in)
		if err != nil {
			t.Fatal(err)
		}
		first, firstErr := Decide(in)
		for range 5 {
			again, err := Decide(in)
			if !reflect.DeepEqual(first, again) || !reflect.DeepEqual(firstErr, err) {
				t.Fatalf("%+v\n%+v %v\n%+v %v", in, first, firstErr, again, err)
			}
		}
		if after, _ := json.Marshal(in); string(after) != string(before) {
			t.Fatalf("%s became %s", before, after)
		}
	}
}

// The first step that fails is the one that is told, whatever else is wrong.
func TestOrderOfRefusals(t *testing.T) {
	faults := []struct {
		code string
		make func(*Input)
	}{
		{"denied", func(in *Input) { in.Company.Suspended = true }},
		{"not_found", func(in *Input) { in.Room.Deleted = true }},
		{"token_signature", func(in *Input) { in.Token, in.TokenErr = nil, failure("token_signature") }},
		{"too_early", func(in *Input) { in.Room.Opens = noon.Add(time.Hour) }},
		{"bad_message", func(in *Input) {
			if in.Token != nil {
				in.Token.Peer = string(make([]byte, maxID+1))
			}
			in.URL[PeerID] = "\xff"
		}},
		{"blocked", func(in *Input) { in.Browser, in.Live.Blocked = "b", []string{"browser:b"} }},
		{"wrong_password", func(in *Input) { in.Room.PasswordRequired, in.Secrets.Password = true, Wrong }},
	}
	for _, s := range allSources {
		for set := range 1 << len(faults) {
			in := at(s)
			in.Token = guest(&in)
			if s == NanoMeet || s == Callbridge { // whose people have ids by a token only, if at all
				in.Token = claims(sources[s].proofs[1])
			}
			want := "<nil>"
			for i, f := range slices.Backward(faults) {
				if set&(1<<i) != 0 {
					f.make(&in)
					want = f.code
				}
			}
			if _, err := Decide(in); code(err) != want {
				t.Fatalf("%s with faults %07b: %s, want %s", s, set, code(err), want)
			}
		}
	}
}

// Who is admitted has what the rest of the platform counts on.
func FuzzDecide(f *testing.F) {
	f.Add("roomId=demo&displayName=Ann", "moderator", "Ann", uint64(1))
	f.Add("roomId=&peerID=%ff", "", "\x00", uint64(2))
	f.Add("video=https%3A%2F%2Fa%2F&tokenLifetime=1e9&startTime=x", "regular", "", uint64(3))
	f.Add("accessToken=x&apiEvent=http://169.254.169.254/&name=%E2%80%9D", "owner", "x", uint64(4))
	f.Fuzz(func(t *testing.T, query, word, name string, seed uint64) {
		q, _ := url.ParseQuery(query)
		in := anybody(rand.New(rand.NewPCG(seed, 0)))
		in.URL, in.Typed = ReadURL(in.Source, q), name
		if _, ok := in.URL[RoomID]; !ok {
			in.URL[RoomID] = "demo"
		}
		if in.Token != nil {
			in.Token.Name, in.Token.Attributes[Role], in.Token.Attributes[StartTime] = name, word, query
			in.Token.Attributes[APIEvent] = query
		}
		a, err := Decide(in)
		if err != nil {
			if r, ok := errors.AsType[*Refusal](err); !ok || r.Code == "" || r.Message == "" {
				t.Fatalf("refused with %#v", err)
			}
			return
		}
		if a.Room == "" || len(a.Room) > maxID || len(a.Peer) > maxID || len([]rune(a.Name)) > maxName || a.Capacity <= 0 || a.Pool == "" {
			t.Fatalf("%+v", a)
		}
		if in.Token == nil && (a.Owner || a.Role == Moderator && in.Secrets.PIN != Right) {
			t.Fatalf("nobody is %s: %+v", a.Role, in)
		}
		for _, ask := range a.Asks {
			if ask.Endpoint.URL != "" && httpsURL(ask.Endpoint.URL) == "" {
				t.Fatalf("would ask %q", ask.Endpoint.URL)
			}
		}
	})
}

func BenchmarkDecide(b *testing.B) {
	for _, s := range allSources {
		b.Run(string(s), func(b *testing.B) {
			in := at(s)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Decide(in); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
