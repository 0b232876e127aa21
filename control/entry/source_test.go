package entry

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"
)

var allSources = []Source{Native, GCore, MeetBit, Callbridge, ImMail, NanoMeet}

var allProofs = []Proof{Join, Partner, Participant, ModeratorToken, Invite, Session, Host}

// claims are good ones of each proof, for the room demo where they are for one.
func claims(p Proof) *Claims {
	c := &Claims{Proof: p, Company: "acme", ID: "id-" + string(p), Expires: noon.Add(time.Hour)}
	if p.forOneRoom() {
		c.Room = "demo"
	}
	if p != Partner && p != ModeratorToken && p != Invite {
		c.Peer, c.Name = "17", "Ann"
	}
	return c
}

// at is somebody with what the source asks for, before a configured room.
func at(s Source) Input {
	in := Input{
		Source: s, Company: &Company{ID: "acme"}, Room: &Room{ID: "demo", Owner: "17"},
		URL: Attributes{RoomID: "demo"}, Now: noon,
	}
	if sources[s].need != needNever {
		in.Token = claims(sources[s].proofs[len(sources[s].proofs)-1])
	}
	return in
}

func code(err error) string {
	if r, ok := errors.AsType[*Refusal](err); ok {
		return r.Code
	}
	return fmt.Sprint(err)
}

// only names the sources a case is for; none means all.
func only(s ...Source) []Source { return s }

