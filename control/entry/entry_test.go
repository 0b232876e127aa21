package entry

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// failure stands in for the errors of token verification.
type failure string

func (c failure) Error() string { return "token: " + string(c) }
func (c failure) Code() string  { return string(c) }

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// open is somebody without a token before an open room of an open company.
func open() Input {
	return Input{
		Source: Native, Company: &Company{ID: "acme", OpenRooms: true}, Kind: Call,
		URL: Attributes{RoomID: "demo"}, Now: noon,
	}
}

func native(change func(*Claims)) *Claims {
	c := &Claims{Proof: Join, Company: "acme", Room: "demo", Peer: "ann@example.com", Name: "Ann", Role: "moderator"}
	if change != nil {
		change(c)
	}
	return c
}

func partner(attrs map[string]string) *Claims {
	return &Claims{Proof: Partner, Company: "acme", Attributes: attrs}
}

func TestRefusals(t *testing.T) {
	long := strings.Repeat("x", maxID+1)
	for _, c := range []struct {
		step, name string
		change     func(*Input)
		code       string // empty: admitted
	}{
		{"company", "unknown host", func(in *Input) { in.Company = nil }, "not_found"},
		{"company", "suspended", func(in *Input) { in.Company.Suspended = true }, "denied"},
		{"company", "before the token", func(in *Input) { in.Company, in.TokenErr = nil, failure("token_expired") }, "not_found"},

		{"room", "open", nil, ""},
		{"room", "none named", func(in *Input) { in.URL = nil }, "not_found"},
		{"room", "blank", func(in *Input) { in.URL[RoomID] = "  " }, "not_found"},
		{"room", "none named beside a bad token", func(in *Input) { in.URL, in.TokenErr = nil, failure("token_signature") }, "token_signature"},
		{"room", "any characters", func(in *Input) { in.URL[RoomID] = "Зал №1 /?#\x00\n" }, ""},
		{"room", "longest", func(in *Input) { in.URL[RoomID] = long[1:] }, ""},
		{"room", "too long", func(in *Input) { in.URL[RoomID] = long }, "bad_message"},
		{"room", "not UTF-8", func(in *Input) { in.URL[RoomID] = "\xff" }, "bad_message"},
		{"room", "not configured, company closed", func(in *Input) { in.Company.OpenRooms = false }, "not_found"},
		{"room", "configured, company closed", func(in *Input) { in.Company.OpenRooms = false; in.Room = &Room{ID: "demo"} }, ""},
		{"room", "not configured, company closed, token", func(in *Input) { in.Company.OpenRooms = false; in.Token = native(nil) }, "not_found"},
		{"room", "deleted", func(in *Input) { in.Room = &Room{ID: "demo", Deleted: true} }, "not_found"},
		{"room", "before the token", func(in *Input) { in.Room = &Room{Deleted: true}; in.TokenErr = failure("token_expired") }, "not_found"},

		{"credential", "native", func(in *Input) { in.Token = native(nil) }, ""},
		{"credential", "partner", func(in *Input) { in.Token = partner(nil) }, ""},
		{"credential", "none where required", func(in *Input) { in.Company.JWTMandatory = true }, "token_missing"},
		{"credential", "none where the room requires one", func(in *Input) { in.Room = &Room{TokenRequired: true} }, "token_missing"},
		{"credential", "given where the room requires one", func(in *Input) { in.Room, in.Token = &Room{TokenRequired: true}, native(nil) }, ""},
		{"credential", "access token in its place", func(in *Input) { in.Company.JWTMandatory = true; in.URL["accessToken"] = "x" }, "token_missing"},
		{"credential", "given where required", func(in *Input) { in.Company.JWTMandatory = true; in.Token = partner(nil) }, ""},
		{"credential", "reported missing", func(in *Input) { in.TokenErr = failure("token_missing") }, ""},
		{"credential", "reported missing where required", func(in *Input) { in.Company.JWTMandatory = true; in.TokenErr = failure("token_missing") }, "token_missing"},
		{"credential", "expired", func(in *Input) { in.TokenErr = failure("token_expired") }, "token_expired"},
		{"credential", "signature", func(in *Input) { in.TokenErr = failure("token_signature") }, "token_signature"},
		{"credential", "algorithm", func(in *Input) { in.TokenErr = failure("token_algorithm") }, "token_algorithm"},
		{"credential", "malformed", func(in *Input) { in.TokenErr = failure("token_malformed") }, "token_malformed"},
		{"credential", "not yet", func(in *Input) { in.TokenErr = failure("token_not_yet_valid") }, "token_not_yet_valid"},
		{"credential", "wrapped", func(in *Input) { in.TokenErr = fmt.Errorf("at the edge: %w", failure("token_expired")) }, "token_expired"},
		{"credential", "no code", func(in *Input) { in.TokenErr = errors.New("odd") }, "denied"},
		{"credential", "claims and an error", func(in *Input) { in.Token, in.TokenErr = native(nil), failure("token_missing") }, "token_missing"},
		{"credential", "other company", func(in *Input) { in.Token = native(func(c *Claims) { c.Company = "evil" }) }, "token_wrong_company"},
		{"credential", "no company", func(in *Input) { in.Token = &Claims{} }, "token_wrong_company"},
		{"credential", "other room, native", func(in *Input) { in.URL[RoomID] = "other"; in.Token = native(nil) }, "token_wrong_room"},
		{"credential", "no room, native", func(in *Input) { in.Token = native(func(c *Claims) { c.Room = "" }) }, "token_wrong_room"},
		{"credential", "room only in a native token", func(in *Input) { in.URL = nil; in.Token = native(nil) }, ""},
		{"credential", "other room, partner", func(in *Input) { in.Token = partner(map[string]string{RoomID: "a"}) }, ""},
		{"credential", "before the window", func(in *Input) {
			in.Room, in.TokenErr = &Room{Opens: noon.Add(time.Hour)}, failure("token_expired")
		}, "token_expired"},

		{"window", "too early", func(in *Input) { in.Room = &Room{Opens: noon.Add(time.Second)} }, "too_early"},
		{"window", "on time", func(in *Input) { in.Room = &Room{Opens: noon} }, ""},

		{"person", "longest peer id", func(in *Input) { in.URL[PeerID] = long[1:] }, ""},
		{"person", "peer id too long", func(in *Input) { in.URL[PeerID] = long }, "bad_message"},
		{"person", "signed peer id too long", func(in *Input) { in.Token = partner(map[string]string{PeerID: long}) }, "bad_message"},
		{"person", "peer id not UTF-8", func(in *Input) { in.URL[PeerID] = "a\xffb" }, "bad_message"},
	} {
		for _, source := range []Source{Native, GCore} {
			t.Run(c.step+"/"+c.name+"/"+string(source), func(t *testing.T) {
				in := open()
				in.Source = source
				if c.change != nil {
					c.change(&in)
				}
				got, err := Decide(in)
				if c.code == "" {
					if err != nil {
						t.Fatalf("refused: %v", err)
					}
					return
				}
				r, ok := errors.AsType[*Refusal](err)
				if !ok || r.Code != c.code || r.Message == "" {
					t.Fatalf("got %v, want %s", err, c.code)
				}
				if !reflect.DeepEqual(got, Admission{}) {
					t.Errorf("a refused person has %+v", got)
				}
				if in.TokenErr != nil && r.Cause != nil && !errors.Is(err, in.TokenErr) {
					t.Error("the cause is lost")
				}
			})
		}
	}
}

