package token

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"
)

// FuzzVerify takes any text at a place that takes every kind.
func FuzzVerify(f *testing.F) {
	good := map[string]bool{
		rs256(keys().own, partnerHead, `{"role":"moderator"}`): true,
		eddsa(keys().native, joinHead, joinBody("")):           true,
	}
	for _, kind := range native {
		good[mint(f, sample(kind))] = true
	}
	for raw := range good {
		f.Add(raw)
	}
	for _, c := range badTokens(f) {
		f.Add(c.raw)
	}
	for i, c := range badForms {
		if c.want == ErrKind { // good where it is expected, as everything is here
			continue
		}
		f.Add(c.spoil(formOf(native[i%len(native)])))
	}
	r, all := ring(), expect(append(native, Partner)...)
	f.Fuzz(func(t *testing.T, raw string) {
		c, err := r.Verify(raw, all, noon)
		if err != nil {
			if _, ok := errors.AsType[*Error](err); !ok || !reflect.DeepEqual(c, Claims{}) {
				t.Fatalf("an error of type %T beside %+v", err, c)
			}
			return
		}
		// Nobody forges a signature here, so what is accepted was signed above.
		if !good[raw] {
			t.Fatalf("accepted %q as %+v", raw, c)
		}
	})
}

// FuzzClaims signs whatever it is given: hostile claims under a good key.
func FuzzClaims(f *testing.F) {
	k := keys()
	f.Add(partnerHead, `{"role":"moderator","exp":1e9}`)
	f.Add(joinHead, joinBody(`,"a":[{}]`))
	f.Add(`{"alg":"RS256","kid":"k1"}`, `{"a":"\ud800"}`)
	for _, kind := range native {
		s := formOf(kind)
		f.Add(text(s.header), text(s.body))
	}
	r, all := ring(), expect(append(native, Partner)...)
	f.Fuzz(func(t *testing.T, header, payload string) {
		raw := eddsa(k.native, header, payload)
		if strings.Contains(header, "RS256") { // signing takes a millisecond
			raw = rs256(k.own, header, payload)
		}
		c, err := r.Verify(raw, all, noon)
		if err != nil {
			return
		}
		if !json.Valid([]byte(payload)) || !json.Valid([]byte(header)) || c.Company != "acme" || c.Attributes == nil {
			t.Fatalf("accepted %q %q as %+v", header, payload, c)
		}
		if c.Kind == Partner {
			return
		}
		own, _ := ruleOf(c.Kind)
		if _, err := own.members(c); err != nil || c.Expires.IsZero() || own.life > 0 && c.Expires.Sub(c.Issued) > own.life {
			t.Fatalf("accepted %q as %+v, which is not minted: %v", payload, c, err)
		}
		if c.Kind.Bound() && c.Binding != Bind(browser) {
			t.Fatalf("accepted %+v in this browser", c)
		}
	})
}

// FuzzFirstUse asks about one token at any moments.
func FuzzFirstUse(f *testing.F) {
	f.Add(int64(60000), int64(60000), int64(61000), "a", "b")
	f.Add(int64(0), int64(1), int64(0), "", "")
	f.Add(int64(-1), int64(1<<62), int64(-1<<62), "a", "a")
	f.Fuzz(func(t *testing.T, lifetime, asked, after int64, first, by string) {
		kept, err := FirstUse{}.Judge(time.Duration(lifetime), first, noon)
		if err != nil {
			t.Fatal("the first use:", err)
		}
		again, err := kept.Judge(time.Duration(asked), by, noon.Add(time.Duration(after)))
		if again != kept {
			t.Fatalf("%+v became %+v", kept, again)
		}
		switch {
		case lifetime > 0:
			if (after > lifetime) != errors.Is(err, ErrExpired) {
				t.Fatalf("%d after the first use, lifetime %d: %v", after, lifetime, err)
			}
		case (first != "" && first == by) != (err == nil):
			t.Fatalf("used by %q, then by %q: %v", first, by, err)
		}
	})
}
