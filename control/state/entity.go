package state

import "time"

// Kind names a table, a record of a snapshot and a record of the change feed.
type Kind string

// Entity is what a table holds. Those outside of this package get copies and change nothing.
type Entity interface {
	meta() *Meta
	// spec points to the fields that commands set.
	spec() any
	// check judges the entity as it is to be; was is what it has been, nil for a new one. It may fill fields that
	// follow from others.
	check(tx *tx, was Entity) error
}

// Meta is what every entity has.
type Meta struct {
	ID      string `json:"id"`
	Company string `json:"company,omitempty" doc:"The tenant that owns it."`
	// Number is the integer twin of ID, unique per company and kind, where partners know the thing by a number.
	Number    uint64    `json:"number,omitempty" doc:"Integer twin of the id, unique in the company."`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
	// Version is the index of the log entry that changed it last.
	Version uint64 `json:"version" doc:"Changes with every write; the ETag holds it."`
}

func (m *Meta) meta() *Meta   { return m }
func (m *Meta) owner() string { return m.Company }

// Identity gives id and company of an entity.
func (m *Meta) Identity() (id, company string) { return m.ID, m.Company }

// Metadata gives what every entity has.
func (m *Meta) Metadata() Meta { return *m }

// Owns tells whether an entity is the owner's, see List.
func Owns[T any](owner string, e T) bool {
	of, ok := any(&e).(Entity)
	return ok && ownerOf(of) == owner
}

// Optional capabilities of entities.
type (
	// owned overrides who owns the entity: a reseller where that is not a company.
	owned interface{ owner() string }
	// created is called after a new entity was put.
	created interface{ created(tx *tx) error }
	// changed is called after an entity was changed.
	changed interface{ changed(tx *tx) error }
	// deleted is called after an entity and what hangs on it were deleted.
	deleted interface{ deleted(tx *tx) error }
	// kept refuses deletion while something needs the entity.
	kept interface{ kept(tx *tx) error }
	// guarded entities have a secret that commands may set.
	guarded interface{ secrets() any }
	// masked gives a copy without what only control may see.
	masked interface{ masked() Entity }
)

// Mask gives the entity as those may see it who may see it at all: without hashes and sealed secrets.
func Mask[T any](e T) T {
	if m, ok := any(&e).(masked); ok {
		if t, ok := any(m.masked()).(*T); ok {
			return *t
		}
	}
	return e
}

// OfReseller is the owner of what is a reseller's. Companies own under their plain ids, which hold no slash, so
// that a company and a reseller of one id have nothing in common.
func OfReseller(id string) string {
	if id == "" {
		return ""
	}
	return string(KindReseller) + "/" + id
}

// tenantOf is the tenant whose business an entity is: of a tenant, the tenant itself.
func tenantOf(e Entity) string {
	switch e := e.(type) {
	case *Company:
		return e.ID
	case *Reseller:
		return OfReseller(e.ID)
	}
	return ownerOf(e)
}

// secretOf gives the secret that p points to, a new one where there is none.
func secretOf[T any](p **T) any {
	if *p == nil {
		*p = new(T)
	}
	return *p
}
