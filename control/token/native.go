package token

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// maxTime is the year 9999; later instants do not survive formatting.
const maxTime = 253402300799

// readNative reads a token of our own kinds, as the kind's rule has it.
func (k Keyring) readNative(raw string, h header) (Claims, error) {
	key, ok := k.Native[h.kid]
	if !ok {
		if h.kid != "" && k.belongsElsewhere(h.kid) {
			return Claims{}, ErrWrongCompany
		}
		return Claims{}, fmt.Errorf("%w: unknown key %.40q", ErrSignature, h.kid)
	}
	members, _, err := open(raw, h.rule.alg(), []jwt.VerificationKey{key})
	if err != nil {
		return Claims{}, err
	}
	c, err := h.rule.claims(members)
	if err != nil {
		return Claims{}, err
	}
	c.KeyID = h.kid
	if c.Company != k.Company {
		return Claims{}, ErrWrongCompany
	}
	return c, nil
}

// claims takes the members apart.
func (r rule) claims(members map[string]value) (Claims, error) {
	for _, name := range reserved {
		v, there := members[name]
		switch {
		case there && !r.has(name):
			return Claims{}, fmt.Errorf("%w: a %s token has no claim %s", ErrMalformed, r.kind, name)
		case r.needs(name) && (!there || v.kind == 's' && v.text == ""):
			return Claims{}, fmt.Errorf("%w: claim %s is missing", ErrMalformed, name)
		}
	}
	c := Claims{Kind: r.kind}
	if err := r.takeTexts(members, &c); err != nil {
		return Claims{}, err
	}
	if err := takeDates(members, dates{"iat": &c.Issued, "exp": &c.Expires, "nbf": &c.NotBefore}); err != nil {
		return Claims{}, err
	}
	if r.life > 0 && c.Expires.Sub(c.Issued) > r.life {
		return Claims{}, fmt.Errorf("%w: it would live longer than %s", ErrMalformed, r.life)
	}
	c.Attributes = attributes(members)
	return c, nil
}

// takeTexts moves the claims that are texts, and the boolean moderator, out of
// the members.
func (r rule) takeTexts(members map[string]value, c *Claims) error {
	var iss, person, parent, ancestors string
	for name, field := range map[string]*string{
		"iss": &iss, r.company: &c.Company, "room": &c.Room, "sub": &c.Peer, "person": &person, "name": &c.Name,
		"role": &c.Role, "jti": &c.ID, "par": &parent, "anc": &ancestors, "bind": &c.Binding,
	} {
		v, ok := members[name]
		if ok && v.kind != 's' {
			return fmt.Errorf("%w: claim %s is no string", ErrMalformed, name)
		}
		*field = v.text
		delete(members, name)
	}
	if iss != issuer {
		return fmt.Errorf("%w: issuer %.40q", ErrMalformed, iss)
	}
	if r.moderator {
		v := members["moderator"]
		if v.kind != 'b' || r.kind == Moderator && v.text != "true" {
			return fmt.Errorf("%w: claim moderator", ErrMalformed)
		}
		if v.text == "true" {
			c.Role = RoleModerator
		}
		delete(members, "moderator")
	}
	var err error
	if c.Person, err = readPerson(person); err != nil {
		return err
	}
	return c.takeParents(parent, ancestors)
}

// takeParents reads the ids of the tokens this one was made from: par is one,
// anc are those before it, with blanks between them.
func (c *Claims) takeParents(par, anc string) error {
	if par == "" && anc == "" {
		return nil
	}
	c.Parents = append(strings.Fields(anc), par)
	if !oneID(par) || len(c.Parents) > maxParents {
		return fmt.Errorf("%w: claim par or anc", ErrMalformed)
	}
	return nil
}

// oneID tells whether a text is an id by itself: without blanks, which stand
// between ids and would keep one from being found among those revoked.
func oneID(s string) bool {
	f := strings.Fields(s)
	return len(f) == 1 && f[0] == s
}

type dates map[string]*time.Time

// takeDates moves the claims that are dates out of the members.
func takeDates(members map[string]value, d dates) error {
	for name, at := range d {
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
	return nil
}

// attributes are the scalars that are left.
func attributes(members map[string]value) map[string]string {
	out := make(map[string]string, len(members))
	for name, v := range members {
		if v.kind == 's' || v.kind == 'b' || v.kind == 'n' {
			out[name] = v.text
		}
	}
	return out
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
