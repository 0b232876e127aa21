package client

import (
	"crypto/ed25519"

	"github.com/hashicorp/go-memdb"

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

// SigningKey is a public key of native join tokens.
type SigningKey struct {
	KID string
	Key ed25519.PublicKey
}

// View is the copy at one index. It never changes and is safe for many goroutines; a nil View is empty.
type View struct {
	txn   *memdb.Txn
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

// CompanyByHost finds the company that owns the host's room domain (exact name, any case, port ignored), else
// the platform's default company if one is set.
func (v *View) CompanyByHost(host string) (Company, bool) {
	if d, ok := get[state.RoomDomain](v, state.KindDomain, "id", state.NormalizeHost(host)); ok {
		return v.Company(d.Company)
	}
	p, ok := get[platformRow](v, state.KindPlatform, "id", "platform")
	if !ok || p.DefaultCompany == "" {
		return Company{}, false
	}
	return v.Company(p.DefaultCompany)
}

// Company finds a company by id; a suspended one too: look at its Status.
func (v *View) Company(id string) (Company, bool) {
	return get[Company](v, state.KindCompany, "id", id)
}

// Keys lists the company's keys that tokens may be signed with.
func (v *View) Keys(companyID string) []TenantKey {
	return list(v, state.KindTenantKey, TenantKey.Usable, "company", companyID)
}

// KeyByID finds a usable key by its kid, whichever company owns it.
func (v *View) KeyByID(kid string) (TenantKey, bool) {
	k, ok := get[TenantKey](v, state.KindTenantKey, "id", kid)
	if !ok || !k.Usable() {
		return TenantKey{}, false
	}
	return k, true
}

// Room finds a room by the public id of links.
func (v *View) Room(companyID, publicID string) (Room, bool) {
	return get[Room](v, state.KindRoom, "public_id", companyID, publicID)
}

// SigningKeys lists the public keys of native join tokens.
func (v *View) SigningKeys() []SigningKey {
	var out []SigningKey
	for _, k := range list(v, state.KindSigningKey, func(k state.SigningKey) bool { return len(k.PublicKey) == ed25519.PublicKeySize }, "id") {
		out = append(out, SigningKey{KID: k.KID, Key: ed25519.PublicKey(k.PublicKey)})
	}
	return out
}

// NativeKeys is SigningKeys as the keyring of package token wants them.
func (v *View) NativeKeys() map[string]ed25519.PublicKey {
	keys := map[string]ed25519.PublicKey{}
	for _, k := range v.SigningKeys() {
		keys[k.KID] = k.Key
	}
	return keys
}

func get[T any](v *View, kind state.Kind, index string, args ...any) (T, bool) {
	var zero T
	if v == nil {
		return zero, false
	}
	raw, err := v.txn.First(string(kind), index, args...)
	if err != nil {
		return zero, false
	}
	e, ok := raw.(*T)
	if !ok {
		return zero, false
	}
	return *e, true
}

func list[T any](v *View, kind state.Kind, wanted func(T) bool, index string, args ...any) []T {
	if v == nil {
		return nil
	}
	it, err := v.txn.Get(string(kind), index, args...)
	if err != nil {
		return nil
	}
	var out []T
	for raw := it.Next(); raw != nil; raw = it.Next() {
		if e, ok := raw.(*T); ok && wanted(*e) {
			out = append(out, *e)
		}
	}
	return out
}
