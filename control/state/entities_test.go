package state

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// tenants makes a platform with a reseller and two companies, of which a is the reseller's.
func tenants(t *testing.T) *feedState {
	f := newFeed(t)
	f.must(&InitPlatform{Epoch: "e1"})
	f.must(Add(KindReseller, "rs", "", ResellerSpec{Name: "R"}))
	f.must(Add(KindCompany, "a", "", CompanySpec{Name: "A", Reseller: "rs", Subdomain: "acme"}))
	f.must(company("b", "B"))
	return f
}

func TestTenancy(t *testing.T) {
	f := tenants(t)
	if r := f.must(&InitPlatform{Epoch: "e2"}); r.Value.(Platform).Epoch != "e1" {
		t.Fatal("the epoch changed")
	}
	f.refused(CodeConflict, "id", company("a", "again"))
	f.refused(CodeInvalid, "name", company("c", " "))
	f.refused(CodeInvalid, "id", company("a/b", "x"))
	f.refused(CodeInvalid, "max_participants", Add(KindCompany, "c", "", CompanySpec{Name: "x", MaxParticipants: -1}))
	f.refused(CodeConflict, "subdomain", Add(KindCompany, "c", "", CompanySpec{Name: "x", Reseller: "rs", Subdomain: "acme"}))
	f.must(Add(KindCompany, "c", "", CompanySpec{Name: "x", Subdomain: "acme"})) // of the platform's own
	f.refused(CodeInvalid, "reseller", Add(KindCompany, "d", "", CompanySpec{Name: "x", Reseller: "nobody"}))
	f.refused(CodeInvalid, "reseller", Set(KindCompany, "b", "", map[string]any{"reseller": "rs"}))
	f.refused(CodeConflict, "id", &Delete{Kind: KindReseller, ID: "rs"})

	f.must(Add(KindDomain, "meet.example.com", "a", RoomDomainSpec{"meet.example.com"}))
	f.refused(CodeConflict, "id", Add(KindDomain, "meet.example.com", "b", RoomDomainSpec{"meet.example.com"}))
	f.refused(CodeConflict, "fqdn", Add(KindRootDomain, "d1", "", RootDomainSpec{"meet.example.com", "rs"}))
	f.must(Add(KindRootDomain, "d1", "", RootDomainSpec{"conf.example.com", "rs"}))
	f.refused(CodeConflict, "fqdn", Add(KindDomain, "conf.example.com", "a", RoomDomainSpec{"conf.example.com"}))
	for _, bad := range []string{"Meet.example.com", "a..b", "-a.b", "a.b.", "exa mple", "a_b.c"} {
		f.refused(CodeInvalid, "fqdn", Add(KindRootDomain, "d9", "", RootDomainSpec{bad, "rs"}))
	}
	f.refused(CodeNotFound, "", &Delete{Kind: KindDomain, Company: "b", ID: "meet.example.com"})
	long := strings.Repeat("a", 60) + "." + strings.Repeat("b", 60) + ".example"
	f.must(Add(KindDomain, long, "a", RoomDomainSpec{long}))
	f.refused(CodeInvalid, "fqdn", Add(KindDomain, "a b", "a", RoomDomainSpec{"a b"}))

	f.must(Add(KindOrigin, "o", "a", AllowedOriginSpec{"https://*.example.com"}))
	for _, bad := range []string{"http://x.y", "https://*", "https://*.com", "https://x.y/", "https://x.y:443", "https://x.y:0", "https://"} {
		f.refused(CodeInvalid, "pattern", Add(KindOrigin, "o2", "a", AllowedOriginSpec{bad}))
	}
	f.must(Add(KindCaller, "n", "a", CallerSpec{"192.0.2.0/24"}))
	for _, bad := range []string{"192.0.2.1/24", "192.0.2.1", "x", "2001:DB8::/32"} {
		f.refused(CodeInvalid, "cidr", Add(KindCaller, "n2", "a", CallerSpec{bad}))
	}
}

