package token

import (
	"errors"
	"fmt"
	"maps"
	"slices"
)

// Reasons for not making a token from another.
var (
	// ErrParent is returned when a token of that kind, or with those rights,
	// gives rise to no other.
	ErrParent = errors.New("no such token can be made from this one")
	// ErrWindow is returned when a token would be valid never, or outside the
	// window of the one it is made from.
	ErrWindow = errors.New("the window is empty or reaches beyond that of the issuing token")
)

// maxParents bounds a chain of invites, all of which are asked about when it
// is checked what was revoked.
const maxParents = 8

// Invite makes the claims of an invite from those of a verified moderator
// token, or of an invite with the same rights. Company, room and attributes are
// the issuing token's, and so is the window where w leaves it open; it may be
// narrower, never wider (INV-12). The caller mints the result.
func (c Claims) Invite(moderator bool, w Window) (Claims, error) {
	if c.Kind != Moderator && c.Kind != Invite || c.Role != RoleModerator || c.ID == "" {
		return Claims{}, fmt.Errorf("%w: a moderator's is required", ErrParent)
	}
	if len(c.Parents) >= maxParents {
		return Claims{}, fmt.Errorf("%w: %d generations are enough", ErrParent, maxParents)
	}
	if w.NotBefore.IsZero() {
		w.NotBefore = c.NotBefore
	}
	if w.Expires.IsZero() {
		w.Expires = c.Expires
	}
	if w.NotBefore.Before(c.NotBefore) || w.Expires.After(c.Expires) || !w.NotBefore.Before(w.Expires) {
		return Claims{}, ErrWindow
	}
	child := Claims{
		Kind: Invite, Company: c.Company, Room: c.Room, NotBefore: w.NotBefore, Expires: w.Expires,
		Parents: append(slices.Clone(c.Parents), c.ID), Attributes: maps.Clone(c.Attributes),
	}
	if moderator {
		child.Role = RoleModerator
	}
	return child, nil
}
