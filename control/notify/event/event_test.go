package event

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"testing"
	"time"

	"github.com/meridian-video/meridian/control/history/record"
)

var update = flag.Bool("update", false, "rewrite EVENTS.md")

func TestDocumentIsOfTheCatalogue(t *testing.T) {
	if *update {
		if err := os.WriteFile("EVENTS.md", []byte(Document()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	kept, err := os.ReadFile("EVENTS.md")
	if err != nil || string(kept) != Document() {
		t.Errorf("EVENTS.md is not up to date (-update rewrites it): %v", err)
	}
}

func liveAt(at time.Time) record.Live {
	return record.Live{Company: "acme", Room: "daily", Session: "s1", At: at}
}

// One end is told, whether the home says it or its silence, whichever comes first.
func TestALostSessionEndsOnce(t *testing.T) {
	lost, err := Lost("acme", "daily", "s1", exampleAt)
	if err != nil || string(lost.Data) != `{"session":"s1","reason":"lost"}` || lost.Type != TypeSessionClosed || !lost.At.Equal(exampleAt) {
		t.Errorf("%+v %s, %v", lost, lost.Data, err)
	}
	closed, _, err := FromRecord(&record.Closed{Live: record.Live{Company: "acme", Room: "daily", Session: "s1", At: exampleAt.Add(time.Hour)}})
	if err != nil || closed.ID != lost.ID || closed.Room != lost.Room || closed.Company != lost.Company {
		t.Errorf("%+v and %+v, %v", closed, lost, err)
	}
	if other, err := Lost("acme", "daily", "s2", exampleAt); err != nil || other.ID == lost.ID {
		t.Errorf("two sessions have one end, %v", err)
	}
}

func TestRecordsTellEvents(t *testing.T) {
	audit := func(company, action string) *record.Audit {
		return &record.Audit{
			Event: "e1", Company: company, At: exampleAt, Actor: "key:k", Action: action, Object: record.Object{Kind: "room", ID: "r1"},
			Changes: []record.Change{{Field: "lobby", Before: "false", After: "true"}, {Field: "password"}},
		}
	}
	tests := []struct {
		record record.Record
		want   Type
		data   string
	}{
		{&record.Opened{Live: liveAt(exampleAt), RoomKind: record.Call, POP: "fra"}, TypeSessionOpened, `{"session":"s1","room_kind":"call","pop":"fra"}`},
		{&record.Closed{Live: liveAt(exampleAt)}, TypeSessionClosed, `{"session":"s1"}`},
		{&record.Joined{Live: liveAt(exampleAt), Presence: "p", Peer: "ann", Role: record.Regular, Mode: record.Viewer, POP: "fra"}, TypeParticipantJoined,
			`{"session":"s1","presence":"p","peer":"ann","role":"regular","mode":"viewer","pop":"fra"}`},
		{&record.Left{Live: liveAt(exampleAt), Presence: "p", Peer: "ann", Reason: record.ReasonKicked}, TypeParticipantLeft,
			`{"session":"s1","presence":"p","peer":"ann","reason":"kicked"}`},
		{&record.Chat{Live: liveAt(exampleAt), Message: "m", Seq: 3, Peer: "ann", Text: "hi"}, TypeChatMessage,
			`{"session":"s1","message":"m","order":3,"peer":"ann","text":"hi"}`},
		{audit("acme", "room.update"), "room.updated", `{"kind":"room","id":"r1","fields":["lobby","password"],"actor":"key:k"}`},
		{audit("acme", "tenant_key.revoke"), "", ""},
		{audit("acme", "api_key.create"), "", ""},
		{audit("", "company.create"), "", ""}, // the platform's own affair
		{&record.Tick{Live: liveAt(exampleAt), Presence: "p", Peer: "ann"}, "", ""},
	}
	for _, tt := range tests {
		e, ok, err := FromRecord(tt.record)
		if err != nil || ok != (tt.want != "") || e.Type != tt.want || string(e.Data) != tt.data {
			t.Errorf("%T: %v %v %s %s", tt.record, err, ok, e.Type, e.Data)
		}
		if ok && !Known(e.Type) {
			t.Errorf("%s is not in the catalogue", e.Type)
		}
		if _, isAudit := tt.record.(*record.Audit); ok && (e.Company != "acme" || (e.Room == "daily") == isAudit) {
			t.Errorf("%s is of company %q, room %q", e.Type, e.Company, e.Room)
		}
	}
}

func TestIDsAreStableAndDistinct(t *testing.T) {
	ids := map[string]bool{}
	for _, r := range []record.Record{
		&record.Opened{Live: liveAt(exampleAt)}, &record.Closed{Live: liveAt(exampleAt)},
		&record.Left{Live: liveAt(exampleAt), Presence: "p"}, &record.Joined{Live: liveAt(exampleAt), Presence: "p"}, &record.Joined{Live: liveAt(exampleAt), Presence: "q"},
	} {
		first, _, err := FromRecord(r)
		again, _, _ := FromRecord(r)
		if err != nil || first.ID != again.ID || ids[first.ID] {
			t.Errorf("%T: ids %s and %s, %v", r, first.ID, again.ID, err)
		}
		ids[first.ID] = true
	}
}

func TestEndsOfOnePresenceAreOneEvent(t *testing.T) {
	lost, _, _ := FromRecord(&record.Left{Live: liveAt(exampleAt), Presence: "p", Peer: "ann", Reason: record.ReasonLost})
	left, _, _ := FromRecord(&record.Left{Live: liveAt(exampleAt.Add(time.Second)), Presence: "p", Peer: "ann", Reason: record.ReasonLeft})
	if lost.ID != left.ID {
		t.Errorf("two nodes' ends of a presence are told twice: %s, %s", lost.ID, left.ID)
	}
}

func FuzzParse(f *testing.F) {
	for _, d := range Catalogue() {
		body, err := d.Example.Body(7)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(body)
	}
	f.Add([]byte(`{"id":1}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		e, err := Parse(body)
		if err != nil || !json.Valid(e.Data) {
			return
		}
		first, err := e.Body(9)
		if err != nil {
			return // a year beyond 9999
		}
		parsed, err := Parse(first)
		if err != nil {
			t.Fatal(err)
		}
		if second, err := parsed.Body(9); err != nil || !bytes.Equal(first, second) {
			t.Errorf("%s became %s, %v", first, second, err)
		}
	})
}
