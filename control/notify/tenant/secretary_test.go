package tenant

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/meridian-video/meridian/control/notify"
	"github.com/meridian-video/meridian/control/state"
	"github.com/meridian-video/meridian/control/token"
)

func TestANewMeetingInvitesItsOwnerAndEachAttendeeOnce(t *testing.T) {
	o := newOffice(t)
	o.meeting("m1")
	o.want(o.write(), "invitation ada@acme.example")
	o.invited("a1", "m1", "eve@else.example")
	o.do(state.Add(state.KindAttendee, "a2", "acme", state.AttendeeSpec{Meeting: "m1", Customer: "bob", Role: state.AttendeeModerator}))
	letters := o.write()
	o.want(letters, "invitation bob@customer.example", "invitation eve@else.example")
	m := letters[1].Meeting
	if letters[1].Brand != "Acme" || m.Link != "https://meet.acme.example/m/daily?token=signed" || m.Zone != "Europe/Berlin" || m.Organizer.Email != "ada@acme.example" {
		t.Errorf("%+v", letters[1])
	}
	minted := o.Tokens.(*minter).minted
	c := minted[len(minted)-1]
	if c.ID != "a2" || c.Peer != "a2" || c.Person != (token.Person{Kind: token.CustomerPerson, ID: "bob"}) || c.Room != "daily" || c.Role != "moderator" || c.Expires.Sub(m.Start) < 12*time.Hour {
		t.Errorf("link of %+v", c)
	}
	who := map[string]bool{}
	for _, c := range minted {
		who[c.Person.String()] = true
	}
	if len(who) != 3 || !who["user:ada"] || !who["attendee:a1"] {
		t.Errorf("links name %v", who)
	}
}

func TestAMeetingAndItsPeopleByOneCallAreInvitations(t *testing.T) {
	o := newOffice(t)
	spec := state.MeetingSpec{Room: "r1", User: "ada", StartsAt: noon.Add(time.Hour)}
	o.do(&state.Batch{Commands: []state.Command{
		state.Add(state.KindMeeting, "m1", "acme", spec),
		state.Add(state.KindAttendee, "a1", "acme", state.AttendeeSpec{Meeting: "m1", Email: "eve@else.example"}),
	}})
	o.want(o.write(), "invitation ada@acme.example", "invitation eve@else.example")
}

func TestChangesAreToldWhereCalendarsCare(t *testing.T) {
	o := newOffice(t)
	o.meeting("m1")
	o.invited("a1", "m1", "eve@else.example")
	o.write()
	o.do(state.Set(state.KindMeeting, "m1", "acme", map[string]any{"mute_mode": "presentation", "auto_transcribe": true}))
	o.want(o.write())
	o.do(state.Set(state.KindMeeting, "m1", "acme", map[string]any{"starts_at": noon.Add(48 * time.Hour)}))
	o.do(state.Set(state.KindMeeting, "m1", "acme", map[string]any{"subject": "Planning, moved"}))
	o.invited("a2", "m1", "late@else.example")
	letters := o.write()
	o.want(letters, "update ada@acme.example", "update eve@else.example", "invitation late@else.example") // two changes, one letter
	if m := letters[0].Meeting; m.Sequence != 3 || m.Subject != "Planning, moved" {
		t.Errorf("%+v", m)
	}
	o.do(state.Set(state.KindMeeting, "m1", "acme", map[string]any{"status": state.MeetingCancelled}))
	letters = o.write()
	o.want(letters, "cancellation ada@acme.example", "cancellation eve@else.example", "cancellation late@else.example")
	if letters[0].Meeting.Link != "" {
		t.Error("a cancellation has a link")
	}
}

func TestWhoIsTakenFromAListIsToldAndMayComeBack(t *testing.T) {
	o := newOffice(t)
	o.meeting("m1")
	o.invited("a1", "m1", "eve@else.example")
	o.write()
	o.do(&state.Delete{Kind: state.KindAttendee, ID: "a1", Company: "acme"})
	o.want(o.write(), "cancellation eve@else.example")
	r, ok := state.Get[state.Revocation](o.View(), state.RevocationID("acme", "a1"))
	if !ok || r.Expires.Before(noon.Add(300*24*time.Hour)) {
		t.Errorf("the link still opens: %+v", r)
	}
	o.invited("a2", "m1", "eve@else.example")
	o.want(o.write(), "invitation eve@else.example")
}

