package entry

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// The last paragraph of the roles' table: which proof makes whom.
func TestRolesAndTheirProofs(t *testing.T) {
	with := func(p Proof, role string) func(*Input) {
		return func(in *Input) {
			in.Token = claims(p)
			in.Token.Role = role
		}
	}
	const regular, moderator, owner = "regular", "moderator", "owner"
	for _, c := range []struct {
		name   string
		source Source
		change func(*Input)
		want   string
	}{
		{"nobody", Native, func(*Input) {}, regular},
		{"join token", Native, with(Join, ""), regular},
		{"join token of a moderator", Native, with(Join, "Moderator "), moderator},
		{"join token of an owner", Native, with(Join, "owner"), owner},
		{"join token of an admin", Native, with(Join, "admin"), regular},
		{"MB-A17 session of the owner", MeetBit, with(Session, "owner"), owner},
		{"MB-A17 session of an attendee", MeetBit, with(Session, "attendee"), regular},
		{"session of a moderator", MeetBit, with(Session, "moderator"), moderator},
		{"IM-A04 moderator", ImMail, with(Participant, "moderator"), moderator},
		{"IM-A04 guest", ImMail, with(Participant, ""), regular},
		{"a participant is no owner", ImMail, with(Participant, "owner"), regular},
		{"NM-T03 moderator's token", NanoMeet, with(ModeratorToken, "moderator"), moderator},
		{"NM-A08 moderator's invite", NanoMeet, with(Invite, "moderator"), moderator},
		{"NM-A08 guest's invite", NanoMeet, with(Invite, ""), regular},
		{"GC signed", GCore, func(in *Input) { in.Token = partner(map[string]string{Role: "Moderator"}) }, moderator},
		{"GC has no owners", GCore, func(in *Input) { in.Token = partner(map[string]string{Role: "owner"}) }, regular},
		{"CB host in the own room", Callbridge, with(Host, ""), owner},
		{"CB-A49 host in another's room", Callbridge, func(in *Input) { with(Host, "")(in); in.Room.Owner = "18" }, regular},
		{"host in nobody's room", Callbridge, func(in *Input) { with(Host, "")(in); in.Room.Owner, in.Token.Peer = "", "" }, regular},
		{"host with a role of its own", Callbridge, func(in *Input) { with(Host, "moderator")(in); in.Room.Owner = "18" }, regular},
		{"CB-A28 host who is a moderator here", Callbridge, func(in *Input) {
			with(Host, "")(in)
			in.Room.Owner, in.Attendee = "18", &Attendee{ID: "5", User: true, Role: "moderator"}
		}, moderator},
		{"CB-A28 personal link", Callbridge, with(Join, "moderator"), moderator},
		{"CB-T08 access code alone", Callbridge, func(*Input) {}, regular},
		{"CB-T08 moderator PIN", Callbridge, func(in *Input) { in.Secrets.PIN = Right }, moderator},
		{"PIN with us", Native, func(in *Input) { in.Secrets.PIN = Right }, moderator},
		{"PIN where there is none", GCore, func(in *Input) { in.Secrets.PIN = Right }, regular},
		{"PIN where there is none", ImMail, func(in *Input) { in.Secrets.PIN = Right }, regular},
		{"PIN where there is none", NanoMeet, func(in *Input) { in.Secrets.PIN = Right }, regular},
		{"an address is no proof", MeetBit, func(in *Input) {
			in.Token, in.Mail, in.Attendee = nil, Mail{Address: "a@b"}, &Attendee{ID: "9", Role: "owner"}
		}, regular},
	} {
		in := at(c.source)
		c.change(&in)
		a, err := Decide(in)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		got := string(a.Role)
		if a.Owner {
			got = owner
		}
		if got != c.want || a.Owner && a.Role != Moderator {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestPersonsOfTheFacades(t *testing.T) {
	for _, c := range []struct {
		name   string
		source Source
		change func(*Input)
		want   func(Admission) bool
	}{
		{"MB-A16 the attendee's name and id", MeetBit, func(in *Input) { in.Token = claims(Session) },
			func(a Admission) bool { return a.Peer == "17" && a.Name == "Ann" && a.NameLocked }},
		{"MB by address", MeetBit, func(in *Input) {
			in.Token, in.Mail, in.Attendee = nil, Mail{Address: "a@b"}, &Attendee{ID: "9", Name: "Bea"}
		}, func(a Admission) bool { return a.Peer == "9" && a.Name == "Bea" && !a.NameLocked }},
		{"MB-A38 a signed-in attendee has one place", MeetBit, func(in *Input) { in.Attendee = &Attendee{ID: "9", User: true} },
			func(a Admission) bool { return a.Peer == "9" }},
		{"CB a host may sit there twice", Callbridge, func(in *Input) { in.Token = claims(Host) },
			func(a Admission) bool { return a.Peer == "" && a.Name == "Ann" }},
		{"CB-A33 name in the link", Callbridge, func(in *Input) { in.URL[DisplayName] = "Steve Irwin" },
			func(a Admission) bool { return a.Name == "Steve Irwin" && !a.NameLocked }},
		{"CB peer in the link", Callbridge, func(in *Input) { in.URL[PeerID] = "17" },
			func(a Admission) bool { return a.Peer == "" }},
		{"IM-A08 name in the link", ImMail, func(in *Input) { in.URL[DisplayName] = "Ana Diaz"; in.Token.Name = "" },
			func(a Admission) bool { return a.Name == "Ana Diaz" && !a.NameLocked }},
		{"IM name in the token", ImMail, func(in *Input) { in.URL[DisplayName] = "Ana Diaz" },
			func(a Admission) bool { return a.Name == "Ann" && a.NameLocked && a.Peer == "17" }},
		{"NM-A13 a shared token names nobody", NanoMeet, func(*Input) {},
			func(a Admission) bool { return a.Peer == "" && len(a.Identities) == 0 }},

		{"IM-A10 microphone off", ImMail, func(*Input) {}, func(a Admission) bool { return a.MicOff && !a.CameraOff && !a.MicLocked }},
		{"IM-A10 microphone on", ImMail, func(in *Input) { in.URL[MicOff] = "false" }, func(a Admission) bool { return !a.MicOff }},
		{"IM-A11 camera off", ImMail, func(in *Input) { in.URL[CameraOff] = "true" }, func(a Admission) bool { return a.CameraOff }},
		{"CB-A37 both on", Callbridge, func(*Input) {}, func(a Admission) bool { return !a.MicOff && !a.CameraOff }},
		{"CB-A30 q&a", Callbridge, func(in *Input) { in.Room.MuteMode = QandA }, func(a Admission) bool { return a.MicOff && !a.MicLocked }},
		{"CB-A30 presentation", Callbridge, func(in *Input) { in.Room.MuteMode = Presentation; in.URL[MicOff] = "false" },
			func(a Admission) bool { return a.MicOff && a.MicLocked }},
		{"CB-A30 the host in a presentation", Callbridge, func(in *Input) { in.Room.MuteMode, in.Token = Presentation, claims(Host) },
			func(a Admission) bool { return !a.MicOff && !a.MicLocked }},
		{"CB-A36 observer", Callbridge, func(in *Input) { in.URL[Observer] = "true" },
			func(a Admission) bool {
				return a.Mode == ObserverMode && a.CameraOff && !a.MicOff && a.MayChat && a.Pool == CallPool
			}},
		{"observer where there is none", ImMail, func(in *Input) { in.URL[Observer] = "true" }, func(a Admission) bool { return a.Mode == Speaker }},
		{"an observer of a webinar is a viewer", Native, func(in *Input) { in.Room.Kind = Webinar; in.URL[Observer] = "true" },
			func(a Admission) bool { return a.Mode == Viewer && !a.MayChat && a.Pool == ViewerPool }},
		{"X-110 viewers who may write", GCore, func(in *Input) { in.Room.Kind, in.Room.ViewersChat = Webinar, true },
			func(a Admission) bool { return a.Mode == Viewer && a.MayChat }},
		{"X-27 a webinar of Callbridge", Callbridge, func(in *Input) { in.Room.Kind, in.Token = Webinar, claims(Host) },
			func(a Admission) bool { return a.Mode == Speaker && a.Pool == SpeakerPool }},

		{"IM-A12 a guest's link records", ImMail, func(in *Input) { in.URL[StartRecording], in.Company.GuestStartRecording = "true", true },
			func(a Admission) bool { return a.StartRecording && !a.CanRecord }},
		{"X-35 unless the company forbids it", ImMail, func(in *Input) { in.URL[StartRecording] = "true" },
			func(a Admission) bool { return !a.StartRecording }},
		{"X-35 but a moderator's does", ImMail, func(in *Input) { in.URL[StartRecording], in.Token.Role = "true", "moderator" },
			func(a Admission) bool { return a.StartRecording && a.CanRecord }},
		{"IM-A14, A15 option off", ImMail, func(in *Input) {
			in.URL[StartRecording], in.URL[RecordingEnabled] = "true", "false"
			in.Token.Role, in.Company.GuestStartRecording = "moderator", true
		}, func(a Admission) bool { return !a.StartRecording && !a.CanRecord }},
		{"a link of GCore records nothing", GCore, func(in *Input) { in.URL[StartRecording], in.Company.GuestStartRecording = "true", true },
			func(a Admission) bool { return !a.StartRecording }},
		{"NM moderators record", NanoMeet, func(in *Input) { in.Token.Role = "moderator" }, func(a Admission) bool { return a.CanRecord }},

		{"X-47 stays", NanoMeet, func(*Input) {}, func(a Admission) bool { return a.Until.IsZero() }},
		{"X-47 ends with the token", NanoMeet, func(in *Input) { in.Company.EndWithToken = true },
			func(a Admission) bool { return a.Until.Equal(noon.Add(time.Hour)) }},
		{"hidden controls", Callbridge, func(in *Input) { in.Company.HiddenControls = []string{"chat"} },
			func(a Admission) bool { return slices.Equal(a.HiddenControls, []string{"chat"}) }},
		{"view of Callbridge", Callbridge, func(in *Input) { in.URL[Layout], in.URL[MicOff] = "gallery", "true" },
			func(a Admission) bool { return a.View[Layout] == "gallery" && len(a.View) == 1 }},
	} {
		in := at(c.source)
		c.change(&in)
		if a, err := Decide(in); err != nil || !c.want(a) {
			t.Errorf("%s: %+v, %v", c.name, a, err)
		}
	}
}

// Whom history files a presence under: who is proved, by a token for one person or an invited address.
func TestWhomTheCompanyKnows(t *testing.T) {
	ann := Person{UserPerson, "u-1"}
	named := func(p Proof) *Claims { c := claims(p); c.Person = ann; return c }
	invited := func(a Attendee) func(*Input) {
		return func(in *Input) { in.Token, in.Mail, in.Attendee = nil, Mail{Address: "a@b"}, &a }
	}
	for _, c := range []struct {
		name   string
		source Source
		change func(*Input)
		want   Person
	}{
		{"a join token", Native, func(in *Input) { in.Token = named(Join) }, ann},
		{"a join token that names nobody", Native, func(in *Input) { in.Token = claims(Join) }, Person{}},
		{"a session", MeetBit, func(in *Input) { in.Token = named(Session) }, ann},
		{"a participant", ImMail, func(in *Input) { in.Token = named(Participant) }, ann},
		{"a personal link", Callbridge, func(in *Input) { in.Token = named(Join) }, ann},
		{"a signed-in user", Callbridge, func(in *Input) { in.Token = claims(Host) }, Person{UserPerson, "17"}},
		{"a signed-in attendee", MeetBit, func(in *Input) { in.Token, in.Attendee = claims(Host), &Attendee{ID: "9", User: true} }, Person{UserPerson, "17"}},
		{"an invited customer", MeetBit, invited(Attendee{ID: "9", Person: Person{CustomerPerson, "c-1"}}), Person{CustomerPerson, "c-1"}},
		{"an invited address", MeetBit, invited(Attendee{ID: "9"}), Person{AttendeePerson, "9"}},
		{"an address in a public room", MeetBit, func(in *Input) { invited(Attendee{ID: "9"})(in); in.Room.Public = true }, Person{}},
		{"a partner's token", GCore, func(in *Input) { in.Token = named(Partner) }, Person{}},
		{"an invite that many share", NanoMeet, func(in *Input) { in.Token = named(Invite) }, Person{}},
		{"nobody's link", GCore, func(in *Input) { in.Token = nil; in.URL["person"], in.URL[PeerID] = "user:u-1", "u-1" }, Person{}},
		{"a partner's attribute", GCore, func(in *Input) {
			in.Token = claims(Partner)
			in.Token.Attributes = map[string]string{"person": "user:u-1"}
		}, Person{}},
	} {
		in := at(c.source)
		c.change(&in)
		if a, err := Decide(in); err != nil || a.Person != c.want {
			t.Errorf("%s: %+v, %v; want %+v", c.name, a.Person, err, c.want)
		}
	}
}

// Step 6: what a block holds for.
func TestIdentities(t *testing.T) {
	for _, c := range []struct {
		source Source
		change func(*Input)
		want   string
	}{
		{Native, func(in *Input) { in.Token = claims(Join) }, "[peer:17 token:id-join]"},
		{Native, func(in *Input) { in.Token = claims(Join); in.Token.Person = Person{CustomerPerson, "c-1"} }, "[customer:c-1 peer:17 token:id-join]"},
		{GCore, func(in *Input) { in.Token, in.URL[PeerID] = claims(Partner), "p" }, "[peer:p]"},
		{MeetBit, func(in *Input) { in.Token = claims(Session) }, "[peer:17 token:id-session]"},
		{MeetBit, func(in *Input) { in.Token, in.Mail, in.Room.Public = nil, Mail{Address: "A@b "}, true }, "[mail:a@b]"},
		{Callbridge, func(in *Input) { in.Token, in.Browser = claims(Host), "x" }, "[user:17 browser:x]"},
		{Callbridge, func(in *Input) { in.Browser = "x" }, "[browser:x]"},
		{ImMail, func(*Input) {}, "[peer:17 token:id-participant]"},
		{NanoMeet, func(in *Input) { in.Browser = "x" }, "[browser:x]"},
	} {
		in := at(c.source)
		c.change(&in)
		a, err := Decide(in)
		if err != nil || fmt.Sprint(a.Identities) != c.want {
			t.Errorf("%s: %v, %v; want %s", c.source, a.Identities, err, c.want)
		}
		for _, id := range a.Identities {
			in.Live.Blocked = []string{"peer:somebody", id}
			if _, err := Decide(in); code(err) != "blocked" {
				t.Errorf("%s: %s came back: %v", c.source, id, err)
			}
		}
	}
}

// The page offers the PIN to whom it would make a moderator, and nobody else.
func TestThePINIsOfferedToWhomItHelps(t *testing.T) {
	for _, c := range []struct {
		name   string
		source Source
		change func(*Input)
		want   bool
	}{
		{"a guest", Native, func(*Input) {}, true},
		{"a room without one", Native, func(in *Input) { in.Room.HasPIN = false }, false},
		{"who typed it", Native, func(in *Input) { in.Secrets.PIN = Right }, false},
		{"a source that knows none", GCore, func(*Input) {}, false},
		{"a room that nobody configured", Native, func(in *Input) { in.Room, in.Company.OpenRooms = nil, true }, false},
	} {
		in := at(c.source)
		in.Room.HasPIN = true
		c.change(&in)
		if a, err := Decide(in); err != nil || a.PIN != c.want {
			t.Errorf("%s: %v, %v", c.name, a.PIN, err)
		}
	}
	for source, want := range map[Source]bool{Native: true, Callbridge: true, GCore: false, MeetBit: false, ImMail: false, NanoMeet: false} {
		if TakesPIN(source) != want {
			t.Errorf("%s takes a PIN: %v", source, !want)
		}
	}
}
