package token

import (
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
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

// badTokens are forms that must never be accepted, and why they are not.
func badTokens(t testing.TB) []struct {
	name, raw string
	want      error
} {
	k := keys()
	good := rs256(k.own, partnerHead, `{"role":"moderator"}`)
	parts := strings.Split(good, ".")
	head := func(h string) string { return rs256(k.own, h, `{}`) }
	body := func(b string) string { return rs256(k.own, partnerHead, b) }
	der, err := x509.MarshalPKIXPublicKey(&k.own.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	var pemText []byte
	if tt, ok := t.(*testing.T); ok {
		pemText = publicPEM(tt, &k.own.PublicKey)
	}
	join := eddsa(k.native, joinHead, joinBody(""))
	jparts := strings.Split(join, ".")
	jbody := func(b string) string { return eddsa(k.native, joinHead, b) }
	sig, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil {
		t.Fatal(err)
	}
	list := []struct {
		name, raw string
		want      error
	}{
		{"empty", "", ErrMissing},
		{"blank", " ", ErrMalformed},
		{"one part", "abc", ErrMalformed},
		{"two parts", parts[0] + "." + parts[1], ErrMalformed},
		{"four parts", good + ".x", ErrMalformed},
		{"five parts, as JWE", good + ".x.y", ErrMalformed},
		{"dot at the end", good + ".", ErrMalformed},
		{"dot at the start", "." + good, ErrMalformed},
		{"dots only", "..", ErrMalformed},
		{"no header", "." + parts[1] + "." + parts[2], ErrMalformed},
		{"no payload", parts[0] + ".." + parts[2], nil},
		{"no signature", parts[0] + "." + parts[1] + ".", ErrSignature},
		{"cut off", good[:len(good)-1], nil},
		{"cut in half", parts[0] + "." + parts[1] + "." + parts[2][:100], ErrSignature},
		{"longer signature", parts[0] + "." + parts[1] + "." + parts[2] + "AA", nil},
		{"signature twice", parts[0] + "." + parts[1] + "." + b64(string(sig)+string(sig)), ErrSignature},
		{"zero signature", parts[0] + "." + parts[1] + "." + b64(string(make([]byte, 256))), ErrSignature},
		{"padding", parts[0] + "=." + parts[1] + "." + parts[2], ErrMalformed},
		{"padded signature", good + "==", ErrMalformed},
		{"standard alphabet", strings.NewReplacer("-", "+", "_", "/").Replace(good) + "+/", ErrMalformed},
		{"blank in front", " " + good, ErrMalformed},
		{"line end behind", good + "\n", ErrMalformed},
		{"line end inside", parts[0] + "\n." + parts[1] + "." + parts[2], ErrMalformed},
		{"NUL", good + "\x00", ErrMalformed},
		{"other letters", "ｅｙＪ" + good, ErrMalformed},
		{"not UTF-8", "\xff" + good, ErrMalformed},
		{"bearer", "Bearer " + good, ErrMalformed},
		{"too long", good + strings.Repeat("A", MaxSize), ErrMalformed},
		{"JSON serialisation", `{"payload":"e30","signatures":[]}`, ErrMalformed},

		{"none", b64(`{"typ":"JWT","alg":"none"}`) + "." + parts[1] + ".", ErrAlgorithm},
		{"None", b64(`{"alg":"None"}`) + "." + parts[1] + ".", ErrAlgorithm},
		{"NONE", b64(`{"alg":"NONE"}`) + "." + parts[1] + ".", ErrAlgorithm},
		{"nOnE with a signature", b64(`{"alg":"nOnE"}`) + "." + parts[1] + "." + parts[2], ErrAlgorithm},
		{"no alg", head(`{"typ":"JWT"}`), ErrAlgorithm},
		{"empty alg", head(`{"alg":""}`), ErrAlgorithm},
		{"alg in small letters", head(`{"alg":"rs256"}`), ErrAlgorithm},
		{"alg with a blank", head(`{"alg":"RS256 "}`), ErrAlgorithm},
		{"Alg", head(`{"Alg":"RS256"}`), ErrAlgorithm},
		{"alg is a number", head(`{"alg":256}`), ErrMalformed},
		{"alg is a list", head(`{"alg":["RS256"]}`), ErrMalformed},
		{"alg is null", head(`{"alg":null}`), ErrMalformed},
		{"alg twice", head(`{"alg":"none","alg":"RS256"}`), ErrMalformed},
		{"alg twice, escaped", head(`{"alg":"RS256","\u0061lg":"none"}`), ErrMalformed},
		{"RS384", head(`{"alg":"RS384"}`), ErrAlgorithm},
		{"PS256", pss(k.own, `{"alg":"PS256"}`, `{}`), ErrAlgorithm},
		{"PSS called RS256", pss(k.own, partnerHead, `{}`), ErrSignature},
		{"HS256 with the PEM", hs256(pemText, `{"alg":"HS256","typ":"JWT"}`, `{}`), ErrAlgorithm},
		{"HS256 with the DER", hs256(der, `{"alg":"HS256"}`, `{}`), ErrAlgorithm},
		{"HS256 with the modulus", hs256(k.own.N.Bytes(), `{"alg":"HS256"}`, `{}`), ErrAlgorithm},
		{"HS256 called RS256", hs256(pemText, partnerHead, `{}`), ErrSignature},
		{"HS256 with an empty secret", hs256(nil, `{"alg":"HS256"}`, `{}`), ErrAlgorithm},
		{"ES256", head(`{"alg":"ES256"}`), ErrAlgorithm},
		{"EdDSA as a partner", eddsa(k.native, `{"alg":"EdDSA"}`, `{}`), ErrAlgorithm},

		{"foreign key", rs256(k.foreign, partnerHead, `{}`), ErrSignature},
		{"foreign key in the header", rs256(k.foreign, jwkHeader(&k.foreign.PublicKey), `{}`), ErrSignature},
		{"foreign key, own kid", rs256(k.foreign, `{"alg":"RS256","kid":"k1"}`, `{}`), ErrSignature},
		{"own key, other own kid", rs256(k.own, `{"alg":"RS256","kid":"k2"}`, `{}`), ErrSignature},
		{"kid of another company", rs256(k.foreign, `{"alg":"RS256","kid":"k9"}`, `{}`), ErrWrongCompany},
		{"kid as a path", rs256(k.foreign, `{"alg":"RS256","kid":"../../dev/null"}`, `{}`), ErrSignature},
		{"kid as SQL", rs256(k.foreign, `{"alg":"RS256","kid":"' or 1=1 --"}`, `{}`), ErrSignature},
		{"kid is a number", head(`{"alg":"RS256","kid":1}`), ErrMalformed},
		{"kid twice", head(`{"alg":"RS256","kid":"k1","kid":"k2"}`), ErrMalformed},
		{"critical extension", head(`{"alg":"RS256","crit":["exp"],"exp":1}`), ErrMalformed},
		{"empty critical extension", head(`{"alg":"RS256","crit":[]}`), ErrMalformed},
		{"other payload", parts[0] + "." + b64(`{"role":"moderator","x":1}`) + "." + parts[2], ErrSignature},
		{"other typ", head(`{"alg":"RS256","typ":"at+jwt"}`), ErrMalformed},
		{"typ is a number", head(`{"alg":"RS256","typ":1}`), ErrMalformed},
		{"typ is empty", head(`{"alg":"RS256","typ":""}`), ErrMalformed},
		{"header is a list", head(`["RS256"]`), ErrMalformed},
		{"header is null", head(`null`), ErrMalformed},
		{"header with text behind", head(partnerHead + `x`), ErrMalformed},
		{"two headers", head(partnerHead + partnerHead), ErrMalformed},
		{"header is not UTF-8", head("{\"alg\":\"RS256\",\"x\":\"\xff\"}"), ErrMalformed},
		{"header nested without end", head(`{"alg":"RS256","x":` + strings.Repeat("[", 3000)), ErrMalformed},

		{"payload is a list", body(`[]`), ErrMalformed},
		{"payload is null", body(`null`), ErrMalformed},
		{"payload is a text", body(`"x"`), ErrMalformed},
		{"payload is nothing", body(``), ErrMalformed},
		{"payload is cut off", body(`{"a":1`), ErrMalformed},
		{"two payloads", body(`{}{}`), ErrMalformed},
		{"payload is not UTF-8", body("{\"a\":\"\xc0\xaf\"}"), ErrMalformed},
		{"claim twice", body(`{"role":"regular","role":"moderator"}`), ErrMalformed},
		{"nested too deeply", body(`{"a":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + `}`), ErrMalformed},
		{"expired", body(fmt.Sprintf(`{"exp":%d}`, noon.Unix()-60)), ErrExpired},
		{"expired at zero", body(`{"exp":0}`), ErrExpired},
		{"exp as a text", body(`{"exp":"9999999999"}`), ErrMalformed},
		{"exp is true", body(`{"exp":true}`), ErrMalformed},
		{"exp is null", body(`{"exp":null}`), ErrMalformed},
		{"exp is an object", body(`{"exp":{}}`), ErrMalformed},
		{"exp negative", body(`{"exp":-1}`), ErrMalformed},
		{"exp huge", body(`{"exp":1e300}`), ErrMalformed},
		{"exp infinite", body(`{"exp":1e999}`), ErrMalformed},
		{"exp with many digits", body(`{"exp":99999999999999999999999999}`), ErrMalformed},
		{"exp twice", body(`{"exp":1,"exp":9999999999}`), ErrMalformed},
		{"not yet", body(fmt.Sprintf(`{"nbf":%d}`, noon.Unix()+61)), ErrNotYetValid},
		{"nbf as a text", body(`{"nbf":"0"}`), ErrMalformed},
		{"nbf huge", body(`{"nbf":1e18}`), ErrMalformed},

		{"join token as a partner's", rs256(k.own, `{"typ":"meridian-join+jwt","alg":"RS256","kid":"n1"}`, joinBody("")), ErrAlgorithm},
		{"join token with typ JWT", eddsa(k.native, `{"typ":"JWT","alg":"EdDSA","kid":"n1"}`, joinBody("")), ErrAlgorithm},
		{"join token, HS256 with the key", hs256(k.native.Public().(ed25519.PublicKey), `{"typ":"meridian-join+jwt","alg":"HS256","kid":"n1"}`, joinBody("")), ErrAlgorithm},
		{"join token, none", b64(`{"typ":"meridian-join+jwt","alg":"none","kid":"n1"}`) + "." + b64(joinBody("")) + ".", ErrAlgorithm},
		{"join token, other typ letters", eddsa(k.native, `{"typ":"Meridian-Join+JWT","alg":"EdDSA","kid":"n1"}`, joinBody("")), ErrMalformed},
		{"join token, other key", eddsa(k.other, joinHead, joinBody("")), ErrSignature},
		{"join token without kid", eddsa(k.native, `{"typ":"meridian-join+jwt","alg":"EdDSA"}`, joinBody("")), ErrSignature},
		{"join token, unknown kid", eddsa(k.native, `{"typ":"meridian-join+jwt","alg":"EdDSA","kid":"n7"}`, joinBody("")), ErrSignature},
		{"join token, kid of another company", eddsa(k.native, `{"typ":"meridian-join+jwt","alg":"EdDSA","kid":"n9"}`, joinBody("")), ErrWrongCompany},
		{"join token, retired own kid", eddsa(k.native, `{"typ":"meridian-join+jwt","alg":"EdDSA","kid":"n8"}`, joinBody("")), ErrSignature},
		{"join token of another company", jbody(strings.Replace(joinBody(""), "acme", "evil", 1)), ErrWrongCompany},
		{"join token without company", jbody(strings.Replace(joinBody(""), `"company":"acme",`, "", 1)), ErrMalformed},
		{"join token without room", jbody(strings.Replace(joinBody(""), `"room":"demo",`, "", 1)), ErrMalformed},
		{"join token of another issuer", jbody(strings.Replace(joinBody(""), `"meridian"`, `"someone"`, 1)), ErrMalformed},
		{"join token for ever", jbody(`{"iss":"meridian","company":"acme","room":"demo"}`), ErrMalformed},
		{"join token, role is a list", jbody(joinBody(`,"role":["moderator"]`)), ErrMalformed},
		{"join token, room twice", jbody(joinBody(`,"room":"other"`)), ErrMalformed},
		{"join token cut off", join[:len(join)-2], nil},
		{"join token, other payload", jparts[0] + "." + b64(joinBody(`,"role":"moderator"`)) + "." + jparts[2], ErrSignature},
	}
	return list
}

func jwkHeader(k *rsa.PublicKey) string {
	return fmt.Sprintf(`{"alg":"RS256","jwk":{"kty":"RSA","e":"AQAB","n":%q}}`, b64(string(k.N.Bytes())))
}

func TestBadTokens(t *testing.T) {
	known := []error{ErrMissing, ErrMalformed, ErrAlgorithm, ErrSignature, ErrExpired, ErrNotYetValid, ErrWrongCompany}
	list := badTokens(t)
	for _, c := range list {
		t.Run(c.name, func(t *testing.T) {
			got, err := Verify(c.raw, ring(), noon)
			if err == nil {
				t.Fatalf("accepted: %+v", got)
			}
			if c.want != nil && !errors.Is(err, c.want) {
				t.Errorf("%v, want %v", err, c.want)
			}
			if !slices.ContainsFunc(known, func(k error) bool { return errors.Is(err, k) }) {
				t.Errorf("%v is none of the known reasons", err)
			}
		})
	}
	t.Logf("%d bad forms", len(list))
}

// One bit, anywhere in a token, makes it another one.
func TestBitFlips(t *testing.T) {
	k := keys()
	for name, raw := range map[string]string{
		"partner": rs256(k.own, partnerHead, `{"role":"moderator"}`),
		"join":    eddsa(k.native, joinHead, joinBody("")),
	} {
		if _, err := Verify(raw, ring(), noon); err != nil {
			t.Fatal(name, err)
		}
		for i := range len(raw) {
			for bit := range 8 {
				b := []byte(raw)
				b[i] ^= 1 << bit
				if _, err := Verify(string(b), ring(), noon); err == nil {
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
	for _, e := range []*Error{ErrMissing, ErrMalformed, ErrAlgorithm, ErrSignature, ErrExpired, ErrNotYetValid, ErrWrongCompany} {
		if !slices.Contains(lists["refused"], e.Code()) || e.Error() == "" {
			t.Errorf("%s is unknown", e.Code())
		}
	}
}

func FuzzVerify(f *testing.F) {
	k := keys()
	for _, c := range badTokens(f) {
		f.Add(c.raw)
	}
	good := rs256(k.own, partnerHead, `{"role":"moderator"}`)
	join := eddsa(k.native, joinHead, joinBody(""))
	f.Add(good)
	f.Add(join)
	r := ring()
	f.Fuzz(func(t *testing.T, raw string) {
		c, err := Verify(raw, r, noon)
		if err != nil {
			if _, ok := errors.AsType[*Error](err); !ok {
				t.Fatalf("an error of type %T", err)
			}
			return
		}
		// Nobody forges a signature here, so what is accepted was signed above.
		if raw != good && raw != join {
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
	r := ring()
	f.Fuzz(func(t *testing.T, header, payload string) {
		raw := eddsa(k.native, header, payload)
		if strings.Contains(header, "RS256") { // signing takes a millisecond
			raw = rs256(k.own, header, payload)
		}
		c, err := Verify(raw, r, noon)
		if err != nil {
			return
		}
		if !json.Valid([]byte(payload)) || !json.Valid([]byte(header)) || c.Company != "acme" || c.Attributes == nil ||
			c.Kind == Join && (c.Room == "" || c.Expires.IsZero()) {
			t.Fatalf("accepted %q %q as %+v", header, payload, c)
		}
	})
}

func BenchmarkVerify(b *testing.B) {
	k := keys()
	for name, raw := range map[string]string{
		"partner": rs256(k.own, partnerHead, `{"role":"moderator","displayName":"Ann","peerId":"p1"}`),
		"join":    eddsa(k.native, joinHead, joinBody("")),
	} {
		b.Run(name, func(b *testing.B) {
			r := ring()
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Verify(raw, r, noon); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
