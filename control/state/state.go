package state

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-memdb"
)

// State is the state machine. Apply and Restore are called by one goroutine (Raft's); View by any.
type State struct {
	db atomic.Pointer[memdb.MemDB]
}

// Change is one entity that an applied command put or deleted, in the order in which it did.
type Change struct {
	Kind   Kind
	ID     string
	Delete bool
	Entity Entity // nobody may write to it
}

// Result is what applying one log entry gave.
type Result struct {
	Index   uint64
	Value   any    // the entity as it is now (by value), nil with an error
	Extra   []byte // what the first of several equal requests kept, see OnceKey
	Again   bool   // the result is that of an earlier equal request
	Err     error  // *Error; equal on every node
	Changes []Change
}

// New makes an empty state.
func New() *State {
	s := &State{}
	s.db.Store(empty(func(*table) bool { return true }))
	return s
}

func empty(wanted func(*table) bool) *memdb.MemDB {
	db, err := memdb.NewMemDB(schema(wanted))
	if err != nil {
		panic(fmt.Sprintf("state schema: %v", err)) // a constant of this package is wrong
	}
	return db.Snapshot() // the same, but nobody can watch it, which writes would pay for
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
	terms   Terms
	target  string // id of the entity the command is about, known once it was looked up
	company string // its owner
	changes []Change
}

func (t *tx) run(entry []byte) Result {
	c, at, terms, err := Decode(entry)
	if err != nil {
		return Result{Err: err}
	}
	t.at, t.terms = at, terms
	if terms.Once != nil {
		if r, found := t.again(terms.Once); found {
			return r
		}
	}
	v, err := c.apply(t)
	if err == nil && terms.Once != nil {
		err = t.remember(terms.Once, v)
	}
	if err == nil {
		err = t.record(c)
	}
	if err == nil {
		err = t.sweep()
	}
	if err != nil {
		return Result{Err: err}
	}
	var extra []byte
	if terms.Once != nil {
		extra = terms.Once.Extra
	}
	return Result{Value: v, Extra: extra}
}

// view reads the state with what the command has written so far.
func (t *tx) view() *View { return &View{txn: t.txn} }

// owned finds the entity that a command is about. One of another tenant is not there.
func (t *tx) owned(kind Kind, company, id string) (Entity, error) {
	raw, err := t.txn.First(string(kind), indexID, id)
	if err != nil || raw == nil {
		return nil, notFound(string(kind))
	}
	e := raw.(Entity)
	if e.meta().Company != company {
		return nil, notFound(string(kind))
	}
	if t.target == "" { // the first: of a batch, the version is that of the first command's
		t.target, t.company = id, tenantOf(e)
		if t.terms.If != 0 && t.terms.If != e.meta().Version {
			return nil, &Error{Code: CodeStale, Message: "it has been changed since"}
		}
	}
	return e, nil
}

// create puts a new entity after all checks.
func (t *tx) create(kind Kind, e Entity) error {
	m := e.meta()
	if raw, err := t.txn.First(string(kind), indexID, m.ID); err != nil || raw != nil {
		return conflict("id", "the id is taken")
	}
	if m.Company != "" && kind != KindCompany {
		if _, ok := Get[Company](t.view(), m.Company); !ok {
			return notFound("company")
		}
	}
	m.CreatedAt = t.at
	if err := e.check(t, nil); err != nil {
		return err
	}
	if byKind[kind].numbered {
		n, err := t.count(ownerOf(e)+"/"+string(kind), 1)
		if err != nil {
			return err
		}
		m.Number = n
	}
	if t.target == "" {
		t.target, t.company = m.ID, tenantOf(e)
	}
	if err := t.put(kind, e); err != nil {
		return err
	}
	if c, ok := e.(created); ok {
		return c.created(t)
	}
	return nil
}

// put writes an entity whose fields were checked, if no other has its unique keys.
func (t *tx) put(kind Kind, e Entity) error {
	for _, i := range byKind[kind].indexes {
		if i.field == "" {
			continue
		}
		parts := i.of(e)
		if parts == nil {
			continue
		}
		raw, err := t.txn.First(string(kind), i.name, args(parts)...)
		if err != nil {
			return fmt.Errorf("look up %s: %w", i.name, err)
		}
		if raw != nil && raw.(Entity).meta().ID != e.meta().ID {
			return conflict(i.field, "is taken")
		}
	}
	m := e.meta()
	m.UpdatedAt, m.Version = t.at, t.index
	if m.CreatedAt.IsZero() {
		m.CreatedAt = t.at
	}
	if err := t.txn.Insert(string(kind), e); err != nil {
		return fmt.Errorf("put %s: %w", kind, err)
	}
	t.changes = append(t.changes, Change{Kind: kind, ID: m.ID, Entity: e})
	return nil
}

