package token

import (
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

const (
	partnerHead = `{"typ":"JWT","alg":"RS256"}`
	joinHead    = `{"typ":"meridian-join+jwt","alg":"EdDSA","kid":"n1"}`
)

func joinBody(more string) string {
	return fmt.Sprintf(`{"iss":"meridian","company":"acme","room":"demo","sub":"ann","exp":%d%s}`, noon.Add(time.Hour).Unix(), more)
}

func TestPartnerTokens(t *testing.T) {
	k := keys()
	for _, c := range []struct {
		name, raw, kid string
		attrs          map[string]string
	}{
		{"sample", rs256(k.own, partnerHead, `{"role":"moderator","startTime":"2021-06-21T00:00:00.0Z "}`), "k1",
			map[string]string{"role": "moderator", "startTime": "2021-06-21T00:00:00.0Z "}},
		{"second key", rs256(k.second, partnerHead, `{}`), "k2", nil},
		{"kid narrows", rs256(k.second, `{"alg":"RS256","kid":"k2"}`, `{}`), "k2", nil},
		{"unknown kid", rs256(k.own, `{"alg":"RS256","kid":"my key"}`, `{}`), "k1", nil},
		{"no typ, spaces", rs256(k.own, " { \"alg\" : \"RS256\" } ", " {\n} "), "k1", nil},
		{"typ in small letters", rs256(k.own, `{"typ":"jwt","alg":"RS256"}`, `{}`), "k1", nil},
		{"keys in the header are ignored", rs256(k.own, `{"alg":"RS256","jku":"http://evil/","x5u":"http://evil/","jwk":{"kty":"RSA"},"x5c":["a"]}`, `{}`), "k1", nil},
		{"scalars", rs256(k.own, partnerHead, `{"s":"ж\u0000","t":true,"f":false,"n":12345678901234567890123,"e":1e400,"z":null,"o":{"a":{"a":1,"a":2}},"l":[[]],"iat":"odd","token":"x"}`), "k1",
			map[string]string{"s": "ж\x00", "t": "true", "f": "false", "n": "12345678901234567890123", "e": "1e400", "iat": "odd", "token": "x"}},
		{"times", rs256(k.own, partnerHead, fmt.Sprintf(`{"exp":%d.5,"nbf":%d}`, noon.Unix()+1, noon.Unix())), "k1", nil},
		{"just expired", rs256(k.own, partnerHead, fmt.Sprintf(`{"exp":%d}`, noon.Unix()-59)), "k1", nil},
		{"nearly valid", rs256(k.own, partnerHead, fmt.Sprintf(`{"nbf":%d}`, noon.Unix()+60)), "k1", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := Verify(c.raw, ring(), noon)
			if err != nil {
				t.Fatal(err)
			}
			if got.Kind != Partner || got.KeyID != c.kid || got.Company != "acme" || got.Room+got.Peer+got.Name+got.Role != "" {
				t.Errorf("%+v", got)
			}
			if fmt.Sprint(got.Attributes) != fmt.Sprint(mapOf(c.attrs)) {
				t.Errorf("attributes %q", got.Attributes)
			}
		})
	}
}

func mapOf(m map[string]string) map[string]string {
	if m == nil {
		return map[string]string{}
	}
	return m
}

// Covers F-047.
func TestJoinTokens(t *testing.T) {
	s := NewSigner("n1", keys().native)
	in := Claims{
		Company: "acme", Room: "Зал 1", Peer: "ann@example.com", Name: "Ann", Role: "moderator",
		NotBefore: noon.Add(-time.Minute), Expires: noon.Add(time.Hour), Attributes: map[string]string{"canRecord": "true"},
	}
	raw, err := s.Mint(in)
	if err != nil {
		t.Fatal(err)
	}
	got, err := Verify(raw, ring(), noon)
	if err != nil {
		t.Fatal(err)
	}
	if got.Kind != Join || got.KeyID != "n1" || got.Room != in.Room || got.Peer != in.Peer || got.Name != in.Name || got.Role != in.Role ||
		!got.NotBefore.Equal(in.NotBefore) || !got.Expires.Equal(in.Expires) || got.ID == "" || len(got.Attributes) != 1 || got.Attributes["canRecord"] != "true" {
		t.Errorf("%+v", got)
	}
	again, err := s.Mint(in)
	if err != nil || again == raw {
		t.Errorf("two mints are one token: %v", err)
	}
	second, err := Verify(again, ring(), noon)
	if err != nil || second.Hash == got.Hash || second.ID == got.ID {
		t.Errorf("two tokens have one identity: %v", err)
	}
	for at, want := range map[time.Time]error{
		noon.Add(time.Hour + 59*time.Second): nil,
		noon.Add(time.Hour + 60*time.Second): ErrExpired,
		noon.Add(-2 * time.Minute):           nil,
		noon.Add(-2*time.Minute - 1):         ErrNotYetValid,
	} {
		if _, err := Verify(raw, ring(), at); !errors.Is(err, want) {
			t.Errorf("at %v: %v, want %v", at, err, want)
		}
	}
}

