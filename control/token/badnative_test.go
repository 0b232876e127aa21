package token

import (
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"
)

// form is a token of some kind before it is put together, as JSON values.
type form struct {
	kind         Kind
	rule         rule
	header, body map[string]any
}

func formOf(kind Kind) form {
	r, _ := ruleOf(kind)
	m, err := r.members(sample(kind))
	if err != nil {
		panic(err)
	}
	return form{kind, r, map[string]any{"typ": r.typ, "alg": "EdDSA", "kid": "n1"}, maps.Clone(map[string]any(m))}
}

func text(m map[string]any) string {
	b, err := json.Marshal(m)
	if err != nil {
		panic(err)
	}
	return string(b)
}

func (f form) raw() string { return eddsa(keys().native, text(f.header), text(f.body)) }

// twice spells the object with one member added at its end.
func twice(m map[string]any, member string) string {
	return strings.TrimSuffix(text(m), "}") + "," + member + "}"
}

// head and claim return the form with one member changed; nil takes it away.
func (f form) head(name string, v any) string  { return f.with(f.header, name, v) }
func (f form) claim(name string, v any) string { return f.with(f.body, name, v) }

func (f form) with(m map[string]any, name string, v any) string {
	if m[name] = v; v == nil {
		delete(m, name)
	}
	return f.raw()
}

func (f form) part(i int, s string) string {
	parts := strings.Split(f.raw(), ".")
	parts[i] = s
	return strings.Join(parts, ".")
}