func TestDeletingACompanyTakesItsOwnAndNothingElse(t *testing.T) {
	f := tenants(t)
	f.must(Add(KindUser, "u", "a", UserSpec{Name: "U"}))
	f.must(Add(KindUser, "v", "b", UserSpec{Name: "V"}))
	f.must(Add(KindRoom, "r1", "a", RoomSpec{PublicID: "standup", User: "u"}))
	f.must(Add(KindRoom, "r2", "b", RoomSpec{PublicID: "standup", Kind: KindWebinar}))
	f.must(Add(KindMeeting, "m", "a", MeetingSpec{Room: "r1", User: "u", StartsAt: t0}))
	f.must(Add(KindTenantKey, "k", "a", TenantKeySpec{PEM: "p"}))
	f.must(&UpdatePlatform{Set: js(PlatformSpec{DefaultCompany: "a"})})
	if room, ok := Find[Room](f.s.View(), "public_id", "b", "standup"); !ok || room.ID != "r2" {
		t.Fatal("rooms of two companies with one public id")
	}
	before := f.s.View()
	f.must(&Delete{Kind: KindCompany, ID: "a"})
	v := f.s.View()
	for kind := range byKind {
		walkKey(v, kind, indexOwned, "a", "", func(e Entity) bool {
			t.Errorf("%s %s is left", kind, e.meta().ID)
			return true
		})
	}
	if n := len(slices.Collect(All[Attendee](v, ""))); n != 0 || v.Platform().DefaultCompany != "" {
		t.Errorf("%d attendees left, default company %q", n, v.Platform().DefaultCompany)
	}
	if _, ok := Get[User](v, "v"); !ok || len(slices.Collect(List[Room](v, "b", ""))) != 1 {
		t.Error("something of others is gone")
	}
	if _, ok := Get[Company](before, "a"); !ok {
		t.Error("an older view changed")
	}
}

func TestKeys(t *testing.T) {
	f := tenants(t)
	f.must(Add(KindTenantKey, "k1", "a", TenantKeySpec{PEM: "p"}))
	f.refused(CodeNotFound, "", Add(KindTenantKey, "k2", "zz", TenantKeySpec{PEM: "p"}))
	f.refused(CodeNotFound, "", &RevokeTenantKey{Company: "b", ID: "k1"})
	f.refused(CodeInvalid, "pem", Set(KindTenantKey, "k1", "a", map[string]any{"pem": "other"}))
	if r := f.must(Set(KindTenantKey, "k1", "a", map[string]any{"active": false})); r.Value.(TenantKey).Usable() {
		t.Error("an inactive key is usable")
	}
	if r := f.must(Set(KindTenantKey, "k1", "a", map[string]any{"active": nil})); !r.Value.(TenantKey).Usable() {
		t.Error("null did not take the field away")
	}
	r := f.must(&RevokeTenantKey{Company: "a", ID: "k1"})
	if at := r.Value.(TenantKey).Revoked; at == nil || !at.Equal(t0.Add(time.Duration(f.n)*time.Second)) {
		t.Errorf("revoked at %v", at)
	}
	f.refused(CodeConflict, "id", Set(KindTenantKey, "k1", "a", map[string]any{"active": true}))
	f.refused(CodeConflict, "id", &Delete{Kind: KindTenantKey, Company: "a", ID: "k1"})

	key := func(id, company string, spec APIKeySpec, hash []byte) Command {
		return &Create{Kind: KindAPIKey, ID: id, Company: company, Set: js(spec), SecretHash: hash}
	}
	soon := t0.Add(time.Hour)
	f.must(key("p1", "", APIKeySpec{}, hash()))
	r = f.must(key("a1", "a", APIKeySpec{Scopes: []string{"rooms:read"}, Expires: &soon}, hash()))
	if k := r.Value.(APIKey); !k.Usable(t0) || k.Usable(soon) {
		t.Error("an API key's end")
	}
	f.refused(CodeInvalid, "secret_hash", key("x", "", APIKeySpec{}, []byte("short")))
	f.refused(CodeInvalid, "secret_hash", &Create{Kind: KindRoom, ID: "r", Company: "a", Set: js(RoomSpec{}), SecretHash: hash()})
	f.refused(CodeInvalid, "scopes", key("x", "", APIKeySpec{Scopes: []string{"rooms"}}, hash()))
	f.refused(CodeNotFound, "", &RevokeAPIKey{Company: "b", ID: "a1"})
	before := f.must(&UseAPIKeys{At: map[string]time.Time{"a1": soon, "gone": soon}})
	if k, _ := Get[APIKey](f.s.View(), "a1"); k.LastUsed == nil || k.Version == before.Index {
		t.Errorf("last used %v, version %d: being used makes no new version", k.LastUsed, k.Version)
	}
	f.must(&RevokeAPIKey{Company: "a", ID: "a1"})
}

