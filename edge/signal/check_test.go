package signal

import (
	"context"
	"fmt"
	"strings"
	"testing"
)

// Check implements Checker; what it opened is told to be gone by s.session.over.
func (h *fakeHost) Check(ctx context.Context, c Check) (Checked, error) {
	if h.err != nil {
		return Checked{}, h.err
	}
	context.AfterFunc(ctx, func() { h.session.over <- c.ID })
	return Checked{Type: "checked", ID: c.ID, Answer: "to " + c.Offer, ICEServers: []ICEServer{}}, nil
}

const aCheck = `{"type":"check","v":1,"id":"%s","offer":"v=0"}`

func TestCheckTriesAFewWays(t *testing.T) {
	s := serve(t)
	p := s.dial()
	for i := range checkWays {
		p.say(fmt.Sprintf(aCheck, fmt.Sprint("w", i)))
		if m := p.hear(); m["type"] != "checked" || m["id"] != fmt.Sprint("w", i) || m["answer"] != "to v=0" {
			t.Fatalf("heard %v", m)
		}
	}
	p.say(fmt.Sprintf(aCheck, "one more"))
	if m := p.hear(); m["type"] != "refused" || m["code"] != string(TryAgain) {
		t.Errorf("heard %v", m)
	}
	if code := p.ends(); code != closeRefused {
		t.Errorf("closed with %v", code)
	}
	if n := len(s.session.did); n != 0 {
		t.Errorf("did %v", s.session.did)
	}
}

func TestCheckEndsWithItsSocket(t *testing.T) {
	s := serve(t)
	p := s.dial()
	p.say(fmt.Sprintf(aCheck, "udp"))
	p.hear()
	_ = p.CloseNow()
	s.isOver("udp")
	if log := s.log.String(); strings.Contains(log, "ERROR") {
		t.Error(log)
	}
}

func TestCheckIsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		says string
		host error
		code Code
	}{
		"another version": {says: `{"type":"check","v":2,"id":"u","offer":"v=0"}`, code: UnsupportedVersion},
		"no offer":        {says: `{"type":"check","v":1,"id":"u"}`, code: BadMessage},
		"no id":           {says: `{"type":"check","v":1,"offer":"v=0"}`, code: BadMessage},
		"a full node":     {says: fmt.Sprintf(aCheck, "u"), host: &Error{Kind: Refused, Code: NodeFull}, code: NodeFull},
	} {
		s := serve(t)
		s.err = c.host
		p := s.dial()
		p.say(c.says)
		if m := p.hear(); m["type"] != "refused" || m["code"] != string(c.code) {
			t.Errorf("%s: heard %v", name, m)
		}
	}
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func FuzzParseCheck(f *testing.F) {
	f.Add([]byte(fmt.Sprintf(aCheck, "udp")))
	f.Add([]byte(`{"type":"check","v":1}`))
	f.Add([]byte(`{"type":"join","v":1,"id":7,"offer":"v=0"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := ParseCheck(b)
		if err == nil && (!checks(b) || c.ID == "" || len(c.ID) > maxID || c.Offer == "" || c.V != Version) {
			t.Errorf("taken without what it needs: %+v", c)
		}
	})
}
