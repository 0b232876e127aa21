package record_test

import (
	"errors"
	"flag"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/meridian-video/meridian/control/history/record"
)

var update = flag.Bool("update", false, "rewrite golden files")

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

func live() record.Live {
	return record.Live{Company: "acme", Room: "daily", Session: "s1", At: noon}
}

// each is a good record of every kind.
func each() []record.Record {
	presence := record.PresenceID("s1", "ann", noon)
	return []record.Record{
		&record.Opened{Live: live(), RoomKind: record.Call, POP: "fra", Node: "fra-1"},
		&record.Closed{Live: live()},
		&record.Joined{
			Live: live(), Presence: presence, Peer: "ann", Role: record.Moderator, Mode: record.Speaker, POP: "fra", Node: "fra-1",
			Person: "u1", Name: "Ann <Zoë>", Attributes: map[string]string{"team": "red", "lang": "de"},
		},
		&record.Left{Live: live(), Presence: presence, Peer: "ann", Reason: record.ReasonLost, Name: "Ann", Farewell: `{"token":"once"}`},
		&record.Tick{Live: live(), Presence: presence, Peer: "ann"},
		&record.Chat{Live: live(), Message: "m1", Seq: 3, Peer: "ann", Name: "Ann", Text: "a\nb \"c\""},
		&record.Audit{
			Event: "e1", Company: "acme", At: noon, Actor: "key:k1", Action: "room.update", Object: record.Object{Kind: "room", ID: "r1"},
			Request: "q1", Changes: []record.Change{{Field: "lobby", Before: "false", After: "true"}, {Field: "moderator_pin"}},
		},
	}
}

