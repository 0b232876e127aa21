package wire

import (
	"encoding/binary"
	"errors"
	"math/bits"
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
	// MaxDescriptor is the largest Dependency Descriptor: what an RTP header
	// extension can hold (RFC 8285 section 4.3).
	MaxDescriptor = 255
	// MaxBundle is the largest bundle; beyond it a stream costs hardly less per byte.
	MaxBundle = 9600
	// BundleHeader is the class byte and the sender's clock.
	BundleHeader = 1 + 4
	// MaxRecord is the largest record with its alias of four bytes.
	MaxRecord = 4 + 1 + 2 + 4 + 1 + 1 + 1 + 1 + MaxDescriptor + 2 + MaxPayload
)

// MaxAlias is the largest alias a record can carry (a QUIC varint of four bytes,
// RFC 9000 section 16).
const MaxAlias = 1<<30 - 1

// ErrShort is returned when a record is not all there yet.
var ErrShort = errors.New("record not complete")

// Media is one RTP packet without what both ends know or choose for themselves (SSRC,
// payload type, extensions).
type Media struct {
	Layer          uint8 // the encoding
	SequenceNumber uint16
	Timestamp      uint32
	Marker         bool
	AudioLevel     uint8  // the byte of RFC 6464; 0 where there is none
	Codec          Codec  // NoCodec where it is the track's
	Descriptor     []byte // the Dependency Descriptor, empty where there is none
	Payload        []byte
}

// Codec is what a packet is encoded with, where that is not what the track was
// granted with.
type Codec uint8

// The codecs of version 1. A receiver drops packets of others.
const (
	NoCodec   Codec = 0
	CodecOpus Codec = 1
	CodecRED  Codec = 2 // Opus with redundancy (RFC 2198)
	CodecVP8  Codec = 3
	CodecVP9  Codec = 4
	CodecH264 Codec = 5
	CodecAV1  Codec = 6
)

// Flags of a record.
const (
	flagMarker     = 1 << 7
	flagLayer      = 1 << 6 // a layer byte follows
	flagLevel      = 1 << 5 // an audio level byte follows
	flagCodec      = 1 << 4 // a codec byte follows
	flagDescriptor = 1 << 3 // a length byte and a descriptor follow
	flagsKnown     = flagMarker | flagLayer | flagLevel | flagCodec | flagDescriptor
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
func (p *Media) Fits() bool {
	return len(p.Payload) <= MaxPayload && len(p.Descriptor) <= MaxDescriptor
}

// flags says what p has.
func (p *Media) flags() (flags byte) {
	if p.Marker {
		flags |= flagMarker
	}
	if p.Layer != 0 {
		flags |= flagLayer
	}
	if p.AudioLevel != 0 {
		flags |= flagLevel
	}
	if p.Codec != NoCodec {
		flags |= flagCodec
	}
	if len(p.Descriptor) > 0 {
		flags |= flagDescriptor
	}
	return flags
}

// Size is the length of p as a record under alias.
func (p *Media) Size(alias uint32) int {
	const flagged = flagLayer | flagLevel | flagCodec | flagDescriptor
	return aliasSize(alias) + 1 + 2 + 4 + bits.OnesCount8(p.flags()&flagged) + len(p.Descriptor) + 2 + len(p.Payload)
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

// AppendMedia appends p as a record: alias, flags, sequence number, timestamp, then
// layer, level, codec and descriptor where set, length, payload. The caller has checked
// Fits and MaxAlias. It does not allocate when dst has Size bytes of room.
func AppendMedia(dst []byte, alias uint32, p *Media) []byte {
	switch aliasSize(alias) {
	case 1:
		dst = append(dst, byte(alias))
	case 2:
		dst = binary.BigEndian.AppendUint16(dst, uint16(alias)|1<<14)
	default:
		dst = binary.BigEndian.AppendUint32(dst, alias|1<<31)
	}
	flags := p.flags()
	dst = append(dst, flags)
	dst = binary.BigEndian.AppendUint16(dst, p.SequenceNumber)
	dst = binary.BigEndian.AppendUint32(dst, p.Timestamp)
	if flags&flagLayer != 0 {
		dst = append(dst, p.Layer)
	}
	if flags&flagLevel != 0 {
		dst = append(dst, p.AudioLevel)
	}
	if flags&flagCodec != 0 {
		dst = append(dst, byte(p.Codec))
	}
	if flags&flagDescriptor != 0 {
		dst = append(dst, byte(len(p.Descriptor)))
		dst = append(dst, p.Descriptor...)
	}
	dst = binary.BigEndian.AppendUint16(dst, uint16(len(p.Payload)))
	return append(dst, p.Payload...)
}

// DecodeMedia decodes the record at the start of b into p and returns its alias and
// length. p.Descriptor and p.Payload alias b. ErrShort means that b ends inside the
// record.
func DecodeMedia(b []byte, p *Media) (alias uint32, n int, err error) {
	r := scanner{b: b}
	alias = r.alias()
	flags := r.u8()
	if flags&^flagsKnown != 0 {
		r.fail(ErrMalformed)
	}
	*p = Media{Marker: flags&flagMarker != 0, SequenceNumber: r.u16(), Timestamp: r.u32()}
	if flags&flagLayer != 0 {
		p.Layer = r.u8()
	}
	if flags&flagLevel != 0 {
		p.AudioLevel = r.u8()
	}
	if flags&flagCodec != 0 {
		p.Codec = Codec(r.u8())
	}
	if flags&flagDescriptor != 0 {
		p.Descriptor = r.take(int(r.u8()))
		if len(p.Descriptor) == 0 {
			r.fail(ErrMalformed)
		}
	}
	length := int(r.u16())
	if length > MaxPayload {
		r.fail(ErrTooLarge)
	}
	p.Payload = r.take(length)
	if r.err != nil {
		return 0, 0, r.err
	}
	return alias, r.at, nil
}
