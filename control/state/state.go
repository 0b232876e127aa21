package state

import (
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-memdb"
)

var errNotOwned = errors.New("entity without a company")

// State is the state machine. Apply and Restore are called by one goroutine (Raft's); View by any.
type State struct {
	db atomic.Pointer[memdb.MemDB]
}

// Change is one record that an applied command put or deleted, in the order in which it did.
type Change struct {
	Kind   Kind
	ID     string
	Delete bool
	Entity any // pointer to the entity; nobody may write to it
}

// Result is what applying one log entry gave.
type Result struct {
	Index   uint64
	Value   any   // the entity as it is now (by value), nil with an error
	Err     error // *Error; equal on every node
	Changes []Change
}

// New makes an empty state.
func New() *State {
	s := &State{}
	s.db.Store(empty())
	return s
}

func empty() *memdb.MemDB {
	db, err := memdb.NewMemDB(schema())
	if err != nil {
		panic(fmt.Sprintf("state schema: %v", err)) // a constant of this package is wrong
	}
	return db
}

// Apply applies one log entry. Whatever the entry holds, it returns; an entry that fails changes nothing but
// the index.
func (s *State) Apply(index uint64, entry []byte) Result {
	t := &tx{txn: s.db.Load().Txn(true), index: index}
	defer t.txn.Abort()
	if last := t.view().Index(); index <= last {
		return Result{Index: index, Err: &Error{Code: CodeReplayed, Message: fmt.Sprintf("index %d is at or below %d", index, last)}}
	}
	value, err := t.run(entry)
	if err != nil {
		t.txn.Abort()
		t = &tx{txn: s.db.Load().Txn(true), index: index}
		value = nil
	}
	if merr := t.txn.Insert(tableMeta, &row[uint64]{Key: "index", Value: index}); merr != nil {
		t.txn.Abort()
		return Result{Index: index, Err: merr}
	}
	t.txn.Commit()
	return Result{Index: index, Value: value, Err: err, Changes: t.changes}
}

// View returns the state as it is now; it does not change afterwards.
func (s *State) View() *View {
	return &View{txn: s.db.Load().Txn(false)}
}

// tx is the write side of one command.
type tx struct {
	txn     *memdb.Txn
	index   uint64
	at      time.Time
	changes []Change
}

func (t *tx) run(entry []byte) (any, error) {
	c, at, err := Decode(entry)
	if err != nil {
		return nil, err
	}
	t.at = at
	return c.apply(t)
}

// view reads the state with what the command has written so far.
func (t *tx) view() *View { return &View{txn: t.txn} }

func (t *tx) company(id string) (Company, error) {
	c, ok := t.view().Company(id)
	if !ok {
		return Company{}, notFound("company")
	}
	return c, nil
}

func (t *tx) tenantKey(company, id string) (TenantKey, error) {
	k, ok := t.view().TenantKey(id)
	if !ok || k.Company != company {
		return TenantKey{}, notFound("key")
	}
	return k, nil
}

func (t *tx) room(company, id string) (Room, error) {
	r, ok := t.view().RoomByID(id)
	if !ok || r.Company != company {
		return Room{}, notFound("room")
	}
	return r, nil
}

func (t *tx) put(kind Kind, entity any) error {
	if err := t.txn.Insert(string(kind), entity); err != nil {
		return fmt.Errorf("put %s: %w", kind, err)
	}
	t.changes = append(t.changes, Change{Kind: kind, ID: idOf(entity), Entity: entity})
	return nil
}

func (t *tx) putPlatform(p Platform) error {
	if err := t.txn.Insert(string(KindPlatform), &row[Platform]{Key: "platform", Value: p}); err != nil {
		return fmt.Errorf("put platform: %w", err)
	}
	t.changes = append(t.changes, Change{Kind: KindPlatform, ID: "platform", Entity: &p})
	return nil
}

func (t *tx) del(kind Kind, id string, entity any) error {
	if _, err := t.txn.DeleteAll(string(kind), "id", id); err != nil {
		return fmt.Errorf("delete %s: %w", kind, err)
	}
	t.changes = append(t.changes, Change{Kind: kind, ID: id, Delete: true, Entity: entity})
	return nil
}

func idOf(entity any) string {
	switch e := entity.(type) {
	case *SigningKey:
		return e.KID
	case *Company:
		return e.ID
	case *RoomDomain:
		return e.FQDN
	case *TenantKey:
		return e.ID
	case *APIKey:
		return e.ID
	case *Room:
		return e.ID
	}
	return ""
}