func TestDeletionsCallMeetingsOff(t *testing.T) {
	for name, c := range map[string]state.Command{
		"the meeting": &state.Delete{Kind: state.KindMeeting, ID: "m1", Company: "acme"},
		"the room":    &state.Delete{Kind: state.KindRoom, ID: "r1", Company: "acme"},
		"its holder":  &state.Delete{Kind: state.KindUser, ID: "ada", Company: "acme"},
	} {
		o := newOffice(t)
		o.meeting("m1")
		o.meeting("past", func(m *state.MeetingSpec) { m.StartsAt = noon.Add(-48 * time.Hour) })
		o.invited("a1", "m1", "eve@else.example")
		o.invited("a2", "past", "old@else.example")
		o.write()
		o.do(c)
		want := []string{"cancellation eve@else.example", "cancellation ada@acme.example"}
		if name == "its holder" {
			want = want[:1] // who is not there any more
		}
		letters := o.write()
		o.want(letters, want...)
		if letters[0].Meeting.Sequence != 1 {
			t.Errorf("%s: sequence %d", name, letters[0].Meeting.Sequence)
		}
	}
}

func TestACompanysEndWritesToNobody(t *testing.T) {
	o := newOffice(t)
	o.meeting("m1")
	o.write()
	o.do(&state.Delete{Kind: state.KindCompany, ID: "acme"})
	o.want(o.write())
}

func TestNobodyIsWrittenToWhoShouldNotBe(t *testing.T) {
	for name, prepare := range map[string]func(o *office){
		"silent":    func(o *office) { o.do(state.Set(state.KindUser, "ada", "acme", map[string]any{"silent": true})) },
		"inactive":  func(o *office) { o.do(state.Set(state.KindUser, "ada", "acme", map[string]any{"inactive": true})) },
		"no e-mail": func(o *office) { o.do(state.Set(state.KindUser, "ada", "acme", map[string]any{"email": nil})) },
		"suspended": func(o *office) {
			o.do(state.Set(state.KindCompany, "acme", "", map[string]any{"status": state.StatusSuspended}))
		},
		"no mail server": func(o *office) { o.From = "" },
	} {
		o := newOffice(t)
		prepare(o)
		o.meeting("m1")
		if letters := o.write(); len(letters) > 0 {
			t.Errorf("%s: %q", name, kinds(letters))
		}
	}
}

func TestMeetingsThatAreOverAreNotTold(t *testing.T) {
	o := newOffice(t)
	o.meeting("m1", func(m *state.MeetingSpec) { m.StartsAt = noon.Add(-48 * time.Hour) })
	o.want(o.write())
	o.do(state.Set(state.KindMeeting, "m1", "acme", map[string]any{"subject": "Too late"}))
	o.want(o.write())
}

func TestPINsCodesAndTemplatesReachTheLetter(t *testing.T) {
	o := newOffice(t)
	o.do(state.Add(state.KindTemplate, "t1", "acme", state.TemplateSpec{Letter: "invitation", Language: "ru", Text: `{{define "subject"}}Ждём: {{.Subject}}{{end}}`}))
	pin, err := merge(o, "m1", "4711")
	if err != nil {
		t.Fatal(err)
	}
	o.do(pin)
	letters := o.write()
	if len(letters) != 1 || letters[0].Meeting.PIN != "4711" || !strings.Contains(letters[0].own, "Ждём") ||
		letters[0].Meeting.DialIn != "+442071234567" || letters[0].Meeting.Code != "123456" {
		t.Errorf("%+v", letters)
	}
}

