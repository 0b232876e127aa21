package edge

import (
	"net/netip"
	"testing"
	"time"
)

func TestAnAddressAsksSoMuch(t *testing.T) {
	a, now := newAskers(), time.Unix(1000, 0)
	one, other := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")
	asked := 0
	for a.may(one, now) && asked < 1000 {
		a.spend(one, 1, now)
		asked++
	}
	if asked != askBurst || !a.may(other, now) {
		t.Errorf("%d questions at once, another may ask: %v", asked, a.may(other, now))
	}
	if a.may(one, now) || !a.may(one, now.Add(time.Second/askRate)) {
		t.Error("a question does not come back in time")
	}
	guesses := 0
	for at := now.Add(time.Hour); at.Before(now.Add(2 * time.Hour)); at = at.Add(time.Second) {
		if a.may(other, at) {
			a.spend(other, askRefused, at)
			guesses++
		}
	}
	if guesses > 60*20+20 || guesses < 60*19 {
		t.Errorf("%d guesses in an hour", guesses)
	}
}

func TestAHouseholdIsOneAsker(t *testing.T) {
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{"192.0.2.1", "::ffff:192.0.2.1", true}, {"192.0.2.1", "192.0.2.3", false},
		{"2001:db8::1", "2001:db8::ffff:2", true}, {"2001:db8:0:1::1", "2001:db8:0:2::1", false}, {"fe80::1%a", "fe80::2%b", true},
	} {
		if same := household(netip.MustParseAddr(c.a)) == household(netip.MustParseAddr(c.b)); same != c.same {
			t.Errorf("%s and %s: %v", c.a, c.b, same)
		}
	}
	a := newAskers()
	a.spend(netip.Addr{}, 1, time.Unix(1, 0)) // an address that is none is counted, too
	if len(a.spent) != 1 {
		t.Errorf("%v", a.spent)
	}
}

func TestAFloodFromEverywhereIsForgotten(t *testing.T) {
	a, now := newAskers(), time.Unix(1000, 0)
	addr := netip.MustParseAddr("10.0.0.0")
	for range 3 * askMost {
		addr = addr.Next()
		a.spend(addr, askBurst, now)
	}
	if len(a.spent) > askMost {
		t.Errorf("%d addresses are remembered", len(a.spent))
	}
}
