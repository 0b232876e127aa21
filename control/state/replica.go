package state

import (
	"fmt"

	"github.com/hashicorp/go-memdb"
)

// Replica is the part of the state that an edge holds a copy of, built from what a feed says. One goroutine
// writes it; its views are immutable.
type Replica struct {
	db *memdb.MemDB
}

// Writing is a set of changes to a replica of which all become visible or none.
type Writing struct {
	txn *memdb.Txn
}

// NewReplica makes an empty one.
func NewReplica() *Replica { return &Replica{db: empty(func(t *table) bool { return t.edges })} }

// View returns the replica as it is now.
func (r *Replica) View() *View { return &View{txn: r.db.Snapshot().Txn(false)} }

// Begin begins to write.
func (r *Replica) Begin() *Writing { return &Writing{txn: r.db.Txn(true)} }

// Put writes the JSON of an entity. A kind that edges do not hold is passed over: a newer control may send it.
func (w *Writing) Put(kind Kind, data []byte) error {
	if !ForEdges(kind) {
		return nil
	}
	e, err := DecodeEntity(kind, data)
	if err != nil {
		return fmt.Errorf("%s: %w", kind, err)
	}
	return w.txn.Insert(string(kind), e)
}

// Delete removes an entity.
func (w *Writing) Delete(kind Kind, id string) error {
	if !ForEdges(kind) {
		return nil
	}
	if _, err := w.txn.DeleteAll(string(kind), indexID, id); err != nil {
		return fmt.Errorf("delete %s: %w", kind, err)
	}
	return nil
}

// Commit makes the changes visible.
func (w *Writing) Commit() { w.txn.Commit() }

// Abort drops them; after Commit it does nothing.
func (w *Writing) Abort() { w.txn.Abort() }

// ForEach walks what edges may hold of a view, in the order in which references can be followed.
func (v *View) ForEach(yield func(kind Kind, e Entity) error) error {
	for _, t := range tables {
		if !t.edges {
			continue
		}
		var err error
		walk(v, t.kind, indexID, []string{""}, func(e Entity) bool {
			err = yield(t.kind, e)
			return err == nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
