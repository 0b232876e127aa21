package state

import (
	"fmt"
	"strings"

	"github.com/hashicorp/go-memdb"
)

// index is a way to find entities of a table other than by id.
type index struct {
	name string
	// of gives the parts of the key; nil where the entity is not to be found this way.
	of func(Entity) []string
	// field is blamed when a second entity wants the key of a unique index; empty for an index of many.
	field string
	// parent is the kind whose deletion takes the entities of this index along; empty for none.
	parent Kind
}

// key joins parts so that no key is the beginning of another.
func key(parts []string) []byte {
	return []byte(strings.Join(parts, "\x00") + "\x00")
}

// FromObject implements memdb.SingleIndexer.
func (i *index) FromObject(raw any) (bool, []byte, error) {
	e, ok := raw.(Entity)
	if !ok {
		return false, nil, fmt.Errorf("index %s of %T", i.name, raw)
	}
	parts := i.of(e)
	if parts == nil {
		return false, nil, nil
	}
	k := key(parts)
	if i.field == "" {
		k = append(k, e.meta().ID...) // makes it unique, and the order that of ids
		k = append(k, 0)
	}
	return true, k, nil
}

// FromArgs implements memdb.Indexer.
func (i *index) FromArgs(args ...any) ([]byte, error) {
	parts := make([]string, len(args))
	for n, a := range args {
		s, ok := a.(string)
		if !ok {
			return nil, fmt.Errorf("index %s: argument %T", i.name, a)
		}
		parts[n] = s
	}
	if i.field == "" && len(args) > 0 && parts[len(parts)-1] == "" {
		return []byte(strings.Join(parts, "\x00")), nil // from the first id on
	}
	return key(parts), nil
}

// PrefixFromArgs implements memdb.PrefixIndexer.
func (i *index) PrefixFromArgs(args ...any) ([]byte, error) { return i.FromArgs(args...) }

func (i *index) schema() *memdb.IndexSchema {
	return &memdb.IndexSchema{Name: i.name, Unique: true, AllowMissing: true, Indexer: i}
}

// by makes an index of many over one field, whose entities go when the parent of that id goes.
func by[T any](name string, parent Kind, of func(*T) string) *index {
	return &index{name: name, parent: parent, of: func(e Entity) []string {
		if s := of(any(e).(*T)); s != "" {
			return []string{s}
		}
		return nil
	}}
}

// one makes a unique index; of gives nil where there is nothing to index.
func one[T any](name, field string, of func(*T) []string) *index {
	return &index{name: name, field: field, of: func(e Entity) []string { return of(any(e).(*T)) }}
}