// badForms are ways to spoil a token of ours, and what each is refused with.
var badForms = []struct {
	name  string
	spoil func(form) string
	want  *Error
}{
	// The bytes.
	{"empty", func(form) string { return "" }, ErrMissing},
	{"blank in front", func(f form) string { return " " + f.raw() }, ErrMalformed},
	{"line end behind", func(f form) string { return f.raw() + "\n" }, ErrMalformed},
	{"bearer", func(f form) string { return "Bearer " + f.raw() }, ErrMalformed},
	{"NUL inside", func(f form) string { return strings.Replace(f.raw(), ".", "\x00.", 1) }, ErrMalformed},
	{"padding", func(f form) string { return f.raw() + "==" }, ErrMalformed},
	{"two parts", func(f form) string { r := f.raw(); return r[:strings.LastIndexByte(r, '.')] }, ErrMalformed},
	{"four parts", func(f form) string { return f.raw() + ".e30" }, ErrMalformed},
	{"too long", func(f form) string { return f.raw() + strings.Repeat("A", MaxSize) }, ErrMalformed},

	// The header.
	{"no header", func(f form) string { return f.part(0, "") }, ErrMalformed},
	{"header is a list", func(f form) string { return f.part(0, b64(`["EdDSA"]`)) }, ErrMalformed},
	{"header with text behind", func(f form) string { return f.part(0, b64(text(f.header)+"{}")) }, ErrMalformed},
	{"alg none", func(f form) string { return f.head("alg", "none") }, ErrAlgorithm},
	{"alg none without a signature", func(f form) string { f.header["alg"] = "none"; return f.part(2, "") }, ErrAlgorithm},
	{"no alg", func(f form) string { return f.head("alg", nil) }, ErrAlgorithm},
	{"alg in small letters", func(f form) string { return f.head("alg", "eddsa") }, ErrAlgorithm},
	{"alg Ed25519", func(f form) string { return f.head("alg", "Ed25519") }, ErrAlgorithm},
	{"alg is a list", func(f form) string { return f.head("alg", []string{"EdDSA"}) }, ErrMalformed},
	{"alg twice", func(f form) string { return eddsa(keys().native, twice(f.header, `"alg":"none"`), text(f.body)) }, ErrMalformed},
	{"alg twice, escaped", func(f form) string { return eddsa(keys().native, twice(f.header, `"\u0061lg":"none"`), text(f.body)) }, ErrMalformed},
	{"RS256 by the company", func(f form) string {
		f.header["alg"] = "RS256"
		return rs256(keys().own, text(f.header), text(f.body))
	}, ErrAlgorithm},
	{"HS256 with the public key", func(f form) string {
		f.header["alg"] = "HS256"
		return hs256(keys().native.Public().(ed25519.PublicKey), text(f.header), text(f.body))
	}, ErrAlgorithm},
	{"HS256 called EdDSA", func(f form) string {
		return hs256(keys().native.Public().(ed25519.PublicKey), text(f.header), text(f.body))
	}, ErrSignature},
	{"typ JWT", func(f form) string { return f.head("typ", "JWT") }, ErrAlgorithm},
	{"no typ", func(f form) string { return f.head("typ", nil) }, ErrAlgorithm},
	{"typ in capitals", func(f form) string { return f.head("typ", strings.ToUpper(f.rule.typ)) }, ErrMalformed},
	{"typ with the media type's prefix", func(f form) string { return f.head("typ", "application/"+f.rule.typ) }, ErrMalformed},
	{"typ unknown", func(f form) string { return f.head("typ", "meridian-admin+jwt") }, ErrMalformed},
	{"typ is a number", func(f form) string { return f.head("typ", 1) }, ErrMalformed},
	{"typ twice", func(f form) string { return eddsa(keys().native, twice(f.header, `"typ":"JWT"`), text(f.body)) }, ErrMalformed},
	{"critical extension", func(f form) string { return f.head("crit", []string{"exp"}) }, ErrMalformed},
	{"no kid", func(f form) string { return f.head("kid", nil) }, ErrSignature},
	{"unknown kid", func(f form) string { return f.head("kid", "n7") }, ErrSignature},
	{"kid of a partner's key", func(f form) string { return f.head("kid", "k1") }, ErrSignature},
	{"kid of another company", func(f form) string { return f.head("kid", "n9") }, ErrWrongCompany},
	{"kid as a path", func(f form) string { return f.head("kid", "../n1") }, ErrSignature},
	{"kid is a number", func(f form) string { return f.head("kid", 1) }, ErrMalformed},

	// The signature.
	{"another key", func(f form) string { return eddsa(keys().other, text(f.header), text(f.body)) }, ErrSignature},
	{"another key in the header", func(f form) string {
		f.header["jwk"] = map[string]string{"kty": "OKP", "crv": "Ed25519", "x": b64(string(keys().other.Public().(ed25519.PublicKey)))}
		return eddsa(keys().other, text(f.header), text(f.body))
	}, ErrSignature},
	{"key of another place in the header", func(f form) string {
		f.header["jku"], f.header["x5u"] = "https://evil.example/", "https://evil.example/"
		return eddsa(keys().other, text(f.header), text(f.body))
	}, ErrSignature},
	{"no signature", func(f form) string { return f.part(2, "") }, ErrSignature},
	{"zero signature", func(f form) string { return f.part(2, b64(string(make([]byte, 64)))) }, ErrSignature},
	{"half a signature", func(f form) string { return f.part(2, b64(string(make([]byte, 32)))) }, ErrSignature},
	{"other claims", func(f form) string { return f.part(1, b64(twice(f.body, `"x":1`))) }, ErrSignature},
	{"typ of another kind", func(f form) string {
		other := rules[0]
		if f.kind == other.kind {
			other = rules[1]
		}
		return f.head("typ", other.typ)
	}, ErrKind},

	// The claims.
	{"payload is a list", func(f form) string { return eddsa(keys().native, text(f.header), `[]`) }, ErrMalformed},
	{"payload is null", func(f form) string { return eddsa(keys().native, text(f.header), `null`) }, ErrMalformed},
	{"payload is empty", func(f form) string { return eddsa(keys().native, text(f.header), `{}`) }, ErrMalformed},
	{"payload is not UTF-8", func(f form) string { return eddsa(keys().native, text(f.header), twice(f.body, "\"x\":\"\xff\"")) }, ErrMalformed},
	{"claim twice", func(f form) string { return eddsa(keys().native, text(f.header), twice(f.body, `"jti":"other"`)) }, ErrMalformed},
	{"exp twice", func(f form) string { return eddsa(keys().native, text(f.header), twice(f.body, `"exp":9999999999`)) }, ErrMalformed},
	{"nested too deeply", func(f form) string {
		return eddsa(keys().native, text(f.header), twice(f.body, `"x":`+strings.Repeat("[", 40)+strings.Repeat("]", 40)))
	}, ErrMalformed},
	{"another issuer", func(f form) string { return f.claim("iss", "someone") }, ErrMalformed},
	{"no issuer", func(f form) string { return f.claim("iss", nil) }, ErrMalformed},
	{"another company", func(f form) string { return f.claim(f.rule.company, "evil") }, ErrWrongCompany},
	{"no company", func(f form) string { return f.claim(f.rule.company, nil) }, ErrMalformed},
	{"empty company", func(f form) string { return f.claim(f.rule.company, "") }, ErrMalformed},
	{"company is a list", func(f form) string { return f.claim(f.rule.company, []string{"acme", "evil"}) }, ErrMalformed},
	{"no exp", func(f form) string { return f.claim("exp", nil) }, ErrMalformed},
	{"exp as a text", func(f form) string { return f.claim("exp", "9999999999") }, ErrMalformed},
	{"exp is null", func(f form) string {
		delete(f.body, "exp")
		return eddsa(keys().native, text(f.header), twice(f.body, `"exp":null`))
	}, ErrMalformed},
	{"exp huge", func(f form) string { return f.claim("exp", 1e300) }, ErrMalformed},
	{"exp negative", func(f form) string { return f.claim("exp", -1) }, ErrMalformed},
	{"expired", func(f form) string {
		for _, name := range []string{"iat", "nbf", "exp"} {
			if at, ok := f.body[name].(int64); ok {
				f.body[name] = at - int64(InviteLife.Seconds()) - 24*3600
			}
		}
		return f.raw()
	}, ErrExpired},
	{"not yet", func(f form) string {
		f.body["nbf"] = noon.Add(61 * time.Second).Unix()
		return f.raw()
	}, ErrNotYetValid},
	{"nbf as a text", func(f form) string { return f.claim("nbf", "0") }, ErrMalformed},
	{"iat is true", func(f form) string { return f.claim("iat", true) }, ErrMalformed},
	{"jti is a number", func(f form) string { return f.claim("jti", 7) }, ErrMalformed},
	{"claim of a kind to come", func(f form) string {
		for _, name := range reserved {
			if !f.rule.has(name) {
				f.body[name] = "x"
			}
		}
		return f.raw()
	}, ErrMalformed},
}

