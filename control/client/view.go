package client

import (
	"crypto/ed25519"
	"slices"

	"github.com/meridian-video/meridian/control/state"
)

// The entities of an edge's copy.
type (
	// Company is a tenant.
	Company = state.Company
	// TenantKey is a company's public key for partner tokens.
	TenantKey = state.TenantKey
	// Room is a room as configured.
	Room = state.Room
)

// View is the copy at one index. It never changes and is safe for many goroutines; a nil View is empty.
type View struct {
	state *state.View
	index uint64
	epoch string
}

// Index is the log index up to which the view is complete.
func (v *View) Index() uint64 {
	if v == nil {
		return 0
	}
	return v.index
}

// State is the copy as the entities it holds; empty for a nil View.
func (v *View) State() *state.View {
	if v == nil {
		return nil
	}
	return v.state
}

// CompanyByHost finds the company that a host name belongs to, as state.View does.
func (v *View) CompanyByHost(host string) (Company, bool) { return v.State().CompanyByHost(host) }

// Company finds a company by id; a suspended one too: look at its Status.
func (v *View) Company(id string) (Company, bool) { return state.Get[Company](v.State(), id) }

// Settings gives what holds for a room of a company; the room may be zero.
func (v *View) Settings(c Company, r Room) state.Settings { return v.State().Settings(c, r) }

// On is the value of a switch in Settings, false where no level has set it.
func On(b *bool) bool { return state.On(b) }

// Keys lists the company's keys that tokens may be signed with.
func (v *View) Keys(companyID string) []TenantKey {
	return slices.Collect(state.List[TenantKey](v.State(), companyID, ""))
}

// KeyByID finds a usable key by its kid, whichever company owns it.
func (v *View) KeyByID(kid string) (TenantKey, bool) { return state.Get[TenantKey](v.State(), kid) }

// Room finds a room by the public id of links.
func (v *View) Room(companyID, publicID string) (Room, bool) {
	return state.Find[Room](v.State(), "public_id", companyID, publicID)
}

// NativeKeys holds the public keys of native tokens by kid, as the keyring of package token wants them.
func (v *View) NativeKeys() map[string]ed25519.PublicKey {
	keys := map[string]ed25519.PublicKey{}
	for k := range state.All[state.SigningKey](v.State(), "") {
		if len(k.PublicKey) == ed25519.PublicKeySize {
			keys[k.ID] = ed25519.PublicKey(k.PublicKey)
		}
	}
	return keys
}
