package rtc

import (
	"bufio"
	"encoding/binary"
	"errors"
)

// errLongFrame is returned when a frame is longer than a packet may be.
var errLongFrame = errors.New("frame too long")

// lengthSize is what RFC 4571 section 2 puts before each packet of a stream:
// its length, in network order.
const lengthSize = 2

// readFrame returns the next packet of a stream. It is valid, and may be
// written to, until the next call. r's buffer holds at least a frame of
// maxPacket. A packet may be empty: such mean nothing (RFC 4571 section 2).
func readFrame(r *bufio.Reader) ([]byte, error) {
	head, err := r.Peek(lengthSize)
	if err != nil {
		return nil, err
	}
	n := int(binary.BigEndian.Uint16(head))
	if n > maxPacket {
		return nil, errLongFrame
	}
	frame, err := r.Peek(lengthSize + n)
	if err != nil {
		return nil, err
	}
	_, err = r.Discard(len(frame))
	return frame[lengthSize:], err
}

// appendFrame appends a packet with its length, which fits 16 bits.
func appendFrame(b, packet []byte) []byte {
	b = binary.BigEndian.AppendUint16(b, uint16(len(packet)))
	return append(b, packet...)
}