func TestPeople(t *testing.T) {
	f := tenants(t)
	if r := f.must(Add(KindUser, "u1", "a", UserSpec{Email: "Ann@Example.com"})); r.Value.(User).Role != RoleHost || r.Value.(User).Number != 1 {
		t.Errorf("%+v", r.Value)
	}
	if r := f.must(Add(KindUser, "u2", "b", UserSpec{Email: "ann@example.com"})); r.Value.(User).Number != 1 {
		t.Error("numbers are counted by company")
	}
	f.refused(CodeConflict, "email", Add(KindUser, "u3", "a", UserSpec{Email: "ANN@example.com"}))
	f.refused(CodeInvalid, "name", Add(KindUser, "u3", "a", UserSpec{}))
	f.refused(CodeInvalid, "role", Add(KindUser, "u3", "a", UserSpec{Name: "x", Role: "KING"}))
	for _, bad := range []string{"x", "@x.y", "a@", "a@b", "a b@x.y", ".a@x.y", "a..b@x.y", "a@x_y.z", "a@-x.y"} {
		f.refused(CodeInvalid, "email", Add(KindUser, "u3", "a", UserSpec{Email: bad}))
	}
	if r := f.must(Add(KindUser, "u3", "a", UserSpec{Email: "jörg+tag@example.com", Phone: "+442071234567"})); r.Value.(User).Number != 2 {
		t.Error("the second user's number")
	}
	f.refused(CodeInvalid, "phone", Add(KindUser, "u4", "a", UserSpec{Name: "x", Phone: "0201234"}))

	f.must(Add(KindCustomer, "c1", "a", CustomerSpec{Email: "bob@example.com"}))
	f.refused(CodeConflict, "email", Add(KindCustomer, "c2", "a", CustomerSpec{Email: "bob@Example.com"}))
	f.must(Add(KindContact, "n1", "a", ContactSpec{"u1", "c1"}))
	f.refused(CodeConflict, "customer", Add(KindContact, "n2", "a", ContactSpec{"u1", "c1"}))
	f.refused(CodeInvalid, "user", Add(KindContact, "n2", "a", ContactSpec{"u2", "c1"})) // of another company

	made := f.must(&Batch{Commands: []Command{
		Add(KindUser, "u5", "a", UserSpec{Name: "Eve"}), Add(KindRoom, "r5", "a", RoomSpec{User: "u5", AccessCode: "1234567"}),
		&SetUserRoom{Company: "a", User: "u5", Room: "r5"},
	}})
	if u, ok := made.Value.(User); !ok || u.ID != "u5" {
		t.Errorf("a batch's value is the first's: %+v", made.Value)
	}
	f.refused(CodeConflict, "access_code", &Batch{Commands: []Command{
		Add(KindUser, "u6", "a", UserSpec{Name: "Eve"}), Add(KindRoom, "r6", "a", RoomSpec{User: "u6", AccessCode: "1234567"}),
	}})
	if _, ok := Get[User](f.s.View(), "u6"); ok {
		t.Error("half of a batch happened")
	}
	f.must(Add(KindRoom, "r7", "b", RoomSpec{AccessCode: "1234567"})) // another dial-in space
	f.refused(CodeConflict, "id", &Delete{Kind: KindRoom, Company: "a", ID: "r5"})
	f.must(&Delete{Kind: KindUser, Company: "a", ID: "u5"})
	if _, ok := Get[Room](f.s.View(), "r5"); ok {
		t.Error("the permanent room outlives its user")
	}
}