func TestMintRefuses(t *testing.T) {
	s := NewSigner("n1", keys().native)
	good := Claims{Company: "acme", Room: "demo", Expires: noon}
	for name, change := range map[string]func(*Claims){
		"no company": func(c *Claims) { c.Company = "" },
		"no room":    func(c *Claims) { c.Room = "" },
		"no expiry":  func(c *Claims) { c.Expires = time.Time{} },
		"a claim":    func(c *Claims) { c.Attributes = map[string]string{"company": "evil"} },
		"nbf":        func(c *Claims) { c.Attributes = map[string]string{"nbf": "0"} },
		"too long":   func(c *Claims) { c.Name = strings.Repeat("x", MaxSize) },
	} {
		c := good
		change(&c)
		if _, err := s.Mint(c); !errors.Is(err, ErrIncomplete) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := NewSigner("", keys().native).Mint(good); err == nil {
		t.Error("minted without a kid")
	}
	if _, err := NewSigner("n1", nil).Mint(good); err == nil {
		t.Error("minted without a key")
	}
}

// One bit, anywhere in a token, makes it another one.
// Covers F-050.
func TestBitFlips(t *testing.T) {
	k := keys()
	for name, raw := range map[string]string{
		"partner": rs256(k.own, partnerHead, `{"role":"moderator"}`),
		"join":    eddsa(k.native, joinHead, joinBody("")),
		"invite":  mint(t, sample(Invite)),
		"session": mint(t, sample(Session)),
	} {
		all := expect(append(native, Partner)...)
		if _, err := ring().Verify(raw, all, noon); err != nil {
			t.Fatal(name, err)
		}
		for i := range len(raw) {
			for bit := range 8 {
				b := []byte(raw)
				b[i] ^= 1 << bit
				if _, err := ring().Verify(string(b), all, noon); err == nil {
					t.Fatalf("%s: bit %d of byte %d makes no difference", name, bit, i)
				}
			}
		}
	}
}

func TestKeyring(t *testing.T) {
	k := keys()
	good := rs256(k.own, partnerHead, `{}`)
	if _, err := Verify(good, Keyring{Company: "acme"}, noon); !errors.Is(err, ErrSignature) {
		t.Error("no keys:", err)
	}
	weak := ring()
	weak.Partner = []PartnerKey{{"nil", nil}, {"empty", &rsa.PublicKey{}}}
	if _, err := Verify(good, weak, noon); !errors.Is(err, ErrSignature) {
		t.Error("broken keys:", err)
	}
	// Seventeen keys: the last is found only by its name.
	many := ring()
	many.Partner = nil
	for i := range maxKeys {
		many.Partner = append(many.Partner, PartnerKey{fmt.Sprint("f", i), &k.foreign.PublicKey})
	}
	many.Partner = append(many.Partner, PartnerKey{"last", &k.own.PublicKey})
	if _, err := Verify(good, many, noon); !errors.Is(err, ErrSignature) {
		t.Error("a seventeenth key was tried:", err)
	}
	if c, err := Verify(rs256(k.own, `{"alg":"RS256","kid":"last"}`, `{}`), many, noon); err != nil || c.KeyID != "last" {
		t.Error("named key:", err)
	}
	none := ring()
	none.Elsewhere = nil
	if _, err := Verify(rs256(k.foreign, `{"alg":"RS256","kid":"k9"}`, `{}`), none, noon); !errors.Is(err, ErrSignature) {
		t.Error("without Elsewhere:", err)
	}
	short := ring()
	short.Native = map[string]ed25519.PublicKey{"n1": {1, 2, 3}}
	if _, err := Verify(eddsa(k.native, joinHead, joinBody("")), short, noon); !errors.Is(err, ErrSignature) {
		t.Error("short key:", err)
	}
}

// Every code is in the list that clients read.
func TestCodesAreKnown(t *testing.T) {
	text, err := os.ReadFile("../../edge/signal/codes.json")
	if err != nil {
		t.Fatal(err)
	}
	var lists map[string][]string
	if err := json.Unmarshal(text, &lists); err != nil {
		t.Fatal(err)
	}
	for _, e := range []*Error{
		ErrMissing, ErrMalformed, ErrKind, ErrAlgorithm, ErrSignature, ErrExpired, ErrUsed, ErrNotYetValid, ErrWrongCompany, ErrRevoked, ErrBrowser,
	} {
		if !slices.Contains(lists["refused"], e.Code()) || e.Error() == "" {
			t.Errorf("%s is unknown", e.Code())
		}
	}
}

func BenchmarkVerify(b *testing.B) {
	k := keys()
	for name, raw := range map[string]string{
		"partner": rs256(k.own, partnerHead, `{"role":"moderator","displayName":"Ann","peerId":"p1"}`),
		"join":    eddsa(k.native, joinHead, joinBody("")),
		"session": mint(b, sample(Session)),
	} {
		b.Run(name, func(b *testing.B) {
			r := ring()
			b.ReportAllocs()
			for b.Loop() {
				if _, err := r.Verify(raw, expect(Join, Partner, Session), noon); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
