package callers

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
	"time"

	"github.com/meridian-video/meridian/control/client"
)

// copied is a configuration of two companies: acme, whose host is acme.example and
// which any nobody's host falls back to, and zen with zen.example.
type copied struct {
	both, suspended bool
}

func (copied) APIKey(text string, _ time.Time) (client.APIKey, bool) {
	k := client.APIKey{}
	k.ID, k.Rate = text, 7
	switch text {
	case "acme":
		k.Company = "acme"
	case "acme-reads":
		k.Company, k.Scopes = "acme", []string{"rooms:read"}
	case "zen":
		k.Company = "zen"
	default:
		return k, false
	}
	return k, true
}

func (copied) Calls(company string, from netip.Addr) bool {
	return company == "acme" && from == netip.MustParseAddr("192.0.2.1")
}

func (v copied) Company(id string) (c client.Company, ok bool) {
	c.ID, c.Status = id, "active"
	if v.suspended {
		c.Status = "suspended"
	}
	return c, true
}

func (v copied) CompanyByHost(host string) (client.Company, bool) {
	switch host {
	case "zen.example":
		return v.Company("zen")
	case "gone.example":
		return client.Company{}, false
	}
	return v.Company("acme")
}

func (copied) Names(host string) bool { return host != "nobody.example" }

func (v copied) Settings(client.Company, client.Room) client.Settings {
	return client.Settings{KeyAndCaller: &v.both}
}

func TestWhoMayCall(t *testing.T) {
	const write = "rooms:write"
	near, far := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")
	for _, c := range []struct {
		name string
		in   copied
		call Call
		who  string
		want error
	}{
		{"a key", copied{}, Call{"acme.example", "acme", far, false, write}, "acme", nil},
		{"a key, by a page", copied{}, Call{"acme.example", "acme", far, true, write}, "acme", nil},
		{"an address", copied{}, Call{"acme.example", "", near, false, write}, "acme", nil},
		{"an address, by a page", copied{}, Call{"acme.example", "", near, true, write}, "", ErrPage},
		{"nothing", copied{}, Call{"acme.example", "", far, false, write}, "", ErrUnknown},
		{"a bad key from a good address", copied{}, Call{"acme.example", "bad", near, false, write}, "", ErrUnknown},
		{"an address of another company", copied{}, Call{"zen.example", "", near, false, write}, "", ErrUnknown},
		{"a key that only reads", copied{}, Call{"acme.example", "acme-reads", near, false, write}, "", ErrScope},
		{"a key that only reads, reading", copied{}, Call{"acme.example", "acme-reads", far, false, "rooms:read"}, "acme", nil},
		{"another company's key", copied{}, Call{"acme.example", "zen", near, false, write}, "", ErrForeign},
		{"a key under nobody's host", copied{}, Call{"nobody.example", "zen", far, false, write}, "zen", nil},
		{"a key under a host of a company that is gone", copied{}, Call{"gone.example", "zen", far, false, write}, "", ErrForeign},
		{"an address under such a host", copied{}, Call{"gone.example", "", near, false, write}, "", ErrUnknown},
		{"both demanded, both there", copied{both: true}, Call{"acme.example", "acme", near, false, write}, "acme", nil},
		{"both demanded, key alone", copied{both: true}, Call{"acme.example", "acme", far, false, write}, "", ErrAddress},
		{"both demanded, address alone", copied{both: true}, Call{"acme.example", "", near, false, write}, "", ErrUnknown},
		{"suspended", copied{suspended: true}, Call{"acme.example", "acme", near, false, write}, "", ErrSuspended},
	} {
		got, err := Judge(c.in, c.call, time.Now())
		if !errors.Is(err, c.want) || got.Company != c.who {
			t.Errorf("%s: %+v, %v", c.name, got, err)
		}
	}
}

func TestOfReadsNoCookie(t *testing.T) {
	r := httptest.NewRequest("GET", "https://meet.acme.example:443/rooms/x/closeRoom?key=mrk_a_b", nil)
	r.RemoteAddr = "[2001:db8::1]:4000"
	r.AddCookie(&http.Cookie{Name: "session", Value: "mrk_a_b"})
	want := Call{Host: "meet.acme.example:443", From: netip.MustParseAddr("2001:db8::1"), Scope: "rooms:read"}
	if got := Of(r, "rooms:read"); got != want {
		t.Errorf("got %+v", got)
	}
	r.Header.Set("Authorization", "bearer  mrk_a_b ")
	if got := Of(r, "rooms:read"); got.Key != "mrk_a_b" {
		t.Errorf("key %q", got.Key)
	}
	for header, value := range map[string]string{"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"} {
		q := httptest.NewRequest("GET", "/", nil)
		q.Header.Set(header, value)
		if !Of(q, "").Page {
			t.Errorf("%s: %s is no page", header, value)
		}
	}
	r.Header.Set("Sec-Fetch-Site", "none") // typed into a browser
	if Of(r, "").Page {
		t.Error("an address that was typed is no page")
	}
}

func TestRatesOfCallers(t *testing.T) {
	var l Rates
	now := time.Unix(1_700_000_000, 0)
	slow, usual := Caller{Name: "slow", Rate: 1}, Caller{Name: "usual"}
	for _, c := range []struct {
		who  Caller
		most int
	}{{slow, 2}, {usual, 2 * callsPerSecond}} {
		for i := range c.most {
			if err := l.Take(c.who, now); err != nil {
				t.Fatalf("%s: call %d: %v", c.who.Name, i, err)
			}
		}
		if err := l.Take(c.who, now); !errors.Is(err, ErrTooMany) {
			t.Errorf("%s: one too many: %v", c.who.Name, err)
		}
	}
	if l.Take(slow, now.Add(time.Second)) != nil {
		t.Error("a second later one more is allowed")
	}
	for i := range maxBuckets + 10 {
		text, _ := json.Marshal(i)
		_ = l.Take(Caller{Name: string(text)}, now)
	}
	if len(l.buckets) > maxBuckets {
		t.Errorf("%d buckets", len(l.buckets))
	}
}

func TestEveryRefusalHasAStatus(t *testing.T) {
	for err, want := range map[error]int{
		ErrUnknown: 401, ErrForeign: 403, ErrScope: 403, ErrAddress: 403, ErrSuspended: 403, ErrPage: 403, ErrTooMany: 429, errors.New("other"): 0,
	} {
		if got := Status(err); got != want {
			t.Errorf("%v: %d, want %d", err, got, want)
		}
	}
}
