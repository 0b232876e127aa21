package token

import (
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"

	"github.com/golang-jwt/jwt/v5"
)

// ErrIncomplete is returned when claims cannot become a join token: company,
// room or expiry is missing, or an attribute has the name of a claim.
var ErrIncomplete = errors.New("claims do not make a join token")

// Signer mints join tokens with one key. It has no state besides the key and
// may be used by any number of goroutines.
type Signer struct {
	kid string
	key ed25519.PrivateKey
}

// NewSigner makes a signer; kid is the name verifiers find the public key by.
func NewSigner(kid string, key ed25519.PrivateKey) *Signer {
	return &Signer{kid, key}
}

// Mint signs a join token for one person in one room. Company, Room and
// Expires are required; an empty ID is filled with a random one; Kind, KeyID
// and Hash are ignored. Times are rounded down to whole seconds.
func (s *Signer) Mint(c Claims) (string, error) {
	if len(s.key) != ed25519.PrivateKeySize || s.kid == "" {
		return "", errors.New("signer without a key")
	}
	if c.Company == "" || c.Room == "" || c.Expires.IsZero() {
		return "", fmt.Errorf("%w: company, room and expiry are required", ErrIncomplete)
	}
	if c.ID == "" {
		c.ID = rand.Text()
	}
	m := jwt.MapClaims{
		"iss": issuer, "company": c.Company, "room": c.Room, "sub": c.Peer,
		"name": c.Name, "role": c.Role, "jti": c.ID, "exp": c.Expires.Unix(),
	}
	if !c.NotBefore.IsZero() {
		m["nbf"] = c.NotBefore.Unix()
	}
	for name, v := range c.Attributes {
		if _, taken := m[name]; taken || name == "nbf" {
			return "", fmt.Errorf("%w: attribute %q has the name of a claim", ErrIncomplete, name)
		}
		m[name] = v
	}
	t := jwt.NewWithClaims(jwt.SigningMethodEdDSA, m)
	t.Header["typ"], t.Header["kid"] = joinType, s.kid
	signed, err := t.SignedString(s.key)
	if err != nil {
		return "", fmt.Errorf("sign join token: %w", err)
	}
	if len(signed) > MaxSize {
		return "", fmt.Errorf("%w: longer than %d bytes", ErrIncomplete, MaxSize)
	}
	return signed, nil
}
