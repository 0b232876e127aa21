package state

import (
	"encoding/json"
	"fmt"
	"reflect"

	"github.com/hashicorp/go-memdb"
)

const tableMeta = "meta"

// table is one kind of entity.
type table struct {
	kind    Kind
	make    func() Entity
	indexes []*index
	// edges says that every edge holds a copy.
	edges bool
	// numbered entities get an integer twin of their id.
	numbered bool
	// internal kinds have commands of their own and no generic ones.
	internal bool
	// expires gives the time after which the entity is swept away; zero for never.
	expires func(Entity) int64
}

// of makes a table of T.
func of[T any, P interface {
	*T
	Entity
}](kind Kind, t table, indexes ...*index) *table {
	t.kind, t.indexes = kind, indexes
	t.make = func() Entity { return P(new(T)) }
	kindOf[reflect.TypeFor[T]()] = kind
	return &t
}

var (
	kindOf = map[reflect.Type]Kind{}
	byKind = map[Kind]*table{}
)

func init() {
	for _, t := range tables {
		if t.expires != nil {
			t.indexes = append(t.indexes, &index{name: indexExpires, of: func(e Entity) []string {
				if at := t.expires(e); at > 0 {
					return []string{fmt.Sprintf("%015d", at)}
				}
				return nil
			}})
		}
		byKind[t.kind] = t
	}
}

const (
	indexID      = "id"
	indexOwned   = "owned"
	indexExpires = "expires"
)

var idIndex = &index{name: indexID, field: "id", of: func(e Entity) []string { return []string{e.meta().ID} }}

// ownedIndex lists a tenant's entities in the order of their ids from a cursor on; "" owns what is the platform's.
var ownedIndex = &index{name: indexOwned, of: func(e Entity) []string { return []string{ownerOf(e)} }}

func ownerOf(e Entity) string {
	if o, ok := e.(owned); ok {
		return o.owner()
	}
	return e.meta().Company
}

// row wraps what has no id of its own.
type row[T any] struct {
	Key   string
	Value T
}

func schema(wanted func(*table) bool) *memdb.DBSchema {
	s := &memdb.DBSchema{Tables: map[string]*memdb.TableSchema{
		tableMeta: {Name: tableMeta, Indexes: map[string]*memdb.IndexSchema{
			indexID: {Name: indexID, Unique: true, Indexer: &memdb.StringFieldIndex{Field: "Key"}},
		}},
	}}
	for _, t := range tables {
		if !wanted(t) {
			continue
		}
		m := &memdb.TableSchema{Name: string(t.kind), Indexes: map[string]*memdb.IndexSchema{
			indexID: idIndex.schema(), indexOwned: ownedIndex.schema(),
		}}
		for _, i := range t.indexes {
			m.Indexes[i.name] = i.schema()
		}
		s.Tables[string(t.kind)] = m
	}
	return s
}

// Decode reads the JSON of an entity of the given kind into a pointer to it.
func (t *table) decode(data []byte) (Entity, error) {
	e := t.make()
	if err := json.Unmarshal(data, e); err != nil {
		return nil, err
	}
	if e.meta().ID == "" {
		return nil, fmt.Errorf("%s without id", t.kind)
	}
	return e, nil
}

// DecodeEntity reads the JSON of an entity of the given kind into a pointer to it.
func DecodeEntity(kind Kind, data []byte) (Entity, error) {
	t, ok := byKind[kind]
	if !ok {
		return nil, fmt.Errorf("kind %q", kind)
	}
	return t.decode(data)
}

// ForEdges tells whether edges hold copies of the kind.
func ForEdges(kind Kind) bool {
	t, ok := byKind[kind]
	return ok && t.edges
}

// Kinds lists all kinds in the order in which snapshots have them.
func Kinds() []Kind {
	out := make([]Kind, len(tables))
	for i, t := range tables {
		out[i] = t.kind
	}
	return out
}
