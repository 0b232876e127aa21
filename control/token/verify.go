package token

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
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

	maxKeys = 16 // signatures checked per token: 16 × 8192-bit keys take 3 ms

	joinType = "meridian-join+jwt"
	issuer   = "meridian"

	// maxTime is the year 9999; later instants do not survive formatting.
	maxTime = 253402300799
)

// Verify checks a token against what may be trusted for k.Company at now. The
// error wraps one of the sentinels of this package.
//
// The algorithm follows from the kind of token, never from the token: partner
// tokens (typ absent or JWT) are RS256, join tokens (typ meridian-join+jwt)
// are EdDSA over Ed25519. Keys inside the header (jwk, jku, x5c, x5u) are
// ignored, kid only narrows the search (GC-T04).
func Verify(raw string, k Keyring, now time.Time) (Claims, error) {
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
	var c Claims
	if h.kind == Join {
		c, err = verifyJoin(raw, h, k)
	} else {
		c, err = verifyPartner(raw, h, k)
	}
	if err != nil {
		return Claims{}, err
	}
	signed := raw[:strings.LastIndexByte(raw, '.')]
	c.Hash = sha256.Sum256([]byte(signed))
	return c, current(c, now)
}

func notBase64URL(r rune) bool {
	return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '_' && r != '.'
}

// header is what may be read before the signature is known to be good.
type header struct {
	kind Kind
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
	h, want := header{kid: kid.text}, ""
	switch {
	case typ.text == joinType:
		h.kind, want = Join, jwt.SigningMethodEdDSA.Alg()
	case typ.kind == 0, strings.EqualFold(typ.text, "JWT"):
		h.kind, want = Partner, jwt.SigningMethodRS256.Alg()
	default:
		return header{}, fmt.Errorf("%w: unknown typ %.40q", ErrMalformed, typ.text)
	}
	if alg.text != want {
		return header{}, fmt.Errorf("%w: %.20q, want %s", ErrAlgorithm, alg.text, want)
	}
	return h, nil
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

func verifyPartner(raw string, h header, k Keyring) (Claims, error) {
	active := k.Partner
	if h.kid != "" {
		named := slices.DeleteFunc(slices.Clone(active), func(p PartnerKey) bool { return p.ID != h.kid })
		if len(named) > 0 {
			active = named
		} else if k.belongsElsewhere(h.kid) {
			return Claims{}, ErrWrongCompany
		}
	}
	var ids []string
	var keys []jwt.VerificationKey
	for _, p := range active {
		if len(keys) < maxKeys && checkKey(p.Key) == nil {
			ids, keys = append(ids, p.ID), append(keys, p.Key)
		}
	}
	members, i, err := open(raw, jwt.SigningMethodRS256.Alg(), keys)
	if err != nil {
		return Claims{}, err
	}
	c := Claims{Kind: Partner, KeyID: ids[i], Company: k.Company}
	return c, c.fill(members)
}

func verifyJoin(raw string, h header, k Keyring) (Claims, error) {
	key, ok := k.Native[h.kid]
	if !ok {
		if h.kid != "" && k.belongsElsewhere(h.kid) {
			return Claims{}, ErrWrongCompany
		}
		return Claims{}, fmt.Errorf("%w: unknown key %.40q", ErrSignature, h.kid)
	}
	members, _, err := open(raw, jwt.SigningMethodEdDSA.Alg(), []jwt.VerificationKey{key})
	if err != nil {
		return Claims{}, err
	}
	c := Claims{Kind: Join, KeyID: h.kid}
	var iss string
	for name, field := range map[string]*string{
		"iss": &iss, "company": &c.Company, "room": &c.Room, "sub": &c.Peer,
		"name": &c.Name, "role": &c.Role, "jti": &c.ID,
	} {
		v, ok := members[name]
		if ok && v.kind != 's' {
			return Claims{}, fmt.Errorf("%w: claim %s is no string", ErrMalformed, name)
		}
		*field = v.text
		delete(members, name)
	}
	if iss != issuer || c.Company == "" || c.Room == "" {
		return Claims{}, fmt.Errorf("%w: issuer, company or room is missing", ErrMalformed)
	}
	if c.Company != k.Company {
		return Claims{}, ErrWrongCompany
	}
	if err := c.fill(members); err != nil {
		return Claims{}, err
	}
	if c.Expires.IsZero() {
		return Claims{}, fmt.Errorf("%w: a join token has to expire", ErrMalformed)
	}
	return c, nil
}

func (k Keyring) belongsElsewhere(kid string) bool {
	if k.Elsewhere == nil {
		return false
	}
	company, ok := k.Elsewhere(kid)
	return ok && company != k.Company
}

// fill takes the times and the attributes out of the members.
func (c *Claims) fill(members map[string]value) error {
	for name, at := range map[string]*time.Time{"exp": &c.Expires, "nbf": &c.NotBefore} {
		v, ok := members[name]
		if !ok {
			continue
		}
		delete(members, name)
		t, ok := numericDate(v)
		if !ok {
			return fmt.Errorf("%w: claim %s is no date", ErrMalformed, name)
		}
		*at = t
	}
	c.Attributes = make(map[string]string, len(members))
	for name, v := range members {
		if v.kind == 's' || v.kind == 'b' || v.kind == 'n' {
			c.Attributes[name] = v.text
		}
	}
	return nil
}

// numericDate reads seconds since 1970, fractions allowed (RFC 7519 section 2).
func numericDate(v value) (time.Time, bool) {
	if v.kind != 'n' {
		return time.Time{}, false
	}
	s, err := strconv.ParseFloat(v.text, 64)
	if err != nil || s < 0 || s > maxTime {
		return time.Time{}, false
	}
	whole, frac := math.Modf(s)
	return time.Unix(int64(whole), int64(frac*1e9)).UTC(), true
}

func current(c Claims, now time.Time) error {
	if !c.Expires.IsZero() && !now.Before(c.Expires.Add(Leeway)) {
		return ErrExpired
	}
	if !c.NotBefore.IsZero() && now.Add(Leeway).Before(c.NotBefore) {
		return ErrNotYetValid
	}
	return nil
}
