package token

import (
	"errors"
	"slices"
	"testing"
	"time"
)

func TestExchange(t *testing.T) {
	opened := noon.Add(100 * time.Second)
	for from, want := range map[Kind]struct {
		kind Kind
		life time.Duration
	}{Attendee: {Session, SessionLife}, SSO: {Host, HostLife}} {
		first, err := ring().Verify(mint(t, sample(from)), expect(from), noon.Add(30*time.Second))
		if err != nil {
			t.Fatal(err)
		}
		next, err := first.Exchange(browser, opened)
		if err != nil {
			t.Fatal(err)
		}
		raw := mint(t, next)
		got, err := ring().Verify(raw, expect(want.kind), opened.Add(want.life-time.Second))
		if err != nil {
			t.Fatal(err)
		}
		if got.Company != "acme" || got.Room != first.Room || got.Peer != first.Peer || got.Name != first.Name || got.Person != first.Person ||
			got.Role != first.Role || got.ID == first.ID || !slices.Equal(got.Parents, append(slices.Clone(first.Parents), first.ID)) {
			t.Errorf("%s became %+v", from, got)
		}
		if _, err := ring().Verify(raw, expect(want.kind), opened.Add(want.life)); !errors.Is(err, ErrExpired) {
			t.Errorf("%s is good for ever: %v", want.kind, err)
		}
		for _, secret := range []string{"", "x", browser + "x", browser[1:], Bind(browser)} {
			if _, err := ring().Verify(raw, Expect{Kinds: []Kind{want.kind}, Browser: secret}, opened); !errors.Is(err, ErrBrowser) {
				t.Errorf("%s in the browser with %q: %v", want.kind, secret, err)
			}
		}
		if _, err := got.Exchange(browser, opened); !errors.Is(err, ErrParent) {
			t.Errorf("%s was prolonged: %v", want.kind, err)
		}
	}
}

func TestExchangeRefuses(t *testing.T) {
	for _, kind := range append([]Kind{Partner, ""}, native...) {
		_, err := (Claims{Kind: kind, Company: "acme", Room: "demo", Peer: "1"}).Exchange(browser, noon)
		if kind.Once() != (err == nil) || err != nil && !errors.Is(err, ErrParent) {
			t.Errorf("%q: %v", kind, err)
		}
	}
	for _, secret := range []string{"", "short", browser[:minSecret-1]} {
		if _, err := sample(Attendee).Exchange(secret, noon); !errors.Is(err, ErrIncomplete) {
			t.Errorf("bound by %q: %v", secret, err)
		}
	}
}

// A token that was bound to nothing does not serve who has no cookie.
func TestNoSecretIsNoBrowser(t *testing.T) {
	for _, kind := range native {
		c := sample(kind)
		if !kind.Bound() {
			continue
		}
		c.Binding = Bind("")
		if _, err := ring().Verify(mint(t, c), Expect{Kinds: []Kind{kind}}, noon); !errors.Is(err, ErrBrowser) {
			t.Errorf("%s: %v", kind, err)
		}
	}
}
