package client

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/meridian-video/meridian/control/feed"
	"github.com/meridian-video/meridian/control/state"
)

// ErrFeed is returned when the feed's frames do not fit together; the stream is started again.
var ErrFeed = errors.New("change feed out of step")

// replica builds the copy from frames. One goroutine feeds it; the views it makes are immutable.
type replica struct {
	copy    *state.Replica
	epoch   string
	index   uint64
	partial *building // a snapshot being received
}

type building struct {
	copy  *state.Replica
	txn   *state.Writing
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
		c := state.NewReplica()
		r.partial = &building{copy: c, txn: c.Begin(), index: f.Index, epoch: f.Epoch}
		return unchanged, nil
	case feed.TypePut:
		if r.partial == nil {
			return unchanged, fmt.Errorf("%w: record outside a snapshot", ErrFeed)
		}
		r.partial.count++
		return unchanged, outOfStep(r.partial.txn.Put(f.Kind, f.Data))
	case feed.TypeEnd:
		p := r.partial
		if p == nil || p.count != f.Count || p.index != f.Index {
			return unchanged, fmt.Errorf("%w: snapshot incomplete", ErrFeed)
		}
		p.txn.Commit()
		r.copy, r.epoch, r.index, r.partial = p.copy, p.epoch, p.index, nil
		return replaced, nil
	case feed.TypeDelta:
		return r.delta(f)
	case feed.TypeBeat:
		if r.partial != nil || r.copy == nil {
			return unchanged, fmt.Errorf("%w: beat before the snapshot's end", ErrFeed)
		}
		r.index = max(r.index, f.Index)
	}
	return unchanged, nil // a type of a newer control
}

func (r *replica) delta(f feed.Frame) (outcome, error) {
	if r.partial != nil || r.copy == nil {
		return unchanged, fmt.Errorf("%w: delta before the snapshot's end", ErrFeed)
	}
	if f.Index <= r.index {
		return unchanged, nil // had before
	}
	txn := r.copy.Begin()
	defer txn.Abort()
	for _, c := range f.Changes {
		var err error
		if c.Delete != "" {
			err = txn.Delete(c.Kind, c.Delete)
		} else {
			err = txn.Put(c.Kind, c.Data)
		}
		if err != nil {
			return unchanged, outOfStep(err)
		}
	}
	txn.Commit()
	r.index = f.Index
	return changed, nil
}

// view is the copy as it is now.
func (r *replica) view() *View {
	if r.copy == nil {
		return nil
	}
	return &View{state: r.copy.View(), index: r.index, epoch: r.epoch}
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
	n := 0
	err := r.copy.View().ForEach(func(kind state.Kind, e state.Entity) error {
		data, err := json.Marshal(e)
		if err != nil {
			return fmt.Errorf("encode copy: %w", err)
		}
		n++
		return add(feed.Frame{Type: feed.TypePut, Kind: kind, Data: data})
	})
	if err != nil {
		return nil, err
	}
	err = add(feed.Frame{Type: feed.TypeEnd, Index: r.index, Count: n})
	return out, err
}

// outOfStep marks an error of the feed.
func outOfStep(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w: %w", ErrFeed, err)
}
