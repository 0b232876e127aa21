package wire

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Type is the first byte of every control frame.
type Type uint8

// The control frames of version 1. Types from 0x80 up may be skipped by a receiver that
// does not know them; any other unknown type ends the stream it came on.
const (
	TypeHello     Type = 0x01 // first frame of a connection, both ways
	TypePing      Type = 0x02 // liveness probe
	TypePong      Type = 0x03 // answer to a Ping, same sequence
	TypeReceived  Type = 0x04 // how many bundles arrived, per connection
	TypeMessage   Type = 0x05 // one-way message, on the message stream
	TypeSubscribe Type = 0x10 // first frame of a subscription's stream
	TypeAccepted  Type = 0x11 // the track is granted
	TypeRefused   Type = 0x12 // the track or call is refused, or a granted track ended
	TypeKeyframe  Type = 0x13 // subscriber asks for a keyframe
	TypeReport    Type = 0x14 // sender report of the origin
	TypeLayers    Type = 0x15 // subscriber says how much of the track it wants
	TypeCall      Type = 0x20 // first frame of a call's stream
	TypeAnswer    Type = 0x21 // its answer
	TypeArrived   Type = 0x84 // how late media came; skipped by who does not control a rate
	TypePath      Type = 0x90 // serving end says that the track now comes another way
)

// Limits of fields, in bytes unless said otherwise. They bound what a peer can make this
// node hold; each is several times what the protocol above needs.
const (
	MaxBody    = 8 << 20 // body of a message, call or answer: the state of a room of thousands
	MaxControl = 4 << 10 // any control frame that carries no such body
	MaxTopic   = 128
	MaxName    = 256 // company, room, track, node id, codec, trace, build
	MaxText    = 512 // message of an error
	MaxPath    = 8   // entries of a path as decoded; the hop limit is the relay's
	MaxCounts  = 64  // entries of a Received
)

// frameHeader is the type byte and the length.
const frameHeader = 1 + 4

var (
	// ErrMalformed is returned when bytes do not form the frame they claim to be.
	ErrMalformed = errors.New("malformed relay frame")
	// ErrTooLarge is returned when a length or a field is over its limit.
	ErrTooLarge = errors.New("relay frame over its limit")
)

// Limit is the largest body accepted for a frame of type t.
func Limit(t Type) int {
	switch t {
	case TypeMessage, TypeCall, TypeAnswer:
		return MaxBody + MaxControl
	default:
		return MaxControl
	}
}

// ReadFrame reads one frame from r. The body is appended to buf[:0] in steps, so that a
// length alone makes nobody allocate. io.EOF is returned only at a frame boundary.
func ReadFrame(r io.Reader, buf []byte) (Type, []byte, error) {
	var h [frameHeader]byte
	if _, err := io.ReadFull(r, h[:]); err != nil {
		return 0, nil, err
	}
	t := Type(h[0])
	length := int64(binary.BigEndian.Uint32(h[1:]))
	if length > int64(Limit(t)) {
		return t, nil, fmt.Errorf("frame %#x of %d bytes: %w", h[0], length, ErrTooLarge)
	}
	body, err := readBody(r, buf[:0], int(length))
	return t, body, err
}

// bodyStep is how much of a body is allocated ahead of its arrival.
const bodyStep = 16 << 10

func readBody(r io.Reader, body []byte, length int) ([]byte, error) {
	for len(body) < length {
		have := len(body)
		step := min(length-have, max(bodyStep, have))
		if cap(body) < have+step {
			grown := make([]byte, have, have+step)
			copy(grown, body)
			body = grown
		}
		body = body[:have+step]
		if _, err := io.ReadFull(r, body[have:]); err != nil {
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return nil, err
		}
	}
	return body, nil
}

// begin appends the header of a frame whose length end fills in.
func begin(dst []byte, t Type) []byte {
	return append(dst, byte(t), 0, 0, 0, 0)
}

// end sets the length of the frame that began at offset start of dst.
func end(dst []byte, start int) []byte {
	binary.BigEndian.PutUint32(dst[start+1:], uint32(len(dst)-start-frameHeader))
	return dst
}

// appendText appends a string of at most 65,535 bytes, cut to limit.
func appendText(dst []byte, s string, limit int) []byte {
	if len(s) > limit {
		s = s[:limit]
	}
	dst = binary.BigEndian.AppendUint16(dst, uint16(len(s)))
	return append(dst, s...)
}

// cursor reads fields off a body; after the first failure every read gives zero.
type cursor struct {
	b   []byte
	err error
}

func (c *cursor) take(n int) []byte {
	if c.err != nil {
		return nil
	}
	if n < 0 || len(c.b) < n {
		c.err = ErrMalformed
		return nil
	}
	field := c.b[:n]
	c.b = c.b[n:]
	return field
}

// more says whether fields are left that were added after version 1 had begun.
func (c *cursor) more() bool { return c.err == nil && len(c.b) > 0 }

func (c *cursor) u8() uint8 {
	if f := c.take(1); f != nil {
		return f[0]
	}
	return 0
}

func (c *cursor) u16() uint16 {
	if f := c.take(2); f != nil {
		return binary.BigEndian.Uint16(f)
	}
	return 0
}

func (c *cursor) u32() uint32 {
	if f := c.take(4); f != nil {
		return binary.BigEndian.Uint32(f)
	}
	return 0
}

func (c *cursor) u64() uint64 {
	if f := c.take(8); f != nil {
		return binary.BigEndian.Uint64(f)
	}
	return 0
}

func (c *cursor) text(limit int) string {
	n := int(c.u16())
	if c.err == nil && n > limit {
		c.err = ErrTooLarge
		return ""
	}
	return string(c.take(n))
}

// bytes reads a field with a four-byte length; the result aliases the body.
func (c *cursor) bytes(limit int) []byte {
	n := c.u32()
	if c.err == nil && uint64(n) > uint64(limit) {
		c.err = ErrTooLarge
		return nil
	}
	return c.take(int(n))
}