func TestSubscriptionsHoldTheirUsers(t *testing.T) {
	f := tenants(t)
	f.must(Add(KindPlan, "pro", "", PlanSpec{Slug: "pro", Hosts: 2}))
	f.must(Set(KindReseller, "rs", "", map[string]any{"default_plan": "pro"}))
	f.must(Add(KindCompany, "c", "", CompanySpec{Name: "C", Reseller: "rs"}))
	s, ok := Get[Subscription](f.s.View(), "c.default")
	if !ok || s.HostLimit != 2 {
		t.Fatalf("the reseller's default plan: %+v", s)
	}
	for i := range 3 {
		f.must(Add(KindUser, fmt.Sprintf("u%d", i), "c", UserSpec{Name: "U"}))
	}
	f.must(Set(KindSubscription, "c.default", "c", map[string]any{"users": []string{"u0", "u1"}}))
	f.refused(CodeConflict, "host_limit", Set(KindSubscription, "c.default", "c", map[string]any{"users": []string{"u0", "u1", "u2"}}))
	f.refused(CodeConflict, "host_limit", Set(KindSubscription, "c.default", "c", map[string]any{"host_limit": 1}))
	f.refused(CodeInvalid, "users", Set(KindSubscription, "c.default", "c", map[string]any{"users": []string{"u0", "u0"}}))
	f.refused(CodeConflict, "id", &Delete{Kind: KindPlan, ID: "pro"})
	f.must(&Delete{Kind: KindUser, Company: "c", ID: "u0"})
	if s, _ := Get[Subscription](f.s.View(), "c.default"); !slices.Equal(s.Users, []string{"u1"}) {
		t.Errorf("users %v", s.Users)
	}
}

func TestMeetings(t *testing.T) {
	f := tenants(t)
	f.must(Set(KindCompany, "a", "", map[string]any{"time_zone": "Europe/Berlin"}))
	f.must(Add(KindUser, "u", "a", UserSpec{Name: "U"}))
	f.must(Add(KindUser, "v", "a", UserSpec{Name: "V"}))
	f.must(Add(KindRoom, "r", "a", RoomSpec{}))
	r := f.must(Add(KindMeeting, "m", "a", MeetingSpec{Room: "r", User: "u", StartsAt: t0}))
	if m := r.Value.(Meeting); m.TimeZone != "Europe/Berlin" || m.DurationMinutes != 60 || !m.EndsAt().Equal(t0.Add(time.Hour)) || m.Sequence != 0 {
		t.Errorf("%+v", m)
	}
	if m := r.Value.(Meeting); m.MuteMode != "" {
		t.Errorf("nobody chose %q, and what the room has is to hold", m.MuteMode)
	}
	f.must(Set(KindMeeting, "m", "a", map[string]any{"mute_mode": "conversation"}))
	f.refused(CodeInvalid, "mute_mode", Set(KindMeeting, "m", "a", map[string]any{"mute_mode": "lecture"}))
	if r := f.must(Set(KindMeeting, "m", "a", map[string]any{"mute_mode": nil})); r.Value.(Meeting).MuteMode != "" {
		t.Error("a choice cannot be taken back")
	}
	owner, ok := Find[Attendee](f.s.View(), "person", "m", "u:u")
	if !ok || owner.Role != AttendeeOwner {
		t.Fatal("the owner is no attendee (INV-10)")
	}
	f.refused(CodeConflict, "id", &Delete{Kind: KindAttendee, Company: "a", ID: owner.ID})
	f.refused(CodeInvalid, "role", Set(KindAttendee, owner.ID, "a", map[string]any{"role": AttendeeRegular}))
	f.must(Add(KindAttendee, "x", "a", AttendeeSpec{Meeting: "m", Email: "Bob@example.com", Role: AttendeeModerator}))
	f.refused(CodeConflict, "person", Add(KindAttendee, "y", "a", AttendeeSpec{Meeting: "m", Email: "bob@example.com"}))
	f.refused(CodeInvalid, "role", Add(KindAttendee, "y", "a", AttendeeSpec{Meeting: "m", User: "v", Role: AttendeeOwner}))
	f.refused(CodeInvalid, "email", Add(KindAttendee, "y", "a", AttendeeSpec{Meeting: "m", User: "v", Email: "v@example.com"}))
	f.refused(CodeInvalid, "email", Add(KindAttendee, "y", "a", AttendeeSpec{Meeting: "m"}))
	f.refused(CodeInvalid, "duration_minutes", Set(KindMeeting, "m", "a", map[string]any{"duration_minutes": 1441}))
	f.refused(CodeInvalid, "starts_at", Set(KindMeeting, "m", "a", map[string]any{"starts_at": nil}))
	f.refused(CodeInvalid, "user", Set(KindMeeting, "m", "a", map[string]any{"user": "v"}))
	if r := f.must(Set(KindMeeting, "m", "a", map[string]any{"status": MeetingCancelled})); r.Value.(Meeting).Sequence != 3 {
		t.Error("calendars do not hear of a change")
	}
	f.refused(CodeConflict, "status", Set(KindMeeting, "m", "a", map[string]any{"status": MeetingScheduled}))
	f.must(&Delete{Kind: KindRoom, Company: "a", ID: "r"})
	if len(slices.Collect(All[Meeting](f.s.View(), "")))+len(slices.Collect(All[Attendee](f.s.View(), ""))) != 0 {
		t.Error("meetings outlive their room")
	}
}

