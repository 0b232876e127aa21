package token

import (
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

const (
	// Leeway is how far clocks may differ when exp and nbf are judged (GC-T09).
	Leeway = 60 * time.Second
	// MaxSize is the longest token, in bytes. It fits into a URL that every
	// proxy passes; a real one has about 700.
	MaxSize = 8 << 10

	issuer = "meridian"
)

// Verify checks a join or partner token; see Keyring.Verify.
func Verify(raw string, k Keyring, now time.Time) (Claims, error) {
	return k.Verify(raw, Expect{Kinds: []Kind{Join, Partner}}, now)
}

// Verify checks a token against what may be trusted for k.Company at now, and
// against what the place takes. The error wraps one of the sentinels of this
// package.
//
// The algorithm follows from the kind of token, never from the token: partner
// tokens (typ absent or JWT) are RS256, those of our own, each kind with a typ
// of its own (RFC 8725 section 3.11), are EdDSA over Ed25519. Keys inside the
// header (jwk, jku, x5c, x5u) are ignored, kid only narrows the search
// (GC-T04). Whether a token that serves once, or for a time from its first use,
// may still be used is for FirstUse to say.
func (k Keyring) Verify(raw string, e Expect, now time.Time) (Claims, error) {
	if raw == "" {
		return Claims{}, ErrMissing
	}
	if len(raw) > MaxSize {
		return Claims{}, fmt.Errorf("%w: more than %d bytes", ErrMalformed, MaxSize)
	}
	// encoding/base64 skips line ends; a token has one spelling only.
	if strings.ContainsFunc(raw, notBase64URL) {
		return Claims{}, fmt.Errorf("%w: characters outside base64url", ErrMalformed)
	}
	h, err := readHeader(raw)
	if err != nil {
		return Claims{}, err
	}
	if !slices.Contains(e.Kinds, h.rule.kind) {
		return Claims{}, fmt.Errorf("%w: %s", ErrKind, h.rule.kind)
	}
	c, err := k.read(raw, h)
	if err == nil {
		err = k.usable(c, h.rule, e, now)
	}
	if err != nil {
		return Claims{}, err
	}
	c.Hash = hashOf("token", c.Company, raw[:strings.LastIndexByte(raw, '.')])
	return c, nil
}

func notBase64URL(r rune) bool {
	return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '_' && r != '.'
}

// header is what may be read before the signature is known to be good.
type header struct {
	rule rule
	kid  string
}

func readHeader(raw string) (header, error) {
	first, _, ok := strings.Cut(raw, ".")
	if !ok || strings.Count(raw, ".") != 2 {
		return header{}, fmt.Errorf("%w: not three parts", ErrMalformed)
	}
	text, err := base64.RawURLEncoding.Strict().DecodeString(first)
	if err != nil {
		return header{}, fmt.Errorf("%w: header: %w", ErrMalformed, err)
	}
	members, err := scanObject(text)
	if err != nil {
		return header{}, fmt.Errorf("%w: header: %w", ErrMalformed, err)
	}
	alg, typ, kid := members["alg"], members["typ"], members["kid"]
	for _, v := range []value{alg, typ, kid} {
		if v.kind != 's' && v.kind != 0 {
			return header{}, fmt.Errorf("%w: header member is no string", ErrMalformed)
		}
	}
	// RFC 7515 section 4.1.11: extensions that are marked critical and not
	// understood must make the token fail. We understand none.
	if _, ok := members["crit"]; ok {
		return header{}, fmt.Errorf("%w: critical header extension", ErrMalformed)
	}
	r, ok := ruleFor(typ)
	if !ok {
		return header{}, fmt.Errorf("%w: unknown typ %.40q", ErrMalformed, typ.text)
	}
	if alg.text != r.alg() {
		return header{}, fmt.Errorf("%w: %.20q, want %s", ErrAlgorithm, alg.text, r.alg())
	}
	return header{r, kid.text}, nil
}

// payload holds the claims until the signature is known to be good; reading
// them is scanObject's business.
type payload struct {
	jwt.RegisteredClaims // never filled: the claims are not validated by jwt
	text                 []byte
}

func (p *payload) UnmarshalJSON(b []byte) error {
	p.text = slices.Clone(b)
	return nil
}

// open checks the signature with each of the keys and returns the claims and
// the index of the key that fitted.
func open(raw, alg string, keys []jwt.VerificationKey) (map[string]value, int, error) {
	parser := jwt.NewParser(jwt.WithValidMethods([]string{alg}), jwt.WithStrictDecoding(), jwt.WithoutClaimsValidation())
	for i, key := range keys {
		var p payload
		_, err := parser.ParseWithClaims(raw, &p, func(*jwt.Token) (any, error) { return key, nil })
		switch {
		case err == nil:
			members, err := scanObject(p.text)
			if err != nil {
				return nil, 0, fmt.Errorf("%w: claims: %w", ErrMalformed, err)
			}
			return members, i, nil
		case errors.Is(err, jwt.ErrTokenMalformed):
			return nil, 0, fmt.Errorf("%w: %w", ErrMalformed, err)
		}
	}
	return nil, 0, ErrSignature
}

// read checks the signature and takes the claims apart.
func (k Keyring) read(raw string, h header) (Claims, error) {
	if h.rule.kind == Partner {
		return k.readPartner(raw, h)
	}
	return k.readNative(raw, h)
}

func (k Keyring) belongsElsewhere(kid string) bool {
	if k.Elsewhere == nil {
		return false
	}
	company, ok := k.Elsewhere(kid)
	return ok && company != k.Company
}

// usable judges genuine claims: time first, then revocation and browser.
func (k Keyring) usable(c Claims, r rule, e Expect, now time.Time) error {
	switch {
	case !c.Expires.IsZero() && !now.Before(c.Expires.Add(r.leeway)):
		return &WindowError{ErrExpired, c.NotBefore, c.Expires}
	case !c.NotBefore.IsZero() && now.Add(r.leeway).Before(c.NotBefore):
		return &WindowError{ErrNotYetValid, c.NotBefore, c.Expires}
	// A life counted from a moment to come would be longer than it looks. Our
	// nodes' clocks agree, but not to the second that times are rounded to.
	case r.life > 0 && now.Add(Leeway).Before(c.Issued):
		return &WindowError{ErrNotYetValid, c.Issued, c.Expires}
	case k.revoked(c):
		return ErrRevoked
	case c.Kind.Bound() && !c.boundTo(e.Browser):
		return ErrBrowser
	}
	return nil
}

func (k Keyring) revoked(c Claims) bool {
	return k.Revoked != nil && (c.ID != "" && k.Revoked(c.ID) || slices.ContainsFunc(c.Parents, k.Revoked))
}
