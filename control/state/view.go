package state

import (
	"iter"

	"github.com/hashicorp/go-memdb"
)

// View is one moment of the state. It is safe for use by many goroutines, but for those of a command.
type View struct {
	txn *memdb.Txn
}

// Index is that of the last log entry applied.
func (v *View) Index() uint64 {
	r, ok := first[row[uint64]](v.txn, tableMeta, "id", "index")
	if !ok {
		return 0
	}
	return r.Value
}

// Platform returns the singleton; zero before InitPlatform.
func (v *View) Platform() Platform {
	r, _ := first[row[Platform]](v.txn, string(KindPlatform), "id", "platform")
	return r.Value
}

// SigningKeys lists the public keys of native join tokens by kid.
func (v *View) SigningKeys() iter.Seq[SigningKey] {
	return from[SigningKey](v.txn, string(KindSigningKey), nil, "id", "")
}

// Company finds a company by id.
func (v *View) Company(id string) (Company, bool) {
	return first[Company](v.txn, string(KindCompany), "id", id)
}

// Companies lists companies whose id is at or above the given one.
func (v *View) Companies(at string) iter.Seq[Company] {
	return from[Company](v.txn, string(KindCompany), nil, "id", at)
}

// Domain finds a room domain by its exact name.
func (v *View) Domain(fqdn string) (RoomDomain, bool) {
	return first[RoomDomain](v.txn, string(KindDomain), "id", fqdn)
}

// Domains lists a company's domains whose name is at or above the given one.
func (v *View) Domains(company, at string) iter.Seq[RoomDomain] {
	return from(v.txn, string(KindDomain), func(d *RoomDomain) bool { return d.Company == company }, "owned", company, at)
}

// TenantKey finds a tenant key by its kid.
func (v *View) TenantKey(id string) (TenantKey, bool) {
	return first[TenantKey](v.txn, string(KindTenantKey), "id", id)
}

// TenantKeys lists a company's keys, revoked ones too, whose id is at or above the given one.
func (v *View) TenantKeys(company, at string) iter.Seq[TenantKey] {
	return from(v.txn, string(KindTenantKey), func(k *TenantKey) bool { return k.Company == company }, "owned", company, at)
}

// APIKey finds an API key by id.
func (v *View) APIKey(id string) (APIKey, bool) {
	return first[APIKey](v.txn, string(KindAPIKey), "id", id)
}

// APIKeys lists a company's API keys (the platform's for "") whose id is at or above the given one.
func (v *View) APIKeys(company, at string) iter.Seq[APIKey] {
	return from(v.txn, string(KindAPIKey), func(k *APIKey) bool { return k.Company == company }, "owned", company, at)
}

// Room finds a room by its public id.
func (v *View) Room(company, publicID string) (Room, bool) {
	return first[Room](v.txn, string(KindRoom), "public_id", company, publicID)
}

// RoomByID finds a room by id.
func (v *View) RoomByID(id string) (Room, bool) {
	return first[Room](v.txn, string(KindRoom), "id", id)
}

// Rooms lists a company's rooms whose id is at or above the given one.
func (v *View) Rooms(company, at string) iter.Seq[Room] {
	return from(v.txn, string(KindRoom), func(r *Room) bool { return r.Company == company }, "owned", company, at)
}

func first[T any](txn *memdb.Txn, table, index string, args ...any) (T, bool) {
	var zero T
	raw, err := txn.First(table, index, args...)
	if err != nil || raw == nil {
		return zero, false
	}
	e, ok := raw.(*T)
	if !ok {
		return zero, false
	}
	return *e, true
}

// from walks an index from a lower bound while the entities are wanted. A command that writes while it walks
// collects the entities first, because memdb's iterators do not survive writes.
func from[T any](txn *memdb.Txn, table string, wanted func(*T) bool, index string, args ...any) iter.Seq[T] {
	return func(yield func(T) bool) {
		it, err := txn.LowerBound(table, index, args...)
		if err != nil {
			return
		}
		for raw := it.Next(); raw != nil; raw = it.Next() {
			e, ok := raw.(*T)
			if !ok || wanted != nil && !wanted(e) {
				return
			}
			if !yield(*e) {
				return
			}
		}
	}
}
