package feed

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/meridian-video/meridian/control/state"
)

const (
	// Path is where the feed is served on the cluster listener.
	Path = "/cluster/v1/feed"
	// MaxFrame bounds one line, in bytes. A delta is one command's changes; the largest is the deletion of a
	// company with tens of thousands of rooms.
	MaxFrame = 8 << 20
)

// ErrFrame is returned when a line of the feed does not decode.
var ErrFrame = errors.New("unreadable feed frame")

// Type of a frame.
type Type string

// The types of frames.
const (
	TypeSnapshot Type = "snapshot"
	TypePut      Type = "put"
	TypeEnd      Type = "end"
	TypeDelta    Type = "delta"
	TypeBeat     Type = "beat"
)

// Frame is one line of the feed.
type Frame struct {
	Type    Type            `json:"t"`
	Index   uint64          `json:"i,omitempty"`
	Epoch   string          `json:"e,omitempty"`
	Kind    state.Kind      `json:"k,omitempty"`
	Data    json.RawMessage `json:"d,omitempty"`
	Count   int             `json:"n,omitempty"`
	Changes []Change        `json:"c,omitempty"`
}

// Change is one put (Data) or delete (Delete: the id) of a record.
type Change struct {
	Kind   state.Kind      `json:"k"`
	Data   json.RawMessage `json:"d,omitempty"`
	Delete string          `json:"x,omitempty"`
}

// Decode reads one line and checks its form; the records inside are checked when they are applied.
// A type it does not know is no error: a newer control may send it, the edge passes over it.
func Decode(line []byte) (Frame, error) {
	var f Frame
	if len(line) > MaxFrame {
		return f, fmt.Errorf("%w: %d bytes", ErrFrame, len(line))
	}
	if err := json.Unmarshal(line, &f); err != nil {
		return f, fmt.Errorf("%w: %w", ErrFrame, err)
	}
	switch {
	case f.Type == "":
		return f, fmt.Errorf("%w: no type", ErrFrame)
	case f.Type == TypeSnapshot && f.Epoch == "":
		return f, fmt.Errorf("%w: snapshot without epoch", ErrFrame)
	case f.Type == TypeDelta && f.Index == 0:
		return f, fmt.Errorf("%w: delta without index", ErrFrame)
	case f.Type == TypePut && (f.Kind == "" || len(f.Data) == 0):
		return f, fmt.Errorf("%w: put without record", ErrFrame)
	}
	for _, c := range f.Changes {
		if c.Kind == "" || (len(c.Data) == 0) == (c.Delete == "") {
			return f, fmt.Errorf("%w: change must put or delete", ErrFrame)
		}
	}
	return f, nil
}

// Encode writes one line, with its newline.
func (f Frame) Encode() ([]byte, error) {
	b, err := json.Marshal(f)
	if err != nil {
		return nil, fmt.Errorf("encode feed frame: %w", err)
	}
	return append(b, '\n'), nil
}

// changesOf is what edges learn of the command at an index: of the kinds they hold, and of keys only while they
// are of use there. That an API key was used is no news to them; only other changes make a new version of it.
func changesOf(index uint64, changes []state.Change) ([]Change, error) {
	var out []Change
	for _, c := range changes {
		if !state.ForEdges(c.Kind) {
			continue
		}
		if k, ok := c.Entity.(*state.APIKey); ok && !c.Delete && (k.Company == "" || k.Version != index) {
			continue
		}
		e, ok := forEdges(c.Entity)
		if c.Delete || !ok {
			out = append(out, Change{Kind: c.Kind, Delete: c.ID})
			continue
		}
		data, err := json.Marshal(e)
		if err != nil {
			return nil, fmt.Errorf("encode %s: %w", c.Kind, err)
		}
		out = append(out, Change{Kind: c.Kind, Data: data})
	}
	return out, nil
}

// forEdges is an entity as edges hold it. They have no use for a tenant key whose tokens nobody accepts, nor for
// an API key that is withdrawn or is not one company's: by those alone the rooms of a company are theirs to rule.
func forEdges(e state.Entity) (state.Entity, bool) {
	switch k := e.(type) {
	case *state.TenantKey:
		return e, k.Usable()
	case *state.APIKey:
		lean := *k
		lean.LastUsed = nil
		return &lean, k.Company != "" && k.Revoked == nil
	}
	return e, true
}

// encodeSnapshot writes the edges' part of a view as the frames of a snapshot.
func encodeSnapshot(v *state.View, index uint64) ([]byte, error) {
	out, err := Frame{Type: TypeSnapshot, Index: index, Epoch: v.Platform().Epoch}.Encode()
	if err != nil {
		return nil, err
	}
	n := 0
	err = v.ForEach(func(kind state.Kind, e state.Entity) error {
		e, ok := forEdges(e)
		if !ok {
			return nil
		}
		data, err := json.Marshal(e)
		if err != nil {
			return err
		}
		line, err := Frame{Type: TypePut, Kind: kind, Data: data}.Encode()
		out = append(out, line...)
		n++
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("encode feed snapshot: %w", err)
	}
	end, err := Frame{Type: TypeEnd, Index: index, Count: n}.Encode()
	return append(out, end...), err
}
