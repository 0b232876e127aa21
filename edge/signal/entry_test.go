package signal

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestParseEntry(t *testing.T) {
	r, err := ParseEntry([]byte(`{"room":"demo","token":"a.b.c","attributes":{"lang":"ru","later":""},"more":1}`))
	if err != nil || r.Room != "demo" || r.Token != "a.b.c" || r.Attributes["lang"] != "ru" {
		t.Fatalf("%+v, %v", r, err)
	}
	many := map[string]string{}
	for i := range maxAttributes + 1 {
		many[fmt.Sprint(i)] = ""
	}
	for what, attributes := range map[string]map[string]string{
		"too many": many, "a long name": {strings.Repeat("x", maxAttributeName+1): ""}, "a long value": {"x": strings.Repeat("x", maxAttribute+1)},
	} {
		b, _ := json.Marshal(EntryRequest{Attributes: attributes})
		if _, err := ParseEntry(b); err == nil {
			t.Errorf("%s attributes are taken", what)
		}
		b, _ = json.Marshal(Join{Type: "join", V: 1, Room: "r", Offer: "o", Attributes: attributes})
		if _, err := ParseJoin(b); asError(err, Refused).Code != BadMessage {
			t.Errorf("%s attributes of a join: %v", what, err)
		}
	}
	if _, err := ParseEntry([]byte(`{"browser":"` + strings.Repeat("x", maxID+1) + `"}`)); err == nil {
		t.Error("a long secret is taken")
	}
	if _, err := ParseEntry([]byte(`{"name":"` + strings.Repeat("x", MaxEntry) + `"}`)); err == nil {
		t.Error("a long request is taken")
	}
}

// A refusal says nothing beside itself.
func TestAnEntryIsAnAdmissionOrARefusal(t *testing.T) {
	at := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	for want, a := range map[string]EntryAnswer{
		`{"refusal":{"code":"too_early","message":"m","opens":"2026-11-21T12:00:00Z"}}`: {Refusal: &EntryRefusal{Code: "too_early", Message: "m", Opens: &at}},
		`{"name":"Ann","name_locked":true,"page":"setup","role":"regular","mode":"speaker","chat":true,"media":{"mic_off":true,"camera_off":false,"mic_locked":false},"view":{},"hidden":[],"room":{}}`: {
			Entry: &Entry{Name: "Ann", NameLocked: true, Page: "setup", Role: "regular", Mode: "speaker", Chat: true, Media: EntryMedia{MicOff: true}, View: map[string]string{}, Hidden: []string{}},
		},
	} {
		if got, err := json.Marshal(a); err != nil || string(got) != want {
			t.Errorf("%s, %v", got, err)
		}
	}
}

func FuzzParseEntry(f *testing.F) {
	f.Add([]byte(`{"room":"demo","kind":"call","token":"t","browser":"b","name":"Ann","attributes":{"lang":"ru"}}`))
	f.Add([]byte(`{"attributes":{"":null}}`))
	f.Add([]byte(`[]`))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := ParseEntry(b)
		if err == nil && (checkAttributes(r.Attributes) != nil || len(r.Browser) > maxID) {
			t.Errorf("%+v is taken", r)
		}
	})
}
