package client

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/hashicorp/go-memdb"

	"github.com/meridian-video/meridian/control/feed"
	"github.com/meridian-video/meridian/control/state"
)

// ErrFeed is returned when the feed's frames do not fit together; the stream is started again.
var ErrFeed = errors.New("change feed out of step")

// replica builds the copy from frames. One goroutine feeds it; the views it makes are immutable.
type replica struct {
	db      *memdb.MemDB
	epoch   string
	index   uint64
	partial *building // a snapshot being received
}

type building struct {
	db    *memdb.MemDB
	txn   *memdb.Txn
	index uint64
	epoch string
	count int
}

// outcome of a frame.
type outcome int

const (
	unchanged outcome = iota
	changed           // a delta was applied
	replaced          // a snapshot was completed
)

// apply takes one frame. On an error nothing has changed and a received part of a snapshot is dropped.
func (r *replica) apply(f feed.Frame) (outcome, error) {
	out, err := r.step(f)
	if err != nil {
		r.partial = nil
	}
	return out, err
}

func (r *replica) step(f feed.Frame) (outcome, error) {
	switch f.Type {
	case feed.TypeSnapshot:
		db, err := newDB()
		if err != nil {
			return unchanged, err
		}
		r.partial = &building{db: db, txn: db.Txn(true), index: f.Index, epoch: f.Epoch}
		return unchanged, nil
	case feed.TypePut:
		if r.partial == nil {
			return unchanged, fmt.Errorf("%w: record outside a snapshot", ErrFeed)
		}
		r.partial.count++
		return unchanged, put(r.partial.txn, f.Kind, f.Data)
	case feed.TypeEnd:
		p := r.partial
		if p == nil || p.count != f.Count || p.index != f.Index {
			return unchanged, fmt.Errorf("%w: snapshot incomplete", ErrFeed)
		}
		p.txn.Commit()
		r.db, r.epoch, r.index, r.partial = p.db, p.epoch, p.index, nil
		return replaced, nil
	case feed.TypeDelta:
		return r.delta(f)
	case feed.TypeBeat:
		if r.partial != nil || r.db == nil {
			return unchanged, fmt.Errorf("%w: beat before the snapshot's end", ErrFeed)
		}
		r.index = max(r.index, f.Index)
	}
	return unchanged, nil // a type of a newer control
}

func (r *replica) delta(f feed.Frame) (outcome, error) {
	if r.partial != nil || r.db == nil {
		return unchanged, fmt.Errorf("%w: delta before the snapshot's end", ErrFeed)
	}
	if f.Index <= r.index {
		return unchanged, nil // had before
	}
	txn := r.db.Txn(true)
	defer txn.Abort()
	for _, c := range f.Changes {
		var err error
		if c.Delete != "" {
			err = remove(txn, c.Kind, c.Delete)
		} else {
			err = put(txn, c.Kind, c.Data)
		}
		if err != nil {
			return unchanged, err
		}
	}
	txn.Commit()
	r.index = f.Index
	return changed, nil
}

// view is the copy as it is now.
func (r *replica) view() *View {
	if r.db == nil {
		return nil
	}
	return &View{txn: r.db.Snapshot().Txn(false), index: r.index, epoch: r.epoch}
}

// frames encodes the copy as the frames of a snapshot.
func (r *replica) frames() ([][]byte, error) {
	var out [][]byte
	add := func(f feed.Frame) error {
		b, err := f.Encode()
		out = append(out, b)
		return err
	}
	if err := add(feed.Frame{Type: feed.TypeSnapshot, Index: r.index, Epoch: r.epoch}); err != nil {
		return nil, err
	}
	txn := r.db.Txn(false)
	n := 0
	for _, kind := range kinds {
		it, err := txn.Get(string(kind), "id")
		if err != nil {
			return nil, fmt.Errorf("encode copy: %w", err)
		}
		for raw := it.Next(); raw != nil; raw = it.Next() {
			if p, ok := raw.(*platformRow); ok {
				raw = p.Platform
			}
			data, err := json.Marshal(raw)
			if err != nil {
				return nil, fmt.Errorf("encode copy: %w", err)
			}
			if err := add(feed.Frame{Type: feed.TypePut, Kind: kind, Data: data}); err != nil {
				return nil, err
			}
			n++
		}
	}
	err := add(feed.Frame{Type: feed.TypeEnd, Index: r.index, Count: n})
	return out, err
}

// platformRow gives the singleton a key.
type platformRow struct {
	Key string
	state.Platform
}

func newDB() (*memdb.MemDB, error) {
	id := func(field string) *memdb.IndexSchema {
		return &memdb.IndexSchema{Name: "id", Unique: true, Indexer: &memdb.StringFieldIndex{Field: field}}
	}
	company := &memdb.IndexSchema{Name: "company", Indexer: &memdb.StringFieldIndex{Field: "Company"}}
	publicID := &memdb.IndexSchema{Name: "public_id", Unique: true, Indexer: &memdb.CompoundIndex{Indexes: []memdb.Indexer{
		&memdb.StringFieldIndex{Field: "Company"}, &memdb.StringFieldIndex{Field: "PublicID"},
	}}}
	tables := map[string]*memdb.TableSchema{}
	add := func(kind state.Kind, indexes ...*memdb.IndexSchema) {
		t := &memdb.TableSchema{Name: string(kind), Indexes: map[string]*memdb.IndexSchema{}}
		for _, i := range indexes {
			t.Indexes[i.Name] = i
		}
		tables[string(kind)] = t
	}
	add(state.KindPlatform, id("Key"))
	add(state.KindSigningKey, id("KID"))
	add(state.KindCompany, id("ID"))
	add(state.KindDomain, id("FQDN"))
	add(state.KindTenantKey, id("ID"), company)
	add(state.KindRoom, id("ID"), publicID)
	db, err := memdb.NewMemDB(&memdb.DBSchema{Tables: tables})
	if err != nil {
		return nil, fmt.Errorf("copy schema: %w", err)
	}
	return db, nil
}

// kinds is what a copy holds; anything else is of a newer control, or none of an edge's business.
var kinds = []state.Kind{
	state.KindPlatform, state.KindSigningKey, state.KindCompany, state.KindDomain, state.KindTenantKey, state.KindRoom,
}

func known(kind state.Kind) bool { return slices.Contains(kinds, kind) }

func put(txn *memdb.Txn, kind state.Kind, data []byte) error {
	if !known(kind) {
		return nil
	}
	e, err := state.DecodeEntity(kind, data)
	if err != nil {
		return fmt.Errorf("%w: %s: %w", ErrFeed, kind, err)
	}
	if p, ok := e.(*state.Platform); ok {
		e = &platformRow{"platform", *p}
	}
	if err := txn.Insert(string(kind), e); err != nil {
		return fmt.Errorf("%w: %s: %w", ErrFeed, kind, err)
	}
	return nil
}

func remove(txn *memdb.Txn, kind state.Kind, id string) error {
	if !known(kind) {
		return nil
	}
	if _, err := txn.DeleteAll(string(kind), "id", id); err != nil {
		return fmt.Errorf("%w: delete %s: %w", ErrFeed, kind, err)
	}
	return nil
}