func TestAMergePatchKeepsWhatItLeavesOut(t *testing.T) {
	f := tenants(t)
	f.must(Set(KindCompany, "b", "", map[string]any{"settings": map[string]any{"lobby": true, "hidden_controls": []string{"chat", "hand"}}}))
	r := f.must(Set(KindCompany, "b", "", map[string]any{"settings": map[string]any{"lobby": nil, "open_rooms": true}, "max_viewers": 5}))
	c := r.Value.(Company)
	if c.Settings.Lobby != nil || !On(c.Settings.OpenRooms) || !slices.Equal(*c.Settings.HiddenControls, []string{"chat", "hand"}) || c.Name != "B" || c.MaxViewers != 5 {
		t.Errorf("%s", js(c))
	}
	f.refused(CodeInvalid, "id", Set(KindCompany, "b", "", map[string]any{"id": "z"}))
	for field, word := range map[string]string{"mute_mode": "lecture", "who_shares": "all", "who_writes": "viewers", "who_raises_hands": ""} {
		f.refused(CodeInvalid, "settings."+field, Set(KindCompany, "b", "", map[string]any{"settings": map[string]any{field: word}}))
	}
	f.refused(CodeInvalid, "settings.bitrate_cap", Set(KindCompany, "b", "", map[string]any{"settings": map[string]any{"bitrate_cap": 29_999}}))
	dressed := func(field, v string) Command {
		return Set(KindCompany, "b", "", map[string]any{"settings": map[string]any{"branding": map[string]any{field: v}}})
	}
	for _, picture := range []string{"https://a.example/l.png", "data:image/png;base64,AAAA", "data:image/svg+xml;base64," + strings.Repeat("A", 16000)} {
		f.must(dressed("logo", picture))
		f.must(dressed("background", picture))
	}
	for _, bad := range []string{"http://a.example/l.png", "data:text/html;base64,AAAA", "data:image/png,x", "data:image/png;base64,\"", "data:image/svg+xml;base64," + strings.Repeat("A", 16400)} {
		f.refused(CodeInvalid, "settings.branding.logo", dressed("logo", bad))
		f.refused(CodeInvalid, "settings.branding.background", dressed("background", bad))
	}
	f.must(dressed("background", "#102030"))
	f.refused(CodeInvalid, "settings.branding.link", dressed("link", "javascript:x"))
	f.refused(CodeInvalid, "settings.branding.logo", Set(KindCompany, "b", "", map[string]any{"settings": map[string]any{"branding": map[string]any{"logo": "javascript:x"}}}))
}

