package state

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

var t0 = time.Date(2026, 11, 20, 12, 0, 0, 123_000_000, time.UTC)

func entry(t interface{ Fatal(...any) }, at time.Time, c Command, terms ...Terms) []byte {
	b, err := Encode(at, c, slices.Concat(terms, []Terms{{}})[0])
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// feedState applies commands one after another.
type feedState struct {
	t *testing.T
	s *State
	n uint64
}

func newFeed(t *testing.T) *feedState { return &feedState{t: t, s: New()} }

func (f *feedState) apply(c Command, terms ...Terms) Result {
	f.t.Helper()
	f.n++
	return f.s.Apply(f.n, entry(f.t, t0.Add(time.Duration(f.n)*time.Second), c, terms...))
}

func (f *feedState) must(c Command, terms ...Terms) Result {
	f.t.Helper()
	r := f.apply(c, terms...)
	if r.Err != nil {
		f.t.Fatalf("%s: %v", c.Name(), r.Err)
	}
	return r
}

func (f *feedState) refused(code Code, field string, c Command) {
	f.t.Helper()
	r := f.apply(c)
	d, ok := errors.AsType[*Error](r.Err)
	if !ok || d.Code != code || d.Field != field {
		f.t.Fatalf("%s %+v: got %v, want %s of %q", c.Name(), c, r.Err, code, field)
	}
	if len(r.Changes) != 0 || r.Value != nil {
		f.t.Fatalf("%s: a refused command changed something: %+v", c.Name(), r)
	}
}

func bytesOf(t interface{ Fatal(...any) }, s *State) []byte {
	var b bytes.Buffer
	if err := s.View().WriteSnapshot(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func hash() []byte { return make([]byte, 32) }

func company(id, name string) Command { return Add(KindCompany, id, "", CompanySpec{Name: name}) }

func TestUnknownCommandsAreErrors(t *testing.T) {
	s := New()
	for _, c := range []struct {
		entry string
		code  Code
	}{
		{`{"v":2,"n":"room.teleport","at":1,"d":{}}`, CodeUnknownCommand},
		{`{"v":3,"n":"room.create","at":1,"d":{}}`, CodeUnknownCommand},
		{`{"v":2,"n":"company.create","at":1,"d":{"id":"a","colour":"red"}}`, CodeMalformed},
		{`{"v":2,"n":"company.create","at":1,"d":{"id":"a","set":{"name":"A","colour":"red"}}}`, CodeInvalid},
		{`{"v":2,"n":"company.create","at":1,"d":{"id":"a","set":{"name":7}}}`, CodeInvalid},
		{`{"v":2,"n":"company.create","at":1,"d":{"id":"a","set":null}}`, CodeMalformed},
		{`{"v":2,"n":"company.create","at":1}`, CodeMalformed},
		{`{"v":2,"n":"company.create","at":-5,"d":{}}`, CodeMalformed},
		{``, CodeMalformed},
		{`null`, CodeUnknownCommand},
	} {
		r := s.Apply(s.View().Index()+1, []byte(c.entry))
		if d, ok := errors.AsType[*Error](r.Err); !ok || d.Code != c.code {
			t.Errorf("%s: %v, want %s", c.entry, r.Err, c.code)
		}
	}
	if s.View().Index() != 10 {
		t.Errorf("refused entries must count: index %d", s.View().Index())
	}
	if d, ok := errors.AsType[*Error](s.Apply(7, nil).Err); !ok || d.Code != CodeReplayed {
		t.Error("an index was applied twice")
	}
}

// drawCommand makes commands that collide often.
func drawCommand(t *rapid.T) Command {
	id := rapid.SampledFrom([]string{"a", "b", "c", "d-1", ""})
	company, thing, other := id.Draw(t, "company"), id.Draw(t, "id"), id.Draw(t, "other")
	on := rapid.Bool().Draw(t, "on")
	name := rapid.SampledFrom([]string{"x", "Ünïcode <&>", ""}).Draw(t, "name")
	email := name + "@example.com"
	return rapid.SampledFrom([]Command{
		&InitPlatform{Epoch: "e"}, &UpdatePlatform{Set: js(PlatformSpec{DefaultCompany: company})}, &PutSigningKey{KID: "k", PublicKey: hash(), Node: "n"},
		Add(KindReseller, thing, "", ResellerSpec{Name: name}), &Delete{Kind: KindReseller, ID: thing},
		Add(KindCompany, company, "", CompanySpec{Name: name}), Add(KindCompany, company, "", CompanySpec{Name: "x", Reseller: other, Subdomain: "s"}),
		Set(KindCompany, company, "", map[string]any{"name": name, "settings": map[string]any{"lobby": on}}), &Delete{Kind: KindCompany, ID: company},
		Add(KindDomain, thing+".example", company, RoomDomainSpec{FQDN: thing + ".example"}), &Delete{Kind: KindDomain, Company: company, ID: thing + ".example"},
		Add(KindTenantKey, thing, company, TenantKeySpec{Name: name, PEM: "pem"}), Set(KindTenantKey, thing, company, map[string]any{"active": on}),
		&RevokeTenantKey{ID: thing, Company: company},
		&Create{Kind: KindAPIKey, ID: thing, Company: company, Set: js(APIKeySpec{}), SecretHash: hash()}, &RevokeAPIKey{ID: thing, Company: company},
		&UseAPIKeys{At: map[string]time.Time{thing: t0, other: t0.Add(time.Hour)}},
		Add(KindUser, thing, company, UserSpec{Email: email}), &Delete{Kind: KindUser, Company: company, ID: thing}, &SetUserRoom{Company: company, User: thing, Room: other},
		Add(KindCustomer, thing, company, CustomerSpec{Email: email}), Add(KindContact, thing, company, ContactSpec{User: thing, Customer: other}),
		Add(KindPlan, thing, "", PlanSpec{Slug: "pro", Hosts: 1}), Add(KindSubscription, thing, company, SubscriptionSpec{Plan: other, Users: []string{thing}}),
		Add(KindRoom, thing, company, RoomSpec{PublicID: thing, User: other, Open: on, AccessCode: "1234"}), Set(KindRoom, thing, company, map[string]any{"open": on, "user": nil}),
		&Delete{Kind: KindRoom, Company: company, ID: thing},
		Add(KindMeeting, thing, company, MeetingSpec{Room: other, User: thing, StartsAt: t0}), Set(KindMeeting, thing, company, map[string]any{"subject": name}),
		Add(KindAttendee, thing, company, AttendeeSpec{Meeting: other, Email: email}),
		&OpenSession{ID: thing, Company: company, User: other, TokenHash: hash(), IdleSeconds: 300}, &CloseSession{Company: company, User: other},
		&UseToken{Company: company, Hash: hash(), By: other, Single: on, LifetimeMS: 7, At: t0, Expires: t0}, &RevokeToken{Company: company, JTI: "j", Expires: t0},
		&Place{Company: company, Room: "r", Node: thing, Epoch: 1, Session: other, Over: on}, &TakeEvents{Through: EventID(20)},
		&Batch{Commands: []Command{Add(KindUser, thing, company, UserSpec{Name: name}), Add(KindRoom, other, company, RoomSpec{User: thing}), &SetUserRoom{Company: company, User: thing, Room: other}}},
	}).Draw(t, "command")
}

// drawTerms makes circumstances that matter often.
func drawTerms(t *rapid.T) Terms {
	terms := rapid.SampledFrom([]Terms{{}, {By: "key:k", Request: "r"}, {If: 3}}).Draw(t, "terms")
	if rapid.Bool().Draw(t, "once") {
		terms.Once = &OnceKey{Scope: "a", Key: rapid.SampledFrom([]string{"1", "2"}).Draw(t, "key"), Sum: rapid.SampledFrom([]string{"x", "y"}).Draw(t, "sum")}
	}
	return terms
}

func js(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return b
}

func TestOneLogGivesTheSameBytesDirectlyAndThroughASnapshot(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 60).Draw(t, "n")
		cut := rapid.IntRange(0, n).Draw(t, "cut")
		first, second := New(), New()
		for i := range n {
			if i == cut {
				third := New()
				if err := third.Restore(bytes.NewReader(bytesOf(t, second))); err != nil {
					t.Fatal(err)
				}
				second = third
			}
			e := entry(t, t0.Add(time.Duration(i)*time.Hour), drawCommand(t), drawTerms(t))
			a, b := first.Apply(uint64(i+1), e), second.Apply(uint64(i+1), e)
			if fmt.Sprint(a.Err) != fmt.Sprint(b.Err) {
				t.Fatalf("%s: %v and %v", e, a.Err, b.Err)
			}
			aj, _ := json.Marshal(a.Value)
			bj, _ := json.Marshal(b.Value)
			if diff := cmp.Diff(string(aj), string(bj)); diff != "" {
				t.Fatal(diff)
			}
		}
		if diff := cmp.Diff(string(bytesOf(t, first)), string(bytesOf(t, second))); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestTornSnapshotsAreRefusedAndChangeNothing(t *testing.T) {
	f := newFeed(t)
	f.must(&InitPlatform{Epoch: "e"})
	f.must(company("a", "A"))
	whole := bytesOf(t, f.s)
	other := newFeed(t)
	other.must(company("z", "Z"))
	before := bytesOf(t, other.s)
	for n := range len(whole) - 1 { // without its last newline it is whole
		if err := other.s.Restore(bytes.NewReader(whole[:n])); err == nil {
			t.Fatalf("%d of %d bytes were accepted", n, len(whole))
		}
	}
	if !bytes.Equal(before, bytesOf(t, other.s)) {
		t.Fatal("a refused snapshot changed the state")
	}
	if err := other.s.Restore(bytes.NewReader(whole)); err != nil || !bytes.Equal(whole, bytesOf(t, other.s)) {
		t.Fatalf("restore: %v", err)
	}
}

func TestListsStartAtACursor(t *testing.T) {
	f := newFeed(t)
	f.must(company("a", "A"))
	f.must(company("aa", "AA"))
	for i := range 5 {
		f.must(Add(KindRoom, fmt.Sprintf("r%d", i), "a", RoomSpec{PublicID: fmt.Sprintf("p%d", i)}))
	}
	f.must(Add(KindRoom, "r9", "aa", RoomSpec{PublicID: "p"}))
	var got []string
	for r := range List[Room](f.s.View(), "a", "r3") {
		got = append(got, r.ID)
	}
	if !slices.Equal(got, []string{"r3", "r4"}) {
		t.Fatalf("rooms from r3: %v", got)
	}
}

func TestNormalizeHost(t *testing.T) {
	for in, want := range map[string]string{
		"Meet.Example.COM": "meet.example.com", "a.b:8080": "a.b", "a.b.": "a.b", "a.b.:443": "a.b", "[::1]:80": "[::1]", "": "",
	} {
		if got := NormalizeHost(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func FuzzApply(f *testing.F) {
	for _, c := range []Command{
		company("a", "A"), Add(KindRoom, "r", "a", RoomSpec{PublicID: "p"}),
		&Delete{Kind: KindCompany, ID: "a"}, Add(KindDomain, "x.y", "a", RoomDomainSpec{FQDN: "x.y"}), &PutSigningKey{KID: "k", PublicKey: hash(), Node: "n"},
	} {
		b, err := Encode(t0, c, Terms{})
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add([]byte(`{"v":2,"n":"company.create","at":253402300799999,"d":null}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		s := New()
		s.Apply(1, entry(t, t0, company("a", "A")))
		s.Apply(2, data)
		whole := bytesOf(t, s)
		again := New()
		if err := again.Restore(bytes.NewReader(whole)); err != nil {
			t.Fatalf("the snapshot of an accepted command does not restore: %v\n%s", err, whole)
		}
		if !bytes.Equal(whole, bytesOf(t, again)) {
			t.Fatal("restored bytes differ")
		}
	})
}