// One line for each step and source where the answer differs, and one for all
// where it does not.
func TestStepsOfEverySource(t *testing.T) {
	const admitted = "<nil>"
	closed := only(MeetBit, Callbridge, ImMail, NanoMeet)
	mailed := func(in *Input) { in.Token, in.Mail = nil, Mail{Address: " Bea@Example.com"} }
	for _, c := range []struct {
		name    string
		sources []Source
		change  func(*Input)
		want    string
	}{
		{"0 as it should be", nil, func(*Input) {}, admitted},

		{"1 unknown host", nil, func(in *Input) { in.Company = nil }, "not_found"},
		{"1 suspended", nil, func(in *Input) { in.Company.Suspended = true }, "denied"},
		{"1 unknown source", nil, func(in *Input) { in.Source = "skype" }, "not_found"},
		{"1 no source", nil, func(in *Input) { in.Source = "" }, "not_found"},

		{"2 no room named", only(Native, GCore, Callbridge), func(in *Input) { in.URL, in.Token = nil, nil }, "not_found"},
		{"2 deleted", nil, func(in *Input) { in.Room.Deleted = true }, "not_found"},
		{"2 not configured", nil, func(in *Input) { in.Room = nil }, "not_found"},
		{"2 X-100 not configured, open company", only(Native, GCore), func(in *Input) { in.Room, in.Company.OpenRooms = nil, true }, admitted},
		{"2 X-100 never ad hoc", closed, func(in *Input) { in.Room, in.Company.OpenRooms = nil, true }, "not_found"},

		{"3 X-100 no token", only(Native, GCore, Callbridge), func(in *Input) { in.Token = nil }, admitted},
		{"3 X-100 no token", only(MeetBit, ImMail, NanoMeet), func(in *Input) { in.Token = nil }, "token_missing"},
		{"3 no token in an open company", only(MeetBit, ImMail, NanoMeet), func(in *Input) { in.Token, in.Company.OpenRooms = nil, true }, "token_missing"},
		{"3 no token where mandatory", nil, func(in *Input) { in.Token, in.Company.JWTMandatory = nil, true }, "token_missing"},
		{"3 no token where the room wants one", nil, func(in *Input) { in.Token, in.Room.TokenRequired = nil, true }, "token_missing"},
		{"3 bad token", nil, func(in *Input) { in.Token, in.TokenErr = nil, failure("token_signature") }, "token_signature"},
		{"3 revoked token", nil, func(in *Input) { in.Token, in.TokenErr = nil, failure("token_revoked") }, "token_revoked"},
		{"3 token of another company", nil, func(in *Input) { in.Token = claims(sources[in.Source].proofs[0]); in.Token.Company = "evil" }, "token_wrong_company"},
		{"3 IM-A06, MB-A18 token for another room", only(MeetBit, ImMail, NanoMeet, Callbridge), func(in *Input) {
			in.Token = claims(Join)
			if in.Source != Callbridge {
				in.Token = claims(sources[in.Source].proofs[0])
			}
			in.URL[RoomID] = "other"
		}, "token_wrong_room"},

		{"3 an address where none is asked for", only(ImMail, NanoMeet), mailed, "token_missing"},
		{"3 MB-A11 a stranger's address", only(MeetBit), mailed, "denied"},
		{"3 MB-A10 an invited customer's", only(MeetBit), func(in *Input) { mailed(in); in.Attendee = &Attendee{ID: "9"} }, admitted},
		{"3 MB-A12 a user's", only(MeetBit), func(in *Input) { mailed(in); in.Attendee = &Attendee{ID: "9", User: true} }, "denied"},
		{"3 MB-A13 public room", only(MeetBit), func(in *Input) { mailed(in); in.Room.Public = true }, admitted},
		{"3 MB-A13 a user's in a public room", only(MeetBit), func(in *Input) {
			mailed(in)
			in.Room.Public, in.Attendee = true, &Attendee{ID: "9", User: true, Role: "owner"}
		}, admitted},
		{"3 public room, no address", only(MeetBit), func(in *Input) { in.Token, in.Room.Public = nil, true }, "token_missing"},
		{"3 public room, no address at all", only(MeetBit), func(in *Input) { mailed(in); in.Room.Public, in.Mail.Address = true, "bea" }, "token_missing"},
		{"3 X-07 address to be proved", only(MeetBit), func(in *Input) {
			mailed(in)
			in.Attendee, in.Company.EmailCode = &Attendee{ID: "9"}, true
		}, "denied"},
		{"3 X-07 address proved", only(MeetBit), func(in *Input) {
			mailed(in)
			in.Attendee, in.Company.EmailCode, in.Mail.Proved = &Attendee{ID: "9"}, true, true
		}, admitted},
		{"3 an address where a token is mandatory", only(MeetBit), func(in *Input) {
			mailed(in)
			in.Attendee, in.Company.JWTMandatory = &Attendee{ID: "9"}, true
		}, "token_missing"},

		{"4 too early", nil, func(in *Input) { in.Room.Opens = noon.Add(1) }, "too_early"},
		{"4 on time", nil, func(in *Input) { in.Room.Opens = noon }, admitted},
		{"4 over", nil, func(in *Input) { in.Room.Closes = noon }, "denied"},
		{"4 nearly over", nil, func(in *Input) { in.Room.Closes = noon.Add(1) }, admitted},
		{"4 GC-A17 lifetime since the first use", nil, func(in *Input) { in.UseErr = failure("token_expired") }, "token_expired"},
		{"4 owner of the first use away", nil, func(in *Input) { in.UseErr = failure("try_again") }, "try_again"},

		{"6 blocked browser", nil, func(in *Input) { in.Browser, in.Live.Blocked = "b1", []string{"x", "browser:b1"} }, "blocked"},
		{"6 another's browser", nil, func(in *Input) { in.Browser, in.Live.Blocked = "b1", []string{"browser:b2", "peer:b1", ""} }, admitted},

		{"7 password not given", nil, func(in *Input) { in.Token = guest(in); in.Room.PasswordRequired = true }, "wrong_password"},
		{"7 password wrong", nil, func(in *Input) {
			in.Token = guest(in)
			in.Room.PasswordRequired, in.Secrets.Password = true, Wrong
		}, "wrong_password"},
		{"7 password right", nil, func(in *Input) {
			in.Token = guest(in)
			in.Room.PasswordRequired, in.Secrets.Password = true, Right
		}, admitted},
		{"7 L-49 password right in the pause", nil, func(in *Input) {
			in.Token = guest(in)
			in.Room.PasswordRequired, in.Secrets = true, Secrets{Password: Right, Pause: time.Second}
		}, "wrong_password"},
		{"7 password wrong where none is asked", nil, func(in *Input) { in.Secrets.Password = Wrong }, admitted},
		{"7 pause where none is asked", nil, func(in *Input) { in.Secrets.Pause = time.Minute }, admitted},
		{"7 PIN wrong", only(Native, Callbridge), func(in *Input) { in.Secrets.PIN = Wrong }, "wrong_password"},
		{"7 PIN where there is none", only(GCore, MeetBit, ImMail, NanoMeet), func(in *Input) { in.Secrets.PIN = Wrong }, admitted},
		{"7 PIN right in the pause", only(Native, Callbridge), func(in *Input) { in.Secrets = Secrets{PIN: Right, Pause: 1} }, "wrong_password"},
		{"7 PIN in a password's place", only(Native, Callbridge), func(in *Input) { in.Room.PasswordRequired, in.Secrets.PIN = true, Right }, "wrong_password"},
		{"7 who returns", nil, func(in *Input) {
			in.Token = guest(in)
			in.Room.PasswordRequired, in.Live.Returning = true, true
		}, admitted},
		{"7 CB-A26 the signed-in owner", only(Native, MeetBit, Callbridge), func(in *Input) { in.Token, in.Room.PasswordRequired = claims(Host), true }, admitted},
		{"7 another signed-in user", only(Native, MeetBit, Callbridge), func(in *Input) {
			in.Token, in.Room.PasswordRequired, in.Room.Owner = claims(Host), true, "18"
		}, "wrong_password"},
		{"7 CB-A26 another moderator", only(Callbridge), func(in *Input) {
			in.Token, in.Room.PasswordRequired = claims(Join), true
			in.Token.Role = "moderator"
		}, "wrong_password"},
		{"7 NM-A35 a moderator", only(NanoMeet), func(in *Input) {
			in.Room.PasswordRequired = true
			in.Token.Role = "moderator"
		}, admitted},
	} {
		for _, s := range allSources {
			if c.sources != nil && !slices.Contains(c.sources, s) {
				continue
			}
			in := at(s)
			c.change(&in)
			if _, err := Decide(in); code(err) != c.want {
				t.Errorf("%s: %s: %s (%v), want %s", s, c.name, code(err), err, c.want)
			}
		}
	}
}

