package signal

import (
	"fmt"
	"strings"
	"testing"
)

func TestLookupsAreChecked(t *testing.T) {
	for _, c := range []struct{ fields, want string }{
		{`"limit":101`, "limit: 101 is not within 1 and 100"},
		{`"limit":-1`, "limit: -1"},
		{`"match":"` + strings.Repeat("я", maxMatch+1) + `"`, "match: is longer"},
		{`"after":"` + strings.Repeat("x", maxCursor+1) + `"`, "after: is longer"},
	} {
		_, err := ParseRequest([]byte(`{"type":"people",` + c.fields + `}`))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.30s: %v, want %q", c.fields, err, c.want)
		}
	}
	r, err := ParseRequest([]byte(`{"type":"people","match":"` + strings.Repeat("я", maxMatch) + `"}`))
	if err != nil || r.Limit != usualPage {
		t.Errorf("%+v, %v", r.Lookup, err)
	}
}

func TestSocketAnswersLookups(t *testing.T) {
	s := serve(t)
	p := s.join()
	p.say(`{"type":"people","id":"p1","match":"ann"}`)
	if m := p.hear(); m["type"] != "people" || m["id"] != "p1" || m["next"] != "more" || m["total"] != 7.0 || fmt.Sprint(len(m["people"].([]any))) != "1" {
		t.Errorf("heard %v", m)
	}
	p.say(`{"type":"people","id":"p2","match":"secret"}`)
	if m := p.hear(); m["type"] != "error" || m["id"] != "p2" || m["code"] != "not_allowed" {
		t.Errorf("heard %v", m)
	}
	for i := range 3 * peopleBurst {
		p.say(fmt.Sprintf(`{"type":"people","id":"q%d"}`, i))
	}
	limited := 0
	for range 3 * peopleBurst {
		if m := p.hear(); m["code"] == "rate_limited" {
			limited++
		}
	}
	if limited == 0 || s.session.count("people ") > 2*peopleBurst {
		t.Errorf("%d of %d were limited", limited, 3*peopleBurst)
	}
}
