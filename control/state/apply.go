package state

import (
	"fmt"

	"github.com/hashicorp/go-memdb"
)

// Entry is one entry of the log.
type Entry struct {
	Index uint64
	Data  []byte
}

// Apply applies one log entry. Whatever the entry holds, it returns; an entry that fails changes nothing but
// the index.
func (s *State) Apply(index uint64, entry []byte) Result {
	return s.ApplyAll([]Entry{{index, entry}})[0]
}

// ApplyAll applies entries in their order, each to the same effect as by Apply, and gives a result each. They
// share transactions: a View has several of them or none, and nodes on their way through the trees are copied
// once for all.
func (s *State) ApplyAll(entries []Entry) []Result {
	results := make([]Result, 0, len(entries))
	for len(results) < len(entries) {
		results = append(results, s.applySome(entries[len(results):])...)
	}
	return results
}

// applySome applies entries in one transaction, up to the first that fails after it has written. Nothing of a
// transaction can be taken back, so that what came before is applied once more without it.
func (s *State) applySome(entries []Entry) []Result {
	txn := s.db.Load().Txn(true)
	defer func() { txn.Abort() }()
	last := (&View{txn: txn}).Index()
	var results []Result
	for n, e := range entries {
		r, dirty := applyOne(txn, last, e)
		if dirty && n > 0 {
			txn.Abort()
			return s.applySome(entries[:n])
		}
		results, last = append(results, r), max(last, e.Index)
		if dirty {
			txn.Abort()
			txn = s.db.Load().Txn(true)
			break
		}
	}
	if err := setIndex(txn, last); err != nil {
		return failed(entries[:len(results)], err)
	}
	txn.Commit()
	return results
}

// applyOne applies an entry to a transaction. dirty tells that it failed and left something there.
func applyOne(txn *memdb.Txn, last uint64, e Entry) (r Result, dirty bool) {
	if e.Index <= last {
		return Result{Index: e.Index, Err: &Error{Code: CodeReplayed, Message: fmt.Sprintf("index %d is at or below %d", e.Index, last)}}, false
	}
	t := &tx{txn: txn, index: e.Index}
	r = t.run(e.Data)
	r.Index = e.Index
	if r.Err != nil {
		return r, len(t.changes) > 0
	}
	r.Changes = t.changes
	return r, false
}

// setIndex notes the last entry applied.
func setIndex(txn *memdb.Txn, index uint64) error {
	return txn.Insert(tableMeta, &row[uint64]{Key: "index", Value: index})
}

// failed gives every entry the same error.
func failed(entries []Entry, err error) []Result {
	results := make([]Result, len(entries))
	for i, e := range entries {
		results[i] = Result{Index: e.Index, Err: err}
	}
	return results
}