// guest is a token of somebody regular, where the source wants a token.
func guest(in *Input) *Claims {
	switch in.Source {
	case MeetBit:
		return claims(Session)
	case ImMail:
		return claims(Participant)
	case NanoMeet:
		return claims(Invite)
	}
	return nil
}

// A token of a kind that a source has not is not taken there, also where no
// token is needed.
func TestProofsOfEverySource(t *testing.T) {
	want := map[Source][]Proof{
		Native: {Join, Session, Partner, Host}, GCore: {Join, Partner}, MeetBit: {Session, Host},
		Callbridge: {Join, Host}, ImMail: {Participant}, NanoMeet: {ModeratorToken, Invite},
	}
	for _, s := range allSources {
		for _, p := range append(slices.Clone(allProofs), "", "attendee", "sso") {
			in := at(s)
			in.Token = claims(p)
			_, err := Decide(in)
			if slices.Contains(Proofs(s), p) != slices.Contains(want[s], p) {
				t.Errorf("%s lists %v", s, Proofs(s))
			}
			if ok := slices.Contains(want[s], p); ok && err != nil || !ok && code(err) != "denied" {
				t.Errorf("%s with %q: %v", s, p, err)
			}
		}
	}
}

// Covers F-054.
func TestRefusalsSayWhen(t *testing.T) {
	in := at(NanoMeet)
	in.Token, in.TokenErr = nil, window{"token_expired"}
	if r, _ := errors.AsType[*Refusal](second(Decide(in))); !r.Closed.Equal(noon) || !r.Opens.IsZero() {
		t.Errorf("%+v", r)
	}
	in.TokenErr = fmt.Errorf("at the edge: %w", window{"token_not_yet_valid"})
	if r, _ := errors.AsType[*Refusal](second(Decide(in))); !r.Opens.Equal(noon.Add(-time.Hour)) || !r.Closed.IsZero() {
		t.Errorf("%+v", r)
	}
	in = at(Native)
	in.Room.PasswordRequired = true
	if r, _ := errors.AsType[*Refusal](second(Decide(in))); !r.Ask || r.RetryAfter != 0 {
		t.Errorf("not asked for: %+v", r)
	}
	in.Secrets = Secrets{Password: Wrong, Pause: time.Minute}
	if r, _ := errors.AsType[*Refusal](second(Decide(in))); r.Ask || r.RetryAfter != time.Minute {
		t.Errorf("no pause: %+v", r)
	}
	in.Room.Opens, in.Room.Closes = noon.Add(-2*time.Hour), noon.Add(-time.Hour)
	if r, _ := errors.AsType[*Refusal](second(Decide(in))); !r.Closed.Equal(in.Room.Closes) {
		t.Errorf("over: %+v", r)
	}
}

func second(_ Admission, err error) error { return err }

// window stands in for errors that know a token's times.
type window struct{ failure }

func (w window) Window() (from, until time.Time) { return noon.Add(-time.Hour), noon }

// Entry by address answers the same, whoever the address belongs to (MB-A15).
func TestAddressesAreNotTold(t *testing.T) {
	var answers []string
	for _, a := range []*Attendee{nil, {ID: "1", User: true}, {ID: "1", User: true, Role: "owner"}} {
		in := at(MeetBit)
		in.Token, in.Mail, in.Attendee = nil, Mail{Address: "bea@example.com"}, a
		_, err := Decide(in)
		answers = append(answers, fmt.Sprint(err))
	}
	if len(slices.Compact(answers)) != 1 {
		t.Errorf("different answers: %q", answers)
	}
	for _, a := range []*Attendee{nil, {ID: "1", Name: "Bea"}, {ID: "1", Name: "Bea", User: true, Role: "owner"}} {
		in := at(MeetBit)
		in.Token, in.Mail, in.Attendee, in.Room.Public = nil, Mail{Address: "bea@example.com"}, a, true
		got, err := Decide(in)
		if err != nil || got.Peer != "" || got.Name != "" || got.Role != Regular {
			t.Errorf("%+v in a public room: %+v, %v", a, got, err)
		}
	}
}

func TestCleanAddress(t *testing.T) {
	for in, want := range map[string]string{
		" Ann@Example.COM\n": "ann@example.com", "a@b": "a@b", "a@b@c": "a@b@c",
		"": "", "ann": "", "@b": "", "a@": "", " @ ": "", "a\xff@b": "",
	} {
		if got := CleanAddress(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}
