// Package keyring gathers from a state, or an edge's copy of it, what may be trusted of tokens that are brought to
// one company. It verifies none, and keeps nothing: who has another view makes another keyring.
package keyring

import (
	"crypto/ed25519"

	"github.com/meridian-video/meridian/control/state"
	"github.com/meridian-video/meridian/control/token"
)

// Of is the keyring for tokens that are brought to a company.
func Of(v *state.View, company string) token.Keyring {
	return token.Keyring{
		Company: company, Partner: partner(v, company), Native: native(v),
		Elsewhere: func(kid string) (string, bool) {
			other, ok := state.Get[state.TenantKey](v, kid)
			return other.Company, ok
		},
		Revoked: func(id string) bool { return Revoked(v, company, id) },
	}
}

// Revoked tells whether a company's token of ours was withdrawn.
func Revoked(v *state.View, company, id string) bool {
	_, ok := state.Get[state.Revocation](v, state.RevocationID(company, id))
	return ok
}

// Usable tells whether a company's key may sign tokens: kid is a partner's, or one of ours.
func Usable(v *state.View, company, kid string) bool {
	if k, ok := state.Get[state.TenantKey](v, kid); ok {
		return k.Company == company && k.Usable()
	}
	_, ok := state.Get[state.SigningKey](v, kid)
	return ok
}

func partner(v *state.View, company string) (keys []token.PartnerKey) {
	for k := range state.List[state.TenantKey](v, company, "") {
		// Keys are checked at registration; one that no longer parses fits no token.
		if public, err := token.ParsePublicKey([]byte(k.PEM)); err == nil && k.Usable() {
			keys = append(keys, token.PartnerKey{ID: k.ID, Key: public})
		}
	}
	return keys
}

func native(v *state.View) map[string]ed25519.PublicKey {
	keys := map[string]ed25519.PublicKey{}
	for k := range state.All[state.SigningKey](v, "") {
		if len(k.PublicKey) == ed25519.PublicKeySize {
			keys[k.ID] = k.PublicKey
		}
	}
	return keys
}