// Covers F-054.
func TestTooEarlySaysWhen(t *testing.T) {
	in := open()
	in.Room = &Room{Opens: noon.Add(time.Hour)}
	_, err := Decide(in)
	if r, ok := errors.AsType[*Refusal](err); !ok || !r.Opens.Equal(in.Room.Opens) {
		t.Errorf("%v", err)
	}
}

// Covers F-058, F-101, GC-A40.
func TestAdmissions(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*Input)
		want   func(Admission) string // what is wrong
	}{
		{"nobody in particular", nil, func(a Admission) string {
			if a.Company != "acme" || a.Room != "demo" || !a.AdHoc || a.Peer != "" || a.Name != "" || a.NameLocked ||
				a.Role != Regular || a.Mode != Speaker || a.Kind != Call || a.Capacity != 50 {
				return "defaults"
			}
			return ""
		}},
		{"configured", func(in *Input) { in.Room = &Room{ID: "demo"} }, is(func(a Admission) bool { return !a.AdHoc })},
		{"typed name", func(in *Input) { in.Typed = " Bea " }, is(func(a Admission) bool { return a.Name == "Bea" && !a.NameLocked })},
		{"typed name loses to a signed one", func(in *Input) { in.Typed = "Bea"; in.Token = native(nil) },
			is(func(a Admission) bool {
				return a.Name == "Ann" && a.NameLocked && a.Peer == "ann@example.com" && a.Role == Moderator
			})},
		{"typed name wins over the link's with us", func(in *Input) { in.Typed = "Bea"; in.URL[DisplayName] = "Cid" },
			is(func(a Admission) bool { return a.Name == "Bea" && !a.NameLocked })},
		{"link's name is locked with GCore", func(in *Input) { in.Source = GCore; in.Typed = "Bea"; in.URL[DisplayName] = "Cid" },
			is(func(a Admission) bool { return a.Name == "Cid" && a.NameLocked })},
		{"A08 signed name beats the link's", func(in *Input) {
			in.Source = GCore
			in.URL[DisplayName] = "Cid"
			in.Token = partner(map[string]string{DisplayName: "Dora"})
		}, is(func(a Admission) bool { return a.Name == "Dora" && a.NameLocked })},
		{"A09 name only in the link", func(in *Input) {
			in.Source = GCore
			in.URL[DisplayName] = "Cid"
			in.Token = partner(map[string]string{Role: "moderator"})
		}, is(func(a Admission) bool { return a.Name == "Cid" && a.Role == Moderator })},
		{"A09 a blank signed name is none", func(in *Input) {
			in.Source = GCore
			in.URL[DisplayName] = "Cid"
			in.Token = partner(map[string]string{DisplayName: " "})
		}, is(func(a Admission) bool { return a.Name == "Cid" })},
		{"A10 unsigned powers are nothing", func(in *Input) {
			in.URL = Attributes{RoomID: "demo", Role: "moderator", CanRecord: "true", WaitingRoom: "true"}
		}, is(func(a Admission) bool { return a.Role == Regular && !a.CanRecord && !a.WaitingRoom })},
		{"A10 the same beside a token that lacks them", func(in *Input) {
			in.URL = Attributes{RoomID: "demo", Role: "moderator", CanRecord: "true", WaitingRoom: "true"}
			in.Token = partner(nil)
		}, is(func(a Admission) bool { return a.Role == Regular && !a.CanRecord && !a.WaitingRoom })},
		{"A10 unsigned recording beside a signed role", func(in *Input) {
			in.URL = Attributes{RoomID: "demo", CanRecord: "true"}
			in.Token = partner(map[string]string{Role: "moderator"})
		}, is(func(a Admission) bool { return a.Role == Moderator && !a.CanRecord })},
		{"A47 both signed", func(in *Input) {
			in.Token = partner(map[string]string{Role: "Moderator", CanRecord: "true", WaitingRoom: "true"})
		}, is(func(a Admission) bool { return a.Role == Moderator && a.CanRecord && a.WaitingRoom })},
		{"A47 recording without the role", func(in *Input) { in.Token = partner(map[string]string{CanRecord: "true", WaitingRoom: "true"}) },
			is(func(a Admission) bool { return !a.CanRecord && !a.WaitingRoom })},
		{"other roles are regular", func(in *Input) { in.Token = partner(map[string]string{Role: "admin"}) },
			is(func(a Admission) bool { return a.Role == Regular })},
		{"A11 view attributes in a token", func(in *Input) {
			in.Token = partner(map[string]string{Lang: "ru", DisableChat: "true", ControlsDisabled: "true", MinimizeTiles: "true",
				NameScreenDisabled: "true", SortPeers: "true", StartWithFS: "true", AutoplayWithoutAudioTrack: "true"})
		}, is(func(a Admission) bool { return len(a.View) == 0 })},
		{"view attributes in the link", func(in *Input) { in.URL[Lang], in.URL[DisableChat] = "ru", "" },
			is(func(a Admission) bool {
				return a.View[Lang] == "ru" && a.View.Bool(DisableChat, false) && !a.View.Bool(SortPeers, false)
			})},
		{"A19 blank behind the start time", func(in *Input) { in.Token = partner(map[string]string{StartTime: "2021-06-21T00:00:00.0Z "}) },
			is(func(a Admission) bool { return a.StartTime.Equal(time.Date(2021, 6, 21, 0, 0, 0, 0, time.UTC)) })},
		{"start time that is none", func(in *Input) { in.Token = partner(map[string]string{StartTime: "soon"}) },
			is(func(a Admission) bool { return a.StartTime.IsZero() })},
		{"start time in the link", func(in *Input) { in.URL[StartTime] = "2021-06-21T00:00:00Z" },
			is(func(a Admission) bool { return a.StartTime.IsZero() })},
		{"A20 the token's room", func(in *Input) { in.URL[RoomID] = "b"; in.Token = partner(map[string]string{RoomID: "a"}) },
			is(func(a Admission) bool { return a.Room == "a" })},
		{"T16 a token for any room", func(in *Input) { in.Token = partner(map[string]string{Role: "moderator"}) },
			is(func(a Admission) bool { return a.Room == "demo" && a.Role == Moderator })},
		{"A24 an address as peer id", func(in *Input) { in.URL[PeerID] = "ann+x@example.com" },
			is(func(a Admission) bool { return a.Peer == "ann+x@example.com" })},
		{"signed peer id beats the link's", func(in *Input) { in.URL[PeerID] = "mallory"; in.Token = native(nil) },
			is(func(a Admission) bool { return a.Peer == "ann@example.com" })},
		{"alias in a partner's token", func(in *Input) { in.Token = partner(map[string]string{"peerID": "p7"}) },
			is(func(a Admission) bool { return a.Peer == "p7" })},
		{"a join token's attributes do not override its claims", func(in *Input) {
			in.Token = native(func(c *Claims) {
				c.Role, c.Peer = "", ""
				c.Attributes = map[string]string{Role: "moderator", RoomID: "other", "peerID": "x", DisplayName: "Eve"}
			})
		}, is(func(a Admission) bool {
			return a.Role == Regular && a.Room == "demo" && a.Peer == "" && a.Name == "Ann"
		})},
		{"A40 speaker attribute in a call", func(in *Input) { in.Source = GCore; in.URL[ItIsParticipant] = "false" },
			is(func(a Admission) bool { return a.Mode == Speaker && a.Capacity == CallCapacity })},
		{"A39 webinar default", func(in *Input) { in.Source, in.Kind = GCore, Webinar },
			is(func(a Admission) bool { return a.Mode == Viewer && a.Capacity == ViewerCapacity })},
		{"A39 webinar speaker", func(in *Input) { in.Source, in.Kind = GCore, Webinar; in.URL[ItIsParticipant] = "true" },
			is(func(a Admission) bool { return a.Mode == Speaker && a.Capacity == SpeakerCapacity })},
		{"the link opens no webinar that was configured", func(in *Input) {
			in.Source, in.Room = GCore, &Room{ID: "demo", Kind: Webinar}
			in.URL[ItIsParticipant] = "true"
		}, is(func(a Admission) bool { return a.Mode == Viewer })},
		{"a signed false beats the link", func(in *Input) {
			in.Source, in.Kind = GCore, Webinar
			in.URL[ItIsParticipant] = "true"
			in.Token = partner(map[string]string{ItIsParticipant: "false"})
		}, is(func(a Admission) bool { return a.Mode == Viewer })},
		{"with us a webinar speaker is signed", func(in *Input) { in.Kind = Webinar; in.URL[ItIsParticipant] = "true" },
			is(func(a Admission) bool { return a.Mode == Viewer })},
		{"with us moderators speak", func(in *Input) { in.Kind = Webinar; in.Token = native(nil) },
			is(func(a Admission) bool { return a.Mode == Speaker })},
		{"the configured kind wins", func(in *Input) { in.Kind = Webinar; in.Room = &Room{Kind: Call} },
			is(func(a Admission) bool { return a.Kind == Call && a.Mode == Speaker })},
		{"an unknown kind of page", func(in *Input) { in.Kind = "party" }, is(func(a Admission) bool { return a.Kind == Call })},
		{"company's limit", func(in *Input) { in.Company.MaxParticipants = 7 }, is(func(a Admission) bool { return a.Capacity == 7 })},
		{"room's limit", func(in *Input) { in.Company.MaxParticipants = 7; in.Room = &Room{MaxParticipants: 9} },
			is(func(a Admission) bool { return a.Capacity == 9 })},
		{"token lifetime, signed first", func(in *Input) {
			in.URL[TokenLifetime] = "90000"
			in.Token = partner(map[string]string{TokenLifetime: "60000"})
		}, is(func(a Admission) bool { return a.TokenLifetime == time.Minute })},
		{"token lifetime that is none", func(in *Input) { in.URL[TokenLifetime] = "1e400" },
			is(func(a Admission) bool { return a.TokenLifetime == 0 })},
		{"A48 player", func(in *Input) { in.URL[Video] = "https://player.example/v?id=1" },
			is(func(a Admission) bool { return a.Video == "https://player.example/v?id=1" })},
		{"A48 script for a player", func(in *Input) { in.URL[Video] = "javascript:alert(1)" },
			is(func(a Admission) bool { return a.Video == "" })},
		{"X-74 a link brings no player", func(in *Input) { in.URL[Video], in.Company.VideoSignedOnly = "https://player.example/", true },
			is(func(a Admission) bool { return a.Video == "" })},
		{"X-74 a token does", func(in *Input) {
			in.URL[Video], in.Company.VideoSignedOnly = "https://player.example/", true
			in.Token = partner(map[string]string{Video: "https://signed.example/"})
		}, is(func(a Admission) bool { return a.Video == "https://signed.example/" })},
		{"A48 plain http", func(in *Input) { in.URL[Video] = "http://player.example/" },
			is(func(a Admission) bool { return a.Video == "" })},
	} {
		t.Run(c.name, func(t *testing.T) {
			in := open()
			if c.change != nil {
				c.change(&in)
			}
			got, err := Decide(in)
			if err != nil {
				t.Fatal(err)
			}
			if wrong := c.want(got); wrong != "" {
				t.Errorf("%s: %+v", wrong, got)
			}
		})
	}
}

