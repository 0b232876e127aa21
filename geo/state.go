package geo

import (
	"encoding/binary"
	"errors"
	"math"

	"github.com/hashicorp/serf/coordinate"
)

// What changes while a node runs travels as user messages, one record a node:
//
//	0   1  layout, 1
//	1   1  flags: 1 full, 2 draining, 4 coordinate follows, 8 gray, 16 skewed
//	2   2  load, 0 to 65535 for 0 to 1
//	4   8  version: of two records the higher is true
//	12  1  length of the id, then the id
//	    44 coordinate: 8 dimensions, error, adjustment, height (float32)
//
// Numbers are big-endian. Longer records are read too; what follows belongs to
// a later layout. In push/pull each record stands behind its length (2 bytes).
const (
	stateLayout = 1

	flagFull       = 1
	flagDraining   = 2
	flagCoordinate = 4
	flagGray       = 8
	flagSkewed     = 16

	stateHead = 13
	dims      = 8 // of coordinate.DefaultConfig
	coordSize = (dims + 3) * 4

	// maxVersion leaves room to count on from a version heard.
	maxVersion = 1 << 62
	// maxCoordinate bounds every component, in seconds: no two places on Earth
	// are further apart, and a wild value would pull its neighbours along.
	maxCoordinate = 10.0
)

// errState is returned for a state record that cannot be read.
var errState = errors.New("bad node state")

// state is the changing part of a node.
type state struct {
	id             NodeID
	version        uint64
	load           float64
	full, draining bool
	gray           bool
	skewed         bool // the clock is wrong, says the node itself
	coord          *coordinate.Coordinate
}

func appendState(b []byte, s state) []byte {
	var flags byte
	if s.full {
		flags |= flagFull
	}
	if s.draining {
		flags |= flagDraining
	}
	if s.gray {
		flags |= flagGray
	}
	if s.skewed {
		flags |= flagSkewed
	}
	if s.coord != nil {
		flags |= flagCoordinate
	}
	b = append(b, stateLayout, flags)
	b = binary.BigEndian.AppendUint16(b, uint16(math.Round(s.load*math.MaxUint16)))
	b = binary.BigEndian.AppendUint64(b, s.version)
	b = append(b, byte(len(s.id)))
	b = append(b, s.id...)
	if s.coord != nil {
		b = appendCoordinate(b, s.coord)
	}
	return b
}

func parseState(b []byte) (state, error) {
	if len(b) < stateHead || b[0] != stateLayout {
		return state{}, errState
	}
	flags := b[1]
	s := state{
		full:     flags&flagFull != 0,
		draining: flags&flagDraining != 0,
		gray:     flags&flagGray != 0,
		skewed:   flags&flagSkewed != 0,
		load:     float64(binary.BigEndian.Uint16(b[2:])) / math.MaxUint16,
		version:  binary.BigEndian.Uint64(b[4:]),
	}
	n, rest := int(b[12]), b[stateHead:]
	if len(rest) < n || s.version >= maxVersion {
		return state{}, errState
	}
	s.id = NodeID(rest[:n])
	if ValidNodeID(string(s.id)) != nil {
		return state{}, errState
	}
	if flags&flagCoordinate != 0 {
		c, err := parseCoordinate(rest[n:])
		if err != nil {
			return state{}, err
		}
		s.coord = c
	}
	return s, nil
}

func appendCoordinate(b []byte, c *coordinate.Coordinate) []byte {
	put := func(f float64) { b = binary.BigEndian.AppendUint32(b, math.Float32bits(float32(f))) }
	for i := range dims {
		put(c.Vec[i])
	}
	put(c.Error)
	put(c.Adjustment)
	put(c.Height)
	return b
}

// parseCoordinate reads a coordinate that can safely be calculated with: of
// our dimensions, finite and of earthly size.
func parseCoordinate(b []byte) (*coordinate.Coordinate, error) {
	if len(b) < coordSize {
		return nil, errState
	}
	get := func(i int) float64 { return float64(math.Float32frombits(binary.BigEndian.Uint32(b[4*i:]))) }
	c := &coordinate.Coordinate{Vec: make([]float64, dims)}
	for i := range dims {
		c.Vec[i] = get(i)
	}
	c.Error, c.Adjustment, c.Height = get(dims), get(dims+1), get(dims+2)
	for i := range dims + 3 {
		if f := get(i); !(math.Abs(f) <= maxCoordinate) { // also NaN
			return nil, errState
		}
	}
	if c.Error < 0 || c.Height < 0 {
		return nil, errState
	}
	return c, nil
}

// appendStates writes records for push/pull.
func appendStates(b []byte, all []state) []byte {
	for _, s := range all {
		at := len(b)
		b = appendState(append(b, 0, 0), s)
		binary.BigEndian.PutUint16(b[at:], uint16(len(b)-at-2))
	}
	return b
}

// parseStates calls take for every record and bad for each that is unreadable;
// a broken length ends it.
func parseStates(b []byte, take func(state), bad func()) {
	for len(b) > 0 {
		if len(b) < 2 || int(binary.BigEndian.Uint16(b)) > len(b)-2 {
			bad()
			return
		}
		n := int(binary.BigEndian.Uint16(b))
		if s, err := parseState(b[2 : 2+n]); err != nil {
			bad()
		} else {
			take(s)
		}
		b = b[2+n:]
	}
}