// touch writes an entity without making a new version of it: nobody's If-Match is to fail by it.
func (t *tx) touch(kind Kind, e Entity) error {
	if err := t.txn.Insert(string(kind), e); err != nil {
		return fmt.Errorf("touch %s: %w", kind, err)
	}
	t.changes = append(t.changes, Change{Kind: kind, ID: e.meta().ID, Entity: e})
	return nil
}

// remove deletes an entity and those that have it for a parent.
func (t *tx) remove(kind Kind, id string) error {
	raw, err := t.txn.First(string(kind), indexID, id)
	if err != nil || raw == nil {
		return err
	}
	e := raw.(Entity)
	if err := t.txn.Delete(string(kind), e); err != nil {
		return fmt.Errorf("delete %s: %w", kind, err)
	}
	t.changes = append(t.changes, Change{Kind: kind, ID: id, Delete: true, Entity: e})
	for _, child := range tables {
		for _, i := range child.indexes {
			if i.parent != kind {
				continue
			}
			if err := t.deleteAll(child, i.name, id); err != nil {
				return err
			}
		}
	}
	if d, ok := e.(deleted); ok {
		return d.deleted(t)
	}
	return nil
}

// deleteOwned removes everything of a tenant that is gone.
func (t *tx) deleteOwned(owner string) error {
	for _, child := range tables {
		if err := t.deleteAll(child, indexOwned, owner); err != nil {
			return err
		}
	}
	return nil
}

// deleteAll removes the entities under one key of an index.
func (t *tx) deleteAll(child *table, index, key string) error {
	var ids []string // first: memdb's iterators do not survive writes
	walkKey(t.view(), child.kind, index, key, "", func(e Entity) bool {
		ids = append(ids, e.meta().ID)
		return true
	})
	for _, id := range ids {
		if err := t.remove(child.kind, id); err != nil {
			return err
		}
	}
	return nil
}

// sweepAtOnce bounds what one command sweeps of each kind.
const sweepAtOnce = 4

// sweep deletes what has expired, a little with each command.
func (t *tx) sweep() error {
	for _, child := range tables {
		if child.expires == nil {
			continue
		}
		var ids []string
		walk(t.view(), child.kind, indexExpires, nil, func(e Entity) bool {
			if len(ids) == sweepAtOnce || child.expires(e) >= t.at.UnixMilli() {
				return false
			}
			ids = append(ids, e.meta().ID)
			return true
		})
		for _, id := range ids {
			if err := t.remove(child.kind, id); err != nil {
				return err
			}
		}
	}
	return nil
}

// counter counts something of a tenant; the id says what.
type counter struct {
	Meta
	N uint64 `json:"n"`
}

func (c *counter) spec() any               { return &struct{}{} }
func (c *counter) check(*tx, Entity) error { return nil }
func (c *counter) owner() string           { return c.Company }

// count adds to a counter and gives its new value.
func (t *tx) count(id string, by int) (uint64, error) {
	c, ok := Get[counter](t.view(), id)
	if !ok {
		c.Meta = Meta{ID: id}
	}
	if by < 0 {
		c.N -= min(c.N, uint64(-by))
	} else {
		c.N += uint64(by)
	}
	if c.N == 0 {
		return 0, t.remove(KindCounter, id)
	}
	return c.N, t.put(KindCounter, &c)
}

func kindOfEntity(e Entity) Kind { return kindOf[reflect.TypeOf(e).Elem()] }

// value is the entity that a pointer points to.
func value(e Entity) any { return reflect.ValueOf(e).Elem().Interface() }

func zero(p any) { reflect.ValueOf(p).Elem().SetZero() }

// names lists the fields of a JSON object, for the record of who changed what.
func names(set json.RawMessage) []string {
	var m map[string]json.RawMessage
	if json.Unmarshal(set, &m) != nil {
		return nil
	}
	out := make([]string, 0, len(m))
	for name := range m {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
