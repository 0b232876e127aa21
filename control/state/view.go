package state

import (
	"iter"
	"reflect"
	"strings"

	"github.com/hashicorp/go-memdb"
)

// View is one moment of the state. It is safe for use by many goroutines, but for those of a command. The zero
// and the nil View are empty.
type View struct {
	txn *memdb.Txn
}

// Index is that of the last log entry applied.
func (v *View) Index() uint64 {
	if v == nil || v.txn == nil {
		return 0
	}
	raw, err := v.txn.First(tableMeta, indexID, "index")
	if r, ok := raw.(*row[uint64]); err == nil && ok {
		return r.Value
	}
	return 0
}

// Platform returns the singleton; zero before InitPlatform.
func (v *View) Platform() Platform {
	p, _ := Get[Platform](v, platformID)
	return p
}

// Get finds an entity by id.
func Get[T any](v *View, id string) (T, bool) { return Find[T](v, indexID, id) }

// GetOwned finds an entity by id if the given tenant owns it.
func GetOwned[T any](v *View, company, id string) (T, bool) {
	e, ok := Get[T](v, id)
	if ok && ownerOf(any(&e).(Entity)) != company {
		var none T
		return none, false
	}
	return e, ok
}

// Find finds the entity under a key of a unique index.
func Find[T any](v *View, index string, key ...string) (T, bool) {
	var none T
	if v == nil || v.txn == nil {
		return none, false
	}
	raw, err := v.txn.First(string(kindOf[reflect.TypeFor[T]()]), index, args(key)...)
	if err != nil || raw == nil {
		return none, false
	}
	return *raw.(*T), true
}

// List walks a tenant's entities, those of the platform for "", in the order of their ids from the given one on.
func List[T any](v *View, owner, from string) iter.Seq[T] {
	return ByIndex[T](v, indexOwned, owner, from)
}

// All walks the entities of every tenant in the order of their ids from the given one on.
func All[T any](v *View, from string) iter.Seq[T] {
	return func(yield func(T) bool) {
		walk(v, kindOf[reflect.TypeFor[T]()], indexID, []string{from}, func(e Entity) bool { return yield(*any(e).(*T)) })
	}
}

// ByIndex walks the entities under one key of an index in the order of their ids from the given one on. A
// command that writes while it walks collects first, because memdb's iterators do not survive writes.
func ByIndex[T any](v *View, index, key, from string) iter.Seq[T] {
	return func(yield func(T) bool) {
		walkKey(v, kindOf[reflect.TypeFor[T]()], index, key, from, func(e Entity) bool { return yield(*any(e).(*T)) })
	}
}

// walkKey walks one key of an index.
func walkKey(v *View, kind Kind, index, key, from string, yield func(Entity) bool) {
	t := byKind[kind]
	i := t.index(index)
	walk(v, kind, index, []string{key, from}, func(e Entity) bool {
		parts := i.of(e)
		return len(parts) > 0 && strings.Join(parts, "\x00") == key && yield(e)
	})
}

// walk goes on from a key.
func walk(v *View, kind Kind, index string, lower []string, yield func(Entity) bool) {
	each(v, (*memdb.Txn).LowerBound, kind, index, lower, yield)
}

// walkBack goes from a key to those before it.
func walkBack(v *View, kind Kind, index string, upper []string, yield func(Entity) bool) {
	each(v, (*memdb.Txn).ReverseLowerBound, kind, index, upper, yield)
}

func each(v *View, from func(*memdb.Txn, string, string, ...any) (memdb.ResultIterator, error), kind Kind, index string, bound []string, yield func(Entity) bool) {
	if v == nil || v.txn == nil {
		return
	}
	it, err := from(v.txn, string(kind), index, args(bound)...)
	if err != nil {
		return
	}
	for raw := it.Next(); raw != nil; raw = it.Next() {
		if !yield(raw.(Entity)) {
			return
		}
	}
}

func (t *table) index(name string) *index {
	switch name {
	case indexID:
		return idIndex
	case indexOwned:
		return ownedIndex
	}
	for _, i := range t.indexes {
		if i.name == name {
			return i
		}
	}
	return nil
}

func args(parts []string) []any {
	out := make([]any, len(parts))
	for i, p := range parts {
		out[i] = p
	}
	return out
}
