package token

import (
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// ErrIncomplete is returned when claims cannot become a token of their kind:
// one is missing or does not belong there, its life would be too long, or an
// attribute has the name of a claim.
var ErrIncomplete = errors.New("claims do not make a token")

// Signer mints tokens with one key. It has no state besides the key and may be
// used by any number of goroutines.
type Signer struct {
	kid string
	key ed25519.PrivateKey
}

// NewSigner makes a signer; kid is the name verifiers find the public key by.
func NewSigner(kid string, key ed25519.PrivateKey) *Signer {
	return &Signer{kid, key}
}

// Mint signs a token of the kind c.Kind, a join token where that is empty. The
// kind's required claims must be there and others of ours must not; an empty ID
// is filled with a random one; Issued is required of every kind but Join, and
// where a kind's life is bounded, a zero Expires is the longest. KeyID and Hash
// are ignored. Times are rounded down to whole seconds.
func (s *Signer) Mint(c Claims) (string, error) {
	if len(s.key) != ed25519.PrivateKeySize || s.kid == "" {
		return "", errors.New("signer without a key")
	}
	if c.Kind == "" {
		c.Kind = Join
	}
	r, ok := ruleOf(c.Kind)
	if !ok {
		return "", fmt.Errorf("%w: kind %q is not ours to sign", ErrIncomplete, c.Kind)
	}
	if c.ID == "" {
		c.ID = rand.Text()
	}
	if r.life > 0 && c.Expires.IsZero() && !c.Issued.IsZero() {
		c.Expires = c.Issued.Add(r.life)
	}
	m, err := r.members(c)
	if err != nil {
		return "", err
	}
	return s.sign(r, m)
}

func (s *Signer) sign(r rule, m jwt.MapClaims) (string, error) {
	t := jwt.NewWithClaims(jwt.SigningMethodEdDSA, m)
	t.Header["typ"], t.Header["kid"] = r.typ, s.kid
	signed, err := t.SignedString(s.key)
	if err != nil {
		return "", fmt.Errorf("sign %s token: %w", r.kind, err)
	}
	if len(signed) > MaxSize {
		return "", fmt.Errorf("%w: longer than %d bytes", ErrIncomplete, MaxSize)
	}
	return signed, nil
}

// members is the reverse of claims.
func (r rule) members(c Claims) (jwt.MapClaims, error) {
	m := jwt.MapClaims{"iss": issuer}
	for name, v := range map[string]string{
		r.company: c.Company, "room": c.Room, "sub": c.Peer, "person": c.Person.String(), "name": c.Name,
		"role": c.Role, "jti": c.ID, "par": c.parent(), "anc": c.ancestors(), "bind": c.Binding,
	} {
		if v != "" {
			m[name] = v
		}
	}
	for name, at := range map[string]time.Time{"iat": c.Issued, "nbf": c.NotBefore, "exp": c.Expires} {
		if !at.IsZero() {
			m[name] = at.Unix()
		}
	}
	if r.moderator {
		if c.Role != RoleModerator && (c.Role != "" || r.kind == Moderator) {
			return nil, fmt.Errorf("%w: role %q", ErrIncomplete, c.Role)
		}
		delete(m, "role")
		m["moderator"] = c.Role == RoleModerator
	}
	if err := r.complete(m, c); err != nil {
		return nil, err
	}
	for name, v := range c.Attributes {
		if slices.Contains(reserved, name) {
			return nil, fmt.Errorf("%w: attribute %q has the name of a claim", ErrIncomplete, name)
		}
		m[name] = v
	}
	return m, nil
}

// complete asks of new claims what claims asks of those it reads.
func (r rule) complete(m jwt.MapClaims, c Claims) error {
	for _, name := range reserved {
		_, there := m[name]
		switch {
		case there && !r.has(name):
			return fmt.Errorf("%w: a %s token has no claim %s", ErrIncomplete, r.kind, name)
		case !there && r.needs(name):
			return fmt.Errorf("%w: %s is required", ErrIncomplete, name)
		}
	}
	if r.life > 0 && c.Expires.Sub(c.Issued) > r.life {
		return fmt.Errorf("%w: a %s token lives %s at most", ErrIncomplete, r.kind, r.life)
	}
	if !c.Person.Valid() {
		return fmt.Errorf("%w: person", ErrIncomplete)
	}
	if len(c.Parents) > maxParents || slices.ContainsFunc(c.Parents, func(id string) bool { return !oneID(id) }) {
		return fmt.Errorf("%w: parents", ErrIncomplete)
	}
	return nil
}

func (c Claims) parent() string {
	if len(c.Parents) == 0 {
		return ""
	}
	return c.Parents[len(c.Parents)-1]
}

func (c Claims) ancestors() string {
	if len(c.Parents) < 2 {
		return ""
	}
	return strings.Join(c.Parents[:len(c.Parents)-1], " ")
}