func TestSettingsAreInherited(t *testing.T) {
	f := tenants(t)
	set := func(kind Kind, id, company string, s string) {
		t.Helper()
		f.must(&Update{Kind: kind, ID: id, Company: company, Set: json.RawMessage(`{"settings":` + s + `}`)})
	}
	f.must(&UpdatePlatform{Set: []byte(`{"settings":{"lobby":true,"locale":"en","history_days":9,"session_grace_seconds":60,"open_rooms":true}}`)})
	f.must(Add(KindUser, "u", "a", UserSpec{Name: "U"}))
	f.must(Add(KindRoom, "r", "a", RoomSpec{User: "u"}))
	set(KindReseller, "rs", "", `{"locale":"de","history_days":8}`)
	set(KindCompany, "a", "", `{"history_days":7,"lobby":false}`)
	set(KindUser, "u", "a", `{"default_view":"gallery"}`)
	set(KindRoom, "r", "a", `{"lobby":true}`)
	set(KindUser, "u", "a", `{"default_view":"bottom-speaker"}`)
	c, _ := Get[Company](f.s.View(), "a")
	r, _ := Get[Room](f.s.View(), "r")
	s := f.s.View().Settings(c, r)
	if !*s.Lobby || *s.Locale != "de" || *s.HistoryDays != 7 || *s.SessionGraceSeconds != 60 || *s.DefaultView != "bottom-speaker" || !On(s.OpenRooms) || On(s.JWTMandatory) {
		t.Errorf("%s", js(s))
	}
	if s := f.s.View().Settings(c, Room{}); *s.Lobby {
		t.Error("a room that nobody configured has its company's settings")
	}
}

func TestAWriteMeantForAnotherVersionIsRefused(t *testing.T) {
	f := tenants(t)
	v := f.must(Add(KindRoom, "r", "a", RoomSpec{})).Value.(Room).Version
	open := Set(KindRoom, "r", "a", map[string]any{"open": true})
	if r := f.must(open, Terms{If: v}); r.Value.(Room).Version == v {
		t.Error("a write that makes no version")
	}
	r := f.apply(open, Terms{If: v})
	if e, ok := errors.AsType[*Error](r.Err); !ok || e.Code != CodeStale {
		t.Errorf("%v", r.Err)
	}
}

func TestARepetitionGivesWhatTheFirstTimeGave(t *testing.T) {
	f := tenants(t)
	once := func(sum string) Terms {
		return Terms{By: "key:k", Once: &OnceKey{Scope: "a", Key: "k1", Sum: sum, Extra: []byte(sum)}}
	}
	first := f.must(Add(KindRoom, "r1", "a", RoomSpec{}), once("s"))
	second := f.must(Add(KindRoom, "r2", "a", RoomSpec{}), once("s"))
	if first.Again || !second.Again || second.Value.(Room).ID != "r1" || string(second.Extra) != "s" || len(second.Changes) != 0 {
		t.Errorf("first %+v, second %+v", first, second)
	}
	if _, ok := Get[Room](f.s.View(), "r2"); ok {
		t.Error("done twice")
	}
	r := f.apply(Add(KindRoom, "r3", "a", RoomSpec{}), once("other"))
	if e, ok := errors.AsType[*Error](r.Err); !ok || e.Code != CodeKeyReused {
		t.Errorf("%v", r.Err)
	}
	// A refusal is not remembered: what stood against it may be gone.
	refused := Terms{Once: &OnceKey{Scope: "a", Key: "k2", Sum: "s"}}
	if r := f.apply(Add(KindRoom, "r1", "a", RoomSpec{}), refused); r.Err == nil {
		t.Error("the id is taken")
	}
	if r := f.must(Add(KindRoom, "r4", "a", RoomSpec{}), refused); r.Again {
		t.Error("a refusal was remembered")
	}
	// After a day the key is free, and sweeping leaves nothing of it.
	f.n += 25 * 3600
	if r := f.must(Add(KindRoom, "r5", "a", RoomSpec{}), once("s")); r.Again {
		t.Error("remembered for more than a day")
	}
	f.n += 25 * 3600
	f.must(company("z", "Z"))
	if c, ok := Get[counter](f.s.View(), "a/once"); ok {
		t.Errorf("%d requests are remembered", c.N)
	}
}