// The lines are a protocol between versions: a change of this file is a change of the protocol.
func TestLinesAreAsAgreed(t *testing.T) {
	var lines []byte
	for _, r := range each() {
		line, err := record.Encode(r)
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, line...)
	}
	const golden = "testdata/lines.ndjson"
	if *update {
		if err := os.WriteFile(golden, lines, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if string(lines) != string(want) {
		t.Errorf("got\n%swant\n%s", lines, want)
	}
	for i, line := range record.Lines(want) {
		r, err := record.Decode(line)
		if err != nil || !reflect.DeepEqual(r, each()[i]) {
			t.Errorf("line %d: %+v, %v", i, r, err)
		}
	}
}

func TestBadRecordsAreRefused(t *testing.T) {
	long := strings.Repeat("x", 9<<10)
	many := map[string]string{}
	for c := range 65 {
		many[strings.Repeat("k", c+1)] = "v"
	}
	tests := map[string]func(r []record.Record){
		"opened: company is missing":                       func(r []record.Record) { r[0].(*record.Opened).Company = "" },
		"opened: room has more than 256 bytes":             func(r []record.Record) { r[0].(*record.Opened).Room = long },
		"opened: room_kind is unknown":                     func(r []record.Record) { r[0].(*record.Opened).RoomKind = "party" },
		"closed: at is not a time":                         func(r []record.Record) { r[1].(*record.Closed).At = time.Time{} },
		"closed: session is not UTF-8":                     func(r []record.Record) { r[1].(*record.Closed).Session = "\xff" },
		"joined: peer is missing":                          func(r []record.Record) { r[2].(*record.Joined).Peer = "" },
		"joined: role is unknown":                          func(r []record.Record) { r[2].(*record.Joined).Role = "owner" },
		"joined: mode is unknown":                          func(r []record.Record) { r[2].(*record.Joined).Mode = "" },
		"joined: name has more than 512 bytes":             func(r []record.Record) { r[2].(*record.Joined).Name = long },
		"joined: attributes are more than 64":              func(r []record.Record) { r[2].(*record.Joined).Attributes = many },
		"joined: attributes has more than 1024 bytes":      func(r []record.Record) { r[2].(*record.Joined).Attributes = map[string]string{"k": long} },
		"left: reason is unknown":                          func(r []record.Record) { r[3].(*record.Left).Reason = "bored" },
		"left: presence is missing":                        func(r []record.Record) { r[3].(*record.Left).Presence = "" },
		"tick: at is not a multiple of 30 s":               func(r []record.Record) { r[4].(*record.Tick).At = noon.Add(time.Second) },
		"chat: text has more than 8192 bytes":              func(r []record.Record) { r[5].(*record.Chat).Text = long },
		"chat: seq is too large":                           func(r []record.Record) { r[5].(*record.Chat).Seq = 1 << 63 },
		"chat: message is missing":                         func(r []record.Record) { r[5].(*record.Chat).Message = "" },
		"audit: actor is missing":                          func(r []record.Record) { r[6].(*record.Audit).Actor = "" },
		"audit: changes show a secret":                     func(r []record.Record) { r[6].(*record.Audit).Changes[1].After = "1234" },
		"audit: changes.before has more than 512 bytes":    func(r []record.Record) { r[6].(*record.Audit).Changes[0].Before = long },
		"audit: changes are more than 64":                  func(r []record.Record) { r[6].(*record.Audit).Changes = make([]record.Change, 65) },
		"audit: object.id is missing":                      func(r []record.Record) { r[6].(*record.Audit).Object.ID = "" },
		"audit: at is not a time between 2020 and 2200":    func(r []record.Record) { r[6].(*record.Audit).At = noon.AddDate(300, 0, 0) },
		"joined: attributes is missing":                    func(r []record.Record) { r[2].(*record.Joined).Attributes = map[string]string{"": "v"} },
		"opened: pop has more than 256 bytes":              func(r []record.Record) { r[0].(*record.Opened).POP = long },
		"closed: at is not a time between 2020 and 2200":   func(r []record.Record) { r[1].(*record.Closed).At = noon.AddDate(-20, 0, 0) },
		"chat: peer is missing":                            func(r []record.Record) { r[5].(*record.Chat).Peer = "" },
		"audit: event is missing":                          func(r []record.Record) { r[6].(*record.Audit).Event = "" },
		"left: reason is unknown ":                         func(r []record.Record) { r[3].(*record.Left).Reason = "" },
		"tick: at is not a time between 2020 and 2200":     func(r []record.Record) { r[4].(*record.Tick).At = time.Unix(0, 0) },
		"audit: action is missing":                         func(r []record.Record) { r[6].(*record.Audit).Action = "" },
		"joined: presence has more than 256 bytes":         func(r []record.Record) { r[2].(*record.Joined).Presence = long },
		"opened: node has more than 256 bytes":             func(r []record.Record) { r[0].(*record.Opened).Node = long },
		"audit: object.kind is missing":                    func(r []record.Record) { r[6].(*record.Audit).Object.Kind = "" },
		"joined: attributes have more than 8192 bytes tog": func(r []record.Record) { r[2].(*record.Joined).Attributes = attributes(9, 1000) },
	}
	for want, spoil := range tests {
		all := each()
		spoil(all)
		var errs []string
		for _, r := range all {
			if _, err := record.Encode(r); err != nil {
				if !errors.Is(err, record.ErrInvalid) {
					t.Errorf("%s: %v is not ErrInvalid", want, err)
				}
				errs = append(errs, err.Error())
			}
		}
		if len(errs) != 1 || !strings.HasPrefix(errs[0], "invalid record: "+strings.TrimSpace(want)) {
			t.Errorf("want %s, got %q", want, errs)
		}
	}
}

func attributes(n, size int) map[string]string {
	m := make(map[string]string, n)
	for i := range n {
		m[string(rune('a'+i))] = strings.Repeat("v", size)
	}
	return m
}

func TestDecodeTellsWhatItCannotRead(t *testing.T) {
	tests := []struct {
		line string
		want error
	}{
		{``, record.ErrMalformed},
		{`[]`, record.ErrMalformed},
		{`{"t":1}`, record.ErrMalformed},
		{`{"t":"closed"`, record.ErrMalformed},
		{`{"t":"closed","at":"yesterday"}`, record.ErrMalformed},
		{`{"t":"joined","attributes":["a"]}`, record.ErrMalformed},
		{strings.Repeat(" ", record.MaxLine) + `{}`, record.ErrMalformed},
		{`{}`, record.ErrUnknownKind},
		{`{"t":"whiteboard"}`, record.ErrUnknownKind},
		{`{"t":"closed"}`, record.ErrInvalid},
		{`{"t":"closed","company":"c","room":"r","session":"s","at":"2026-11-20T12:00:00Z"}`, nil},
		{`{"t":"closed","company":"c","room":"r","session":"s","at":"2026-11-20T12:00:00Z","mood":{"new":1}}`, nil},
	}
	for _, test := range tests {
		if _, err := record.Decode([]byte(test.line)); !errors.Is(err, test.want) {
			t.Errorf("%.80s: %v, want %v", test.line, err, test.want)
		}
	}
}

func TestWhatADatabaseCannotHoldIsReplaced(t *testing.T) {
	j := each()[2].(*record.Joined)
	j.Name, j.At = "A\x00n", noon.Add(1234567*time.Nanosecond).In(time.FixedZone("", 3600))
	j.Attributes = map[string]string{"k\x00": "v\x00"}
	if err := record.Check(j); err != nil {
		t.Fatal(err)
	}
	if j.Name != "A\uFFFDn" || j.Attributes["k\uFFFD"] != "v\uFFFD" || len(j.Attributes) != 1 {
		t.Errorf("got %q %q", j.Name, j.Attributes)
	}
	if want := noon.Add(time.Millisecond); j.At != want {
		t.Errorf("at %v, want %v", j.At, want)
	}
}

func TestPresencesAreToldApart(t *testing.T) {
	id := record.PresenceID("s", "p", noon)
	if again := record.PresenceID("s", "p", noon.Add(time.Microsecond).Local()); again != id || len(id) != 24 {
		t.Errorf("%s and %s for one presence", id, again)
	}
	for _, other := range []string{
		record.PresenceID("sp", "", noon), record.PresenceID("", "sp", noon), record.PresenceID("s", "q", noon),
		record.PresenceID("s", "p", noon.Add(time.Millisecond)),
	} {
		if other == id {
			t.Error("two presences have one id")
		}
	}
}

func TestIDsAreOfTheFact(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range each() {
		seen[r.ID()] = true
	}
	a, b := record.Closed{Live: live()}, record.Closed{Live: live()}
	if b.At = noon.Add(time.Hour); a.ID() != b.ID() {
		t.Error("the same fact at another time has another id")
	}
	a.Company, a.Session, b.Company, b.Session = "a/1:b", "c", "a", "1:b/c"
	if len(seen) != 7 || a.ID() == b.ID() {
		t.Errorf("different facts have one id: %v", seen)
	}
}

func TestTickAtLooksBack(t *testing.T) {
	for at, want := range map[int64]int64{0: 0, 29: 0, 30: 30, 59: 30, -1: -30, -30: -30, -31: -60} {
		if got := record.TickAt(time.Unix(at, 999)); got.Unix() != want || got.Nanosecond() != 0 {
			t.Errorf("tick at %d is %v, want %d", at, got, want)
		}
	}
}

func TestEncodedRecordsComeBackEqual(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		id := rapid.StringN(1, 40, 256)
		in := &record.Joined{
			Live: record.Live{
				Company: id.Draw(t, "company"), Room: id.Draw(t, "room"), Session: id.Draw(t, "session"),
				At: time.UnixMilli(rapid.Int64Range(1.6e12, 7e12).Draw(t, "at")),
			},
			Presence: id.Draw(t, "presence"), Peer: id.Draw(t, "peer"), Role: record.Regular, Mode: record.Viewer,
			Name:       rapid.StringN(0, 100, 512).Draw(t, "name"),
			Attributes: rapid.MapOfN(rapid.StringN(1, 20, 256), rapid.StringN(0, 50, 1024), 0, 6).Draw(t, "attributes"),
		}
		line, err := record.Encode(in)
		if err != nil {
			t.Fatal(err)
		}
		out, err := record.Decode(line)
		if err != nil || !reflect.DeepEqual(in, out) || strings.Count(string(line), "\n") != 1 {
			t.Fatalf("%s: %+v, %v", line, out, err)
		}
	})
}

func FuzzDecode(f *testing.F) {
	for _, r := range each() {
		line, err := record.Encode(r)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(line)
	}
	f.Add([]byte(`{"t":"tick","at":"2026-11-20T12:00:01Z"}`))
	f.Add([]byte(`{"T":"left","t":null}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		r, err := record.Decode(line)
		if err != nil {
			return
		}
		again, err := record.Encode(r)
		if err != nil { // escapes may have made a line longer
			if len(line) < record.MaxLine/8 {
				t.Fatalf("what was read cannot be written: %v", err)
			}
			return
		}
		if back, err := record.Decode(again); err != nil || !reflect.DeepEqual(r, back) {
			t.Fatalf("%+v became %+v, %v", r, back, err)
		}
	})
}
