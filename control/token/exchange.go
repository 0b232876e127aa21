package token

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"time"
)

// minSecret is the shortest secret a browser is bound by: 22 characters of
// base64 are 128 bits. rand.Text makes 26 of base32.
const minSecret = 22

// Exchange makes the claims of what a verified one-time token is given up for:
// a session for an attendee's, a host token for one of SSO. It is bound to the
// browser that holds secret, in a cookie of ours that no script reads.
//
// It has the ancestors of that token, too, and whom it names (INV-12).
//
// The caller has had the one use judged by the owner of c.Hash (FirstUse), and
// mints the result.
func (c Claims) Exchange(secret string, now time.Time) (Claims, error) {
	if len(secret) < minSecret {
		return Claims{}, fmt.Errorf("%w: the browser's secret is too short", ErrIncomplete)
	}
	return c.ExchangeFor(Bind(secret), now)
}

// ExchangeFor is Exchange for who knows the browser by its binding alone, and
// not its secret.
func (c Claims) ExchangeFor(binding string, now time.Time) (Claims, error) {
	out := Claims{
		Company: c.Company, Room: c.Room, Peer: c.Peer, Person: c.Person, Name: c.Name, Role: c.Role,
		Issued: now, Parents: append(slices.Clone(c.Parents), c.ID), Binding: binding, Attributes: maps.Clone(c.Attributes),
	}
	switch c.Kind {
	case Attendee:
		out.Kind, out.Expires = Session, now.Add(SessionLife)
	case SSO:
		out.Kind, out.Expires = Host, now.Add(HostLife)
	default:
		return Claims{}, fmt.Errorf("%w: it is not exchanged", ErrParent)
	}
	return out, nil
}

// Bind is what a token says of the browser it serves in: a hash of the secret
// in the browser's cookie, so that who reads the token cannot make the cookie.
func Bind(secret string) string {
	sum := sha256.Sum256([]byte("meridian browser\x00" + secret))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// boundTo tells whether the claims serve in the browser that holds secret.
func (c Claims) boundTo(secret string) bool {
	return secret != "" && subtle.ConstantTimeCompare([]byte(Bind(secret)), []byte(c.Binding)) == 1
}