func TestWhatSomebodyWantedLeavesAnEvent(t *testing.T) {
	f := tenants(t)
	f.must(Add(KindRoom, "r", "a", RoomSpec{Name: "secret plans"}), Terms{By: "key:k", Request: "q1"})
	f.must(Set(KindCompany, "a", "", map[string]any{"name": "AA"}), Terms{By: "key:k"})
	f.apply(company("a", "again"), Terms{By: "key:k"})
	f.must(&Delete{Kind: KindRoom, Company: "a", ID: "r"}, Terms{By: "user:u"})
	f.must(company("z", "Z")) // control's own
	got := slices.Collect(All[Event](f.s.View(), ""))
	var lines []string
	for _, e := range got {
		lines = append(lines, fmt.Sprintf("%s %s %s/%s %v", e.By, e.Action, e.Owner, e.Object, e.Fields))
	}
	if len(got) != 3 || !strings.HasPrefix(lines[0], "key:k room.create a/r [") || lines[1] != "key:k company.update a/a [name]" || lines[2] != "user:u room.delete a/r []" {
		t.Errorf("%q", lines)
	}
	if got[0].Request != "q1" || strings.Contains(string(js(got[0])), "secret plans") {
		t.Errorf("%s", js(got[0]))
	}
	f.must(&TakeEvents{Through: got[1].ID})
	if left := slices.Collect(All[Event](f.s.View(), "")); len(left) != 1 || left[0].ID != got[2].ID {
		t.Errorf("left: %+v", left)
	}
}

func TestSessionsSlideAndEnd(t *testing.T) {
	f := tenants(t)
	f.must(Add(KindUser, "u", "a", UserSpec{Name: "U"}))
	open := &OpenSession{ID: "s", Company: "a", User: "u", TokenHash: hash(), IdleSeconds: 300}
	f.refused(CodeNotFound, "", &OpenSession{ID: "s", Company: "b", User: "u", TokenHash: hash(), IdleSeconds: 300})
	f.must(open)
	f.n += 290
	f.must(&TouchSessions{At: map[string]time.Time{"s": t0.Add(time.Duration(f.n) * time.Second), "gone": t0}})
	f.n += 299
	f.must(company("x", "X"))
	if _, ok := Get[AuthSession](f.s.View(), "s"); !ok {
		t.Error("a session in use ended")
	}
	f.n += 400
	f.must(company("y", "Y"))
	if _, ok := Get[AuthSession](f.s.View(), "s"); ok {
		t.Error("an idle session stays")
	}
	open.ID = "s2"
	f.must(open)
	f.must(&CloseSession{Company: "a", User: "u"})
	if _, ok := Get[AuthSession](f.s.View(), "s2"); ok {
		t.Error("signed out of everywhere, but of one")
	}
}

func TestATokenIsFirstUsedOnce(t *testing.T) {
	f := tenants(t)
	use := func(company, by string, single bool) Result {
		return f.apply(&UseToken{Company: company, Hash: hash(), By: by, Single: single, Expires: t0.Add(time.Hour)})
	}
	first := use("a", "n1", true).Value.(FirstUse)
	if again := use("a", "n1", true); again.Err != nil || !again.Value.(FirstUse).At.Equal(first.At) {
		t.Errorf("the one who has it asks again: %+v", again)
	}
	if e, ok := errors.AsType[*Error](use("a", "n2", true).Err); !ok || e.Code != CodeUsed {
		t.Error("two had the first use")
	}
	if r := use("a", "n2", false); r.Err != nil || !r.Value.(FirstUse).At.Equal(first.At) {
		t.Errorf("a token with a lifetime: %+v", r)
	}
	if r := use("b", "n2", true); r.Err != nil {
		t.Error("another company's token has the same hash")
	}
}

func TestTheEarliestUseOfATokenCounts(t *testing.T) {
	f := tenants(t)
	use := func(by string, life int64, at time.Time) FirstUse {
		return f.must(&UseToken{Company: "a", Hash: hash(), By: by, LifetimeMS: life, At: at, Expires: t0.Add(time.Hour)}).Value.(FirstUse)
	}
	first := use("n1", 60_000, time.Time{})
	if u := use("n2", 90_000, time.Time{}); u.LifetimeMS != 60_000 || !u.At.Equal(first.At) {
		t.Errorf("a later use has a say: %+v", u)
	}
	early := first.At.Add(-time.Minute)
	if u := use("n2", 90_000, early); !u.At.Equal(early) || u.LifetimeMS != 90_000 || u.By != "n2" {
		t.Errorf("an earlier use told later: %+v", u)
	}
	if u := use("n3", 1, first.At.Add(24*time.Hour)); !u.At.Equal(early) {
		t.Errorf("a use that is to come: %+v", u)
	}
	if r := f.apply(&UseToken{Company: "a", Hash: hash(), LifetimeMS: -1}); r.Err == nil {
		t.Error("a negative lifetime is taken")
	}
}

