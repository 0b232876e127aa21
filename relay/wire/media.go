package wire

import (
	"encoding/binary"
	"errors"
)

// Class is the first byte of a unidirectional stream: what it carries.
type Class uint8

// The classes. Audio and Video are bundles, one to a stream; Messages is the stream of
// one-way messages, of which each end opens one.
const (
	ClassAudio    Class = 0x01
	ClassVideo    Class = 0x02
	ClassMessages Class = 0x10
)

// Sizes of media, in bytes.
const (
	// MaxPayload is the largest RTP payload: an Ethernet frame's worth with slack.
	MaxPayload = 1600
	// MaxBundle is the largest bundle; beyond it a stream costs hardly less per byte.
	MaxBundle = 9600
	// BundleHeader is the class byte and the sender's clock.
	BundleHeader = 1 + 4
	// MaxRecord is the largest record with its alias of four bytes.
	MaxRecord = 4 + 1 + 2 + 4 + 1 + 1 + 2 + MaxPayload
)

// MaxAlias is the largest alias a record can carry (a QUIC varint of four bytes,
// RFC 9000 section 16).
const MaxAlias = 1<<30 - 1

// ErrShort is returned when a record is not all there yet.
var ErrShort = errors.New("record not complete")

// Media is one RTP packet without what both ends know or choose for themselves (SSRC,
// payload type, extensions).
type Media struct {
	Layer          uint8
	SequenceNumber uint16
	Timestamp      uint32
	Marker         bool
	AudioLevel     uint8 // the byte of RFC 6464; 0 where there is none
	Payload        []byte
}

// Flags of a record.
const (
	flagMarker = 1 << 7
	flagLayer  = 1 << 6 // a layer byte follows
	flagLevel  = 1 << 5 // an audio level byte follows
	flagsKnown = flagMarker | flagLayer | flagLevel
)

// AppendBundleHeader appends the class and the sender's clock in microseconds (any
// origin, wraps): a later controller reads the delay gradient from it.
func AppendBundleHeader(dst []byte, class Class, clock uint32) []byte {
	dst = append(dst, byte(class))
	return binary.BigEndian.AppendUint32(dst, clock)
}

// DecodeBundleHeader reads what AppendBundleHeader wrote.
func DecodeBundleHeader(b []byte) (class Class, clock uint32, err error) {
	if len(b) < BundleHeader {
		return 0, 0, ErrShort
	}
	class = Class(b[0])
	if class != ClassAudio && class != ClassVideo {
		return 0, 0, ErrMalformed
	}
	return class, binary.BigEndian.Uint32(b[1:]), nil
}

// Fits says whether p can be encoded at all.
func (p *Media) Fits() bool { return len(p.Payload) <= MaxPayload }

// Size is the length of p as a record under alias.
func (p *Media) Size(alias uint32) int {
	n := aliasSize(alias) + 1 + 2 + 4 + 2 + len(p.Payload)
	if p.Layer != 0 {
		n++
	}
	if p.AudioLevel != 0 {
		n++
	}
	return n
}

func aliasSize(alias uint32) int {
	switch {
	case alias < 1<<6:
		return 1
	case alias < 1<<14:
		return 2
	default:
		return 4
	}
}

// AppendMedia appends p as a record: alias, flags, sequence number, timestamp, layer and
// level where set, length, payload. The caller has checked Fits and MaxAlias. It does not
// allocate when dst has Size bytes of room.
func AppendMedia(dst []byte, alias uint32, p *Media) []byte {
	switch aliasSize(alias) {
	case 1:
		dst = append(dst, byte(alias))
	case 2:
		dst = binary.BigEndian.AppendUint16(dst, uint16(alias)|1<<14)
	default:
		dst = binary.BigEndian.AppendUint32(dst, alias|1<<31)
	}
	var flags byte
	if p.Marker {
		flags |= flagMarker
	}
	if p.Layer != 0 {
		flags |= flagLayer
	}
	if p.AudioLevel != 0 {
		flags |= flagLevel
	}
	dst = append(dst, flags)
	dst = binary.BigEndian.AppendUint16(dst, p.SequenceNumber)
	dst = binary.BigEndian.AppendUint32(dst, p.Timestamp)
	if p.Layer != 0 {
		dst = append(dst, p.Layer)
	}
	if p.AudioLevel != 0 {
		dst = append(dst, p.AudioLevel)
	}
	dst = binary.BigEndian.AppendUint16(dst, uint16(len(p.Payload)))
	return append(dst, p.Payload...)
}

// DecodeMedia decodes the record at the start of b into p and returns its alias and
// length. p.Payload aliases b. ErrShort means that b ends inside the record.
func DecodeMedia(b []byte, p *Media) (alias uint32, n int, err error) {
	if len(b) == 0 {
		return 0, 0, ErrShort
	}
	width := 1 << (b[0] >> 6)
	if width == 8 {
		return 0, 0, ErrMalformed
	}
	if len(b) < width+1 {
		return 0, 0, ErrShort
	}
	switch width {
	case 1:
		alias = uint32(b[0])
	case 2:
		alias = uint32(binary.BigEndian.Uint16(b)) &^ (1 << 14)
	default:
		alias = binary.BigEndian.Uint32(b) &^ (1 << 31)
	}
	n = width
	flags := b[n]
	if flags&^flagsKnown != 0 {
		return 0, 0, ErrMalformed
	}
	fixed := 1 + 2 + 4 + 2
	if flags&flagLayer != 0 {
		fixed++
	}
	if flags&flagLevel != 0 {
		fixed++
	}
	if len(b) < n+fixed {
		return 0, 0, ErrShort
	}
	p.Marker = flags&flagMarker != 0
	p.SequenceNumber = binary.BigEndian.Uint16(b[n+1:])
	p.Timestamp = binary.BigEndian.Uint32(b[n+3:])
	n += 7
	p.Layer, p.AudioLevel = 0, 0
	if flags&flagLayer != 0 {
		p.Layer = b[n]
		n++
	}
	if flags&flagLevel != 0 {
		p.AudioLevel = b[n]
		n++
	}
	length := int(binary.BigEndian.Uint16(b[n:]))
	n += 2
	if length > MaxPayload {
		return 0, 0, ErrTooLarge
	}
	if len(b) < n+length {
		return 0, 0, ErrShort
	}
	p.Payload = b[n : n+length : n+length]
	return alias, n + length, nil
}
