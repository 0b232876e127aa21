package token

import (
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

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

// Covers F-050.
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