func TestTheNewestPlacementStands(t *testing.T) {
	f := tenants(t)
	place := func(node string, epoch uint64, session string) Placement {
		return f.must(&Place{Company: "a", Room: "r", Node: node, Epoch: epoch, Session: session}).Value.(Placement)
	}
	over := func(node string, epoch uint64, session string) Placement {
		return f.must(&Place{Company: "a", Room: "r", Node: node, Epoch: epoch, Session: session, Over: true}).Value.(Placement)
	}
	place("n2", 1, "s1")
	if p := place("n1", 1, "s2"); p.Session != "s1" {
		t.Error("two homes of one epoch")
	}
	if p := place("n2", 2, "s2"); p.Node != "n2" {
		t.Error("a newer epoch does not stand")
	}
	if p := place("n2", 2, "s3"); p.Session != "s2" {
		t.Error("a node that began anew is not told what stands")
	}
	if p := place("n2", 2, "s2"); p.Session != "s2" || p.Epoch != 2 {
		t.Errorf("the same again: %+v", p)
	}
	took := f.must(&Place{Company: "a", Room: "r", Node: "n1", Epoch: 2, Provisional: 1, Session: "s2"}).Value.(Placement)
	if took.Node != "n1" {
		t.Error("a takeover does not stand")
	}
	if p := over("n2", 2, "s2"); p.Node != "n1" {
		t.Error("an old home ended a newer one's placement")
	}
	if p := over("n2", 3, "s4"); p.Session != "" {
		t.Errorf("something stands: %+v", p)
	}
	if _, ok := Get[Placement](f.s.View(), "a/r"); ok {
		t.Error("an ended session is placed")
	}
}

func TestSecretsAreMasked(t *testing.T) {
	f := tenants(t)
	r := f.must(&Create{Kind: KindWebhook, ID: "w", Company: "a", Set: js(WebhookSpec{URL: "https://x.example/h"}), Secret: []byte(`{"signing":"AAAA"}`)})
	w := r.Value.(Webhook)
	if w.Secret == nil || len(w.Secret.Signing) != 3 {
		t.Fatal("the secret is not kept")
	}
	if m := Mask(w); m.Secret != nil || m.ID != "w" {
		t.Errorf("%+v", m)
	}
	f.refused(CodeInvalid, "secret", &Create{Kind: KindOrigin, ID: "o", Company: "a", Set: js(AllowedOriginSpec{"https://x.y"}), Secret: []byte(`{}`)})
}

func TestWithdrawnTokensAreRememberedAndBounded(t *testing.T) {
	f := tenants(t)
	revoke := func(company, jti string, until time.Duration) Result {
		return f.apply(&RevokeToken{Company: company, JTI: jti, Expires: t0.Add(until)})
	}
	known := func(company, jti string) bool {
		_, ok := Get[Revocation](f.s.View(), RevocationID(company, jti))
		return ok
	}
	revoke("a", "b.x", time.Hour)
	if !known("a", "b.x") || known("b", "b.x") || known("a.b", "x") {
		t.Error("another's token is withdrawn")
	}
	if r := revoke("a", "b.x", time.Minute).Value.(Revocation); !r.Expires.Equal(t0.Add(time.Hour)) {
		t.Errorf("it is forgotten sooner: %v", r.Expires)
	}
	for _, bad := range []Result{revoke("a", "", time.Hour), revoke("a", "x/y", time.Hour), revoke("nobody", "x", time.Hour)} {
		if bad.Err == nil {
			t.Errorf("taken: %+v", bad.Value)
		}
	}
	if c, _ := Get[counter](f.s.View(), revocationsOf("a")); c.N != 1 {
		t.Errorf("%d are counted", c.N)
	}
	f.n += uint64((2 * time.Hour).Seconds())
	revoke("b", "y", time.Hour) // sweeps
	if known("a", "b.x") {
		t.Error("a token that has ended is remembered")
	}
	if c, ok := Get[counter](f.s.View(), revocationsOf("a")); ok {
		t.Errorf("%d are counted", c.N)
	}
}
