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

func entry(t interface{ Fatal(...any) }, at time.Time, c Command) []byte {
	b, err := Encode(at, c)
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

func (f *feedState) apply(c Command) Result {
	f.t.Helper()
	f.n++
	return f.s.Apply(f.n, entry(f.t, t0.Add(time.Duration(f.n)*time.Second), c))
}

func (f *feedState) must(c Command) Result {
	f.t.Helper()
	r := f.apply(c)
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

func TestEntities(t *testing.T) {
	f := newFeed(t)
	f.must(&InitPlatform{Epoch: "e1"})
	if r := f.must(&InitPlatform{Epoch: "e2"}); r.Value.(Platform).Epoch != "e1" {
		t.Fatal("the epoch changed")
	}
	f.must(&CreateCompany{ID: "a", Company: "A", OpenRooms: true})
	f.must(&CreateCompany{ID: "b", Company: "B"})
	f.refused(CodeConflict, "id", &CreateCompany{ID: "a", Company: "again"})
	f.refused(CodeInvalid, "name", &CreateCompany{ID: "c", Company: " "})
	f.refused(CodeInvalid, "id", &CreateCompany{ID: "a/b", Company: "x"})
	f.refused(CodeInvalid, "max_participants", &CreateCompany{ID: "c", Company: "x", MaxParticipants: -1})

	f.must(&CreateDomain{Company: "a", FQDN: "meet.example.com"})
	f.refused(CodeConflict, "fqdn", &CreateDomain{Company: "b", FQDN: "meet.example.com"})
	for _, bad := range []string{"", "Meet.example.com", "a..b", "-a.b", "a.b.", "exa mple", "a_b.c"} {
		f.refused(CodeInvalid, "fqdn", &CreateDomain{Company: "a", FQDN: bad})
	}
	f.refused(CodeNotFound, "", &DeleteDomain{Company: "b", FQDN: "meet.example.com"})

	f.must(&CreateTenantKey{ID: "k1", Company: "a", PEM: "p"})
	f.refused(CodeNotFound, "", &CreateTenantKey{ID: "k2", Company: "zz", PEM: "p"})
	f.refused(CodeNotFound, "", &RevokeTenantKey{Company: "b", ID: "k1"})
	off := false
	if r := f.must(&UpdateTenantKey{Company: "a", ID: "k1", Active: &off}); r.Value.(TenantKey).Usable() {
		t.Fatal("an inactive key is usable")
	}
	r := f.must(&RevokeTenantKey{Company: "a", ID: "k1"})
	if at := r.Value.(TenantKey).Revoked; at == nil || !at.Equal(t0.Add(time.Duration(f.n)*time.Second)) {
		t.Fatalf("revoked at %v", at)
	}
	f.refused(CodeConflict, "id", &UpdateTenantKey{Company: "a", ID: "k1"})

	f.must(&CreateAPIKey{ID: "p1", SecretHash: hash()})
	f.must(&CreateAPIKey{ID: "a1", Company: "a", SecretHash: hash()})
	f.refused(CodeInvalid, "secret_hash", &CreateAPIKey{ID: "x", SecretHash: []byte("short")})
	f.refused(CodeNotFound, "", &RevokeAPIKey{Company: "b", ID: "a1"})
	f.must(&RevokeAPIKey{Company: "a", ID: "a1"})

	f.must(&CreateRoom{ID: "r1", Company: "a", PublicID: "standup", Kind: KindCall})
	f.must(&CreateRoom{ID: "r2", Company: "b", PublicID: "standup", Kind: KindWebinar})
	f.refused(CodeConflict, "public_id", &CreateRoom{ID: "r3", Company: "a", PublicID: "standup", Kind: KindCall})
	f.refused(CodeInvalid, "kind", &CreateRoom{ID: "r3", Company: "a", PublicID: "x", Kind: "party"})
	f.refused(CodeInvalid, "public_id", &CreateRoom{ID: "r3", Company: "a", PublicID: "../x", Kind: KindCall})
	f.refused(CodeNotFound, "", &DeleteRoom{Company: "b", ID: "r1"})
	if room, ok := f.s.View().Room("b", "standup"); !ok || room.ID != "r2" {
		t.Fatal("rooms of two companies with one public id")
	}

	f.must(&SetDefaultCompany{Company: "a"})
	before := f.s.View()
	del := f.must(&DeleteCompany{ID: "a"})
	if len(del.Changes) != 6 { // domain, key, API key, room, platform, company
		t.Fatalf("changes of a deletion: %+v", del.Changes)
	}
	v := f.s.View()
	_, domain := v.Domain("meet.example.com")
	_, key := v.TenantKey("k1")
	_, room := v.RoomByID("r1")
	if domain || key || room || v.Platform().DefaultCompany != "" || len(slices.Collect(v.APIKeys("a", ""))) != 0 {
		t.Fatal("something of the company is left")
	}
	if len(slices.Collect(v.APIKeys("", ""))) != 1 || len(slices.Collect(v.Rooms("b", ""))) != 1 {
		t.Fatal("something of others is gone")
	}
	if _, ok := before.Company("a"); !ok {
		t.Fatal("an older view changed")
	}
}

func TestUnknownCommandsAreErrors(t *testing.T) {
	s := New()
	for _, c := range []struct {
		entry string
		code  Code
	}{
		{`{"v":1,"n":"room.teleport","at":1,"d":{}}`, CodeUnknownCommand},
		{`{"v":2,"n":"room.create","at":1,"d":{}}`, CodeUnknownCommand},
		{`{"v":1,"n":"company.create","at":1,"d":{"id":"a","name":"A","colour":"red"}}`, CodeMalformed},
		{`{"v":1,"n":"company.create","at":1}`, CodeMalformed},
		{`{"v":1,"n":"company.create","at":-5,"d":{}}`, CodeMalformed},
		{``, CodeMalformed},
		{`null`, CodeUnknownCommand},
	} {
		r := s.Apply(s.View().Index()+1, []byte(c.entry))
		if d, ok := errors.AsType[*Error](r.Err); !ok || d.Code != c.code {
			t.Errorf("%s: %v, want %s", c.entry, r.Err, c.code)
		}
	}
	if s.View().Index() != 7 {
		t.Errorf("refused entries must count: index %d", s.View().Index())
	}
	if d, ok := errors.AsType[*Error](s.Apply(7, nil).Err); !ok || d.Code != CodeReplayed {
		t.Error("an index was applied twice")
	}
}

// drawCommand makes commands that collide often.
func drawCommand(t *rapid.T) Command {
	id := rapid.SampledFrom([]string{"a", "b", "c", "d-1", ""})
	company, thing := id.Draw(t, "company"), id.Draw(t, "id")
	on := rapid.Bool().Draw(t, "on")
	name := rapid.SampledFrom([]string{"x", "Ünïcode <&>", ""}).Draw(t, "name")
	return rapid.SampledFrom([]Command{
		&InitPlatform{Epoch: "e"}, &SetDefaultCompany{Company: company}, &PutSigningKey{KID: "k", PublicKey: hash(), Node: "n"},
		&CreateCompany{ID: company, Company: name, OpenRooms: on}, &CreateCompany{ID: company, Company: "x"},
		&UpdateCompany{ID: company, OpenRooms: &on, Company: &name}, &DeleteCompany{ID: company},
		&CreateDomain{Company: company, FQDN: thing + ".example"}, &DeleteDomain{Company: company, FQDN: thing + ".example"},
		&CreateTenantKey{ID: thing, Company: company, Label: name, PEM: "pem"}, &UpdateTenantKey{ID: thing, Company: company, Active: &on},
		&RevokeTenantKey{ID: thing, Company: company}, &CreateAPIKey{ID: thing, Company: company, SecretHash: hash()},
		&RevokeAPIKey{ID: thing, Company: company}, &CreateRoom{ID: thing, Company: company, PublicID: thing, Kind: KindCall, Open: on},
		&UpdateRoom{ID: thing, Company: company, Open: &on}, &DeleteRoom{ID: thing, Company: company},
	}).Draw(t, "command")
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
			e := entry(t, t0.Add(time.Duration(i)*time.Millisecond), drawCommand(t))
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
	f.must(&CreateCompany{ID: "a", Company: "A"})
	whole := bytesOf(t, f.s)
	other := newFeed(t)
	other.must(&CreateCompany{ID: "z", Company: "Z"})
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
	f.must(&CreateCompany{ID: "a", Company: "A"})
	f.must(&CreateCompany{ID: "aa", Company: "AA"})
	for i := range 5 {
		f.must(&CreateRoom{ID: fmt.Sprintf("r%d", i), Company: "a", PublicID: fmt.Sprintf("p%d", i), Kind: KindCall})
	}
	f.must(&CreateRoom{ID: "r9", Company: "aa", PublicID: "p", Kind: KindCall})
	var got []string
	for r := range f.s.View().Rooms("a", "r3") {
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
		&CreateCompany{ID: "a", Company: "A"}, &CreateRoom{ID: "r", Company: "a", PublicID: "p", Kind: KindCall},
		&DeleteCompany{ID: "a"}, &CreateDomain{Company: "a", FQDN: "x.y"}, &PutSigningKey{KID: "k", PublicKey: hash(), Node: "n"},
	} {
		b, err := Encode(t0, c)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add([]byte(`{"v":1,"n":"company.create","at":253402300799999,"d":null}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		s := New()
		s.Apply(1, entry(t, t0, &CreateCompany{ID: "a", Company: "A"}))
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