func TestBadTokensOfEveryKind(t *testing.T) {
	for _, kind := range native {
		for _, c := range badForms {
			t.Run(string(kind)+"/"+c.name, func(t *testing.T) {
				got, err := ring().Verify(c.spoil(formOf(kind)), expect(kind), noon)
				e, _ := errors.AsType[*Error](err)
				if e != c.want || e.Code() != c.want.Code() || got.Kind != "" {
					t.Errorf("%v, want %v; claims %+v", err, c.want, got)
				}
			})
		}
	}
	t.Logf("%d forms of each of %d kinds", len(badForms), len(native))
}

// What a kind must have, it must have; what it has not, it must not have; what
// is a text or a boolean is nothing else.
func TestBadClaimsOfEveryKind(t *testing.T) {
	forms := 0
	for _, kind := range native {
		for _, name := range reserved {
			r, _ := ruleOf(kind)
			bad := map[string]any{"a list": []string{"x"}, "an object": map[string]string{}}
			switch {
			case r.needs(name):
				bad["absent"], bad["empty"] = nil, ""
			case !r.has(name):
				bad["a text"], bad["a number"], bad["true"] = "x", 1, true
			}
			for what, v := range bad {
				forms++
				_, err := ring().Verify(formOf(kind).claim(name, v), expect(kind), noon)
				if e, _ := errors.AsType[*Error](err); e != ErrMalformed {
					t.Errorf("%s: %s is %s: %v", kind, name, what, err)
				}
			}
		}
	}
	for _, c := range []struct {
		kind Kind
		name string
		v    any
		want *Error
	}{
		{Participant, "moderator", "true", ErrMalformed},
		{Participant, "moderator", 1, ErrMalformed},
		{Moderator, "moderator", false, ErrMalformed},
		{Invite, "moderator", "false", ErrMalformed},
		{Invite, "par", "two ids", ErrMalformed},
		{Invite, "par", " ", ErrMalformed},
		{Session, "par", "id ", ErrMalformed},
		{Invite, "anc", "1 2 3 4 5 6 7 8", ErrMalformed},
		{Attendee, "exp", noon.Add(AttendeeLife + time.Second).Unix(), ErrMalformed},
		{Attendee, "iat", noon.Add(-time.Second).Unix(), ErrMalformed},
		{Session, "exp", noon.Add(SessionLife + time.Second).Unix(), ErrMalformed},
		{SSO, "exp", noon.Add(SSOLife + time.Second).Unix(), ErrMalformed},
		{Host, "exp", noon.Add(HostLife + time.Second).Unix(), ErrMalformed},
		{Session, "bind", Bind("another browser's secret"), ErrBrowser},
		{Host, "bind", browser, ErrBrowser},
		{Host, "bind", "x", ErrBrowser},
	} {
		forms++
		_, err := ring().Verify(formOf(c.kind).claim(c.name, c.v), expect(c.kind), noon)
		if e, _ := errors.AsType[*Error](err); e != c.want {
			t.Errorf("%s: %s %v: %v, want %v", c.kind, c.name, c.v, err, c.want)
		}
	}
	t.Log(forms, "forms")
}

// A token that we sign under the typ of another kind is refused by its claims,
// but for the attendee's, whose claims a join token may have.
func TestClaimsOfAnotherKind(t *testing.T) {
	for _, kind := range native {
		for _, other := range native {
			if kind == other || kind == Attendee && other == Join {
				continue
			}
			f := formOf(kind)
			f.header["typ"] = formOf(other).header["typ"]
			if c, err := ring().Verify(f.raw(), expect(other), noon); err == nil {
				t.Errorf("claims of %s under the typ of %s: %+v", kind, other, c)
			}
		}
	}
}

// A changed typ with the signature of the old one.
func TestTypIsSigned(t *testing.T) {
	for _, kind := range native {
		parts := strings.Split(formOf(kind).raw(), ".")
		for _, r := range rules {
			if r.kind == kind {
				continue
			}
			raw := b64(fmt.Sprintf(`{"alg":"EdDSA","kid":"n1","typ":%q}`, r.typ)) + "." + parts[1] + "." + parts[2]
			if _, err := ring().Verify(raw, expect(r.kind), noon); !errors.Is(err, ErrSignature) {
				t.Errorf("%s as %s: %v", kind, r.kind, err)
			}
		}
	}
}
