package signal

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"
)

// A refusal says what the company's own server says, apart from our own words,
// and what is not known is not there.
func TestARefusalSaysWhatIsKnown(t *testing.T) {
	opens := time.Date(2026, 12, 1, 9, 0, 0, 0, time.UTC)
	e := Refuse(Locked, "Nobody can come in just now.", nil)
	e.Reason, e.Contact, e.Opens = "Closed.", "Mara", &opens
	for _, c := range []struct {
		e    *Error
		want string
	}{
		{e, `{"type":"refused","code":"locked","message":"Nobody can come in just now.","opens":"2026-12-01T09:00:00Z","reason":"Closed.","contact":"Mara"}`},
		{Refuse(CheckFailed, "m", nil), `{"type":"refused","code":"check_failed","message":"m"}`},
	} {
		if got, err := json.Marshal(c.e.fault("")); err != nil || string(got) != c.want {
			t.Errorf("\n got %s\nwant %s", got, c.want)
		}
	}
	if status := Refuse(CheckFailed, "", nil).status(); status != 503 {
		t.Errorf("by HTTP %d", status)
	}
}

// Who is asked about sees that the node is there, and may have to wait in the
// lobby after that.
func TestCheckingIsSaidAndAnswersPings(t *testing.T) {
	s := serve(t)
	s.checks, s.admit = true, make(chan struct{})
	p := s.dial()
	p.say(goodJoin)
	for _, want := range []string{"checking", "waiting"} {
		if m := p.hear(); m["type"] != want || m["ping_ms"] != float64(PingInterval.Milliseconds()) {
			t.Fatalf("heard %v, want %s", m, want)
		}
	}
	for n := range 3 {
		p.say(fmt.Sprintf(`{"type":"ping","t":%d}`, n))
		if m := p.hear(); m["type"] != "pong" || m["t"] != float64(n) {
			t.Fatalf("heard %v", m)
		}
	}
	s.admit <- struct{}{}
	if m := p.hear(); m["type"] != "joined" {
		t.Errorf("heard %v", m)
	}
}