func is(ok func(Admission) bool) func(Admission) string {
	return func(a Admission) string {
		if ok(a) {
			return ""
		}
		return "unexpected"
	}
}

func TestReadURL(t *testing.T) {
	q, err := url.ParseQuery("roomId=a&roomId=b&peerID=p&displayName=Ann%20B&disbleChat=true&token=x&role=moderator&Lang=ru&nameScreenDisabled")
	if err != nil {
		t.Fatal(err)
	}
	want := Attributes{RoomID: "a", PeerID: "p", DisplayName: "Ann B", DisableChat: "true", Role: "moderator", NameScreenDisabled: ""}
	if got := ReadURL(GCore, q); !reflect.DeepEqual(got, want) {
		t.Errorf("%v", got)
	}
	q.Set("peerId", "first")
	if got := ReadURL(GCore, q)[PeerID]; got != "first" {
		t.Errorf("alias won: %q", got)
	}
}

func TestBool(t *testing.T) {
	for v, want := range map[string][2]bool{
		"true": {true, true}, "1": {true, true}, "": {true, true},
		"false": {false, false}, "0": {false, false},
		"yes": {false, true}, "TRUE": {false, true}, " true": {false, true}, "2": {false, true},
	} {
		a := Attributes{"x": v}
		if got := [2]bool{a.Bool("x", false), a.Bool("x", true)}; got != want {
			t.Errorf("%q: %v", v, got)
		}
	}
	if (Attributes{}).Bool("x", false) || !(Attributes{}).Bool("x", true) {
		t.Error("absent")
	}
}

