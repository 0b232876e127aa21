package sealed

import (
	"encoding/binary"
	"errors"
	"time"
)

// Kind is what a datagram holds.
type Kind uint8

// The kinds. Only receipts ask for no receipt.
const (
	KindData    Kind = 0 // a piece of the stream of records
	KindParity  Kind = 1 // a row of the parity of a group of data
	KindReceipt Kind = 2 // what has arrived and what is missing
	KindProbe   Kind = 3 // padding, to learn whether datagrams arrive
)

// firstByte marks sealed datagrams: 8 to 11 are neither QUIC, which sets 0x40, nor
// STUN, ZRTP, DTLS, TURN channels or RTP (RFC 9443 section 3).
const (
	firstByte = 0x08
	kindMask  = 0x03
)

// Sizes in bytes. A datagram is a header in the clear (kind, tag, counter), a sealed
// part that begins with the sender's clock, and the tag of the AEAD.
const (
	header    = 1 + 4 + 6
	overhead  = header + 16
	clockSize = 4
	// perRecords is what a parity datagram adds to the records of the longest data
	// datagram: its place in the group, and their length and first.
	perRecords = overhead + clockSize + 6 + 1 + 1 + shardHeader

	// BaseSize is what passes wherever QUIC does (RFC 9000 section 14).
	BaseSize = 1200
	// FullSize fits an Ethernet frame through a tunnel or two.
	FullSize = 1400
)

// MaxCounter is the highest counter: 48 bits last for centuries.
const maxCounter = 1<<48 - 1

var (
	// ErrMalformed is returned for what is no sealed datagram, or holds what it cannot.
	ErrMalformed = errors.New("malformed sealed datagram")
	// ErrForged is returned for a datagram that the key does not open.
	ErrForged = errors.New("sealed datagram does not open")
	// ErrReplayed is returned for one that came before or is too old to tell.
	ErrReplayed = errors.New("sealed datagram replayed")
)

// Is says whether b looks like a sealed datagram, as opposed to QUIC.
func Is(b []byte) bool { return len(b) >= overhead+clockSize && b[0]&^kindMask == firstByte }

// TagOf gives the tag of a datagram that Is.
func TagOf(b []byte) Tag { return Tag(binary.BigEndian.Uint32(b[1:])) }

func appendU48(b []byte, v uint64) []byte {
	b = binary.BigEndian.AppendUint16(b, uint16(v>>32))
	return binary.BigEndian.AppendUint32(b, uint32(v))
}

func u48(b []byte) uint64 {
	return uint64(binary.BigEndian.Uint16(b))<<32 | uint64(binary.BigEndian.Uint32(b[2:]))
}

// clock is a time on the wire: microseconds, wrapping.
func clock(now time.Duration) uint32 { return uint32(now.Microseconds()) }

func u32(b []byte) uint32 { return binary.BigEndian.Uint32(b) }