// merge makes a meeting with a sealed PIN.
func merge(o *office, id, pin string) (state.Command, error) {
	c := state.Add(state.KindMeeting, id, "acme", state.MeetingSpec{Room: "r1", User: "ada", StartsAt: noon.Add(time.Hour), OneTimeCode: "123456"})
	secret, err := jsonOf(map[string]any{"pin": o.Seal.Seal([]byte(pin), string(state.KindMeeting), id, "pin")})
	c.Secret = secret
	return c, err
}

func TestLinksOfSMSAreRevokedWithoutAMailServer(t *testing.T) {
	o := newOffice(t)
	o.From = ""
	o.meeting("m1")
	o.invited("a1", "m1", "eve@else.example")
	o.do(&state.Delete{Kind: state.KindAttendee, ID: "a1", Company: "acme"})
	o.want(o.write())
	if _, ok := state.Get[state.Revocation](o.View(), state.RevocationID("acme", "a1")); !ok {
		t.Error("the link still opens")
	}
}

func TestAFailingPostStopsTheEvent(t *testing.T) {
	o := newOffice(t)
	o.meeting("m1")
	o.box.fault = errors.New("the database is away")
	events := o.events()
	if err := o.Write(t.Context(), events[0], "s"); !errors.Is(err, o.box.fault) {
		t.Errorf("written with %v", err)
	}
}

func TestNewUsersAreWelcomedWithOneLink(t *testing.T) {
	o := newOffice(t)
	made := &links{}
	o.Passwords = made
	o.do(state.Add(state.KindUser, "new", "acme", state.UserSpec{Name: "Neo", Email: "neo@acme.example"}))
	letters := o.write()
	o.want(letters, "welcome neo@acme.example")
	if made.made != 1 || !strings.HasSuffix(letters[0].PasswordLink, "/acme/new") {
		t.Errorf("%d links, %+v", made.made, letters)
	}
	o.do(state.Add(state.KindUser, "sso", "acme", state.UserSpec{Name: "S", Email: "s@acme.example", OpenIDSubject: "sub"}))
	o.do(state.Add(state.KindUser, "quiet", "acme", state.UserSpec{Name: "Q", Email: "q@acme.example", Silent: true}))
	o.do(state.Add(state.KindUser, "nameless", "acme", state.UserSpec{Name: "N"}))
	known := state.Add(state.KindUser, "known", "acme", state.UserSpec{Name: "K", Email: "k@acme.example"})
	known.Secret = []byte(`{"password":"$argon2id$"}`)
	o.do(known)
	o.want(o.write())
	if made.made != 1 {
		t.Errorf("%d links were made", made.made)
	}
	o.do(state.Add(state.KindUser, "gone", "acme", state.UserSpec{Name: "G", Email: "g@acme.example"}))
	made.fault = notify.ErrNoLink
	o.want(o.write())
	o.do(state.Add(state.KindUser, "later", "acme", state.UserSpec{Name: "L", Email: "l@acme.example"}))
	made.fault = errors.New("no leader")
	if err := o.Write(t.Context(), o.events()[0], "s"); !errors.Is(err, made.fault) {
		t.Errorf("a welcome is lost: %v", err)
	}
}

func TestAForgottenPasswordIsAnsweredAlsoToTheSilent(t *testing.T) {
	o := newOffice(t)
	o.do(state.Set(state.KindUser, "ada", "acme", map[string]any{"silent": true}))
	o.do(state.Add(state.KindUser, "off", "acme", state.UserSpec{Name: "O", Email: "o@acme.example", Inactive: true}))
	for _, who := range [][2]string{{"acme", "ada"}, {"acme", "off"}, {"acme", "none"}, {"other", "ada"}} {
		if err := o.Reset(t.Context(), who[0], who[1], "https://meet.acme.example/x"); err != nil {
			t.Errorf("%v: %v", who, err)
		}
	}
	o.want(o.box.fresh, "reset ada@acme.example")
	if o.box.fresh[0].PasswordLink != "https://meet.acme.example/x" || o.box.fresh[0].To.Language != "ru-RU" {
		t.Errorf("%+v", o.box.fresh)
	}
}