func TestCleanName(t *testing.T) {
	for in, want := range map[string]string{
		"":                        "",
		"  Ann\t B \n":            "Ann B",
		"a\x00b\x1b[31mc":         "ab[31mc",
		"\u202eevil\u2066":        "evil",
		"bad\xff\xfeutf":          "badutf",
		"\uFFFD":                  "\uFFFD",
		"Ёлка 👩‍👩‍👧":              "Ёлка 👩‍👩‍👧",
		strings.Repeat("ж", 300):  strings.Repeat("ж", 128),
		strings.Repeat("a ", 300): strings.TrimSpace(strings.Repeat("a ", 64)),
		"a\u00a0\u2028b":          "a b",
	} {
		if got := CleanName(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

// Every code of a refusal is in the list that clients read.
func TestCodesAreKnown(t *testing.T) {
	text, err := os.ReadFile("../../edge/signal/codes.json")
	if err != nil {
		t.Fatal(err)
	}
	var lists map[string][]string
	if err := json.Unmarshal(text, &lists); err != nil {
		t.Fatal(err)
	}
	for _, code := range []string{"not_found", "denied", "bad_message", "token_missing", "token_wrong_company", "token_wrong_room", "too_early", "blocked", "wrong_password", "try_again"} {
		if !slices.Contains(lists["refused"], code) {
			t.Errorf("%s is unknown", code)
		}
	}
}
