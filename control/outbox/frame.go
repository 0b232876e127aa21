package outbox

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"time"
)

// A frame is an entry on disk, all numbers big endian:
//
//	length of the entry   4 bytes, never 0, so that a tail of zeros is no frame
//	CRC-32C               4 bytes, over length, time and entry
//	time                  8 bytes, Unix milliseconds of the appending
//	entry
const frameHead = 16

// MaxEntry is the most bytes of one entry.
const MaxEntry = 1 << 20

// errFrame is returned when what stands there is not a whole and unchanged frame.
var errFrame = errors.New("damaged entry")

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Entry is what was appended, and when.
type Entry struct {
	At    time.Time // in milliseconds
	Bytes []byte
}

func (e Entry) size() int64 { return frameHead + int64(len(e.Bytes)) }

// appendFrame adds an entry's frame to b.
func appendFrame(b []byte, e Entry) []byte {
	start := len(b)
	b = binary.BigEndian.AppendUint32(b, uint32(len(e.Bytes)))
	b = binary.BigEndian.AppendUint32(b, 0)
	b = binary.BigEndian.AppendUint64(b, uint64(e.At.UnixMilli()))
	b = append(b, e.Bytes...)
	binary.BigEndian.PutUint32(b[start+4:], sum(b[start:start+4], b[start+8:]))
	return b
}

func sum(length, rest []byte) uint32 {
	return crc32.Update(crc32.Checksum(length, castagnoli), castagnoli, rest)
}

// readFrame reads one: io.EOF at a clean end, errFrame at a torn or changed one, else the reader's error.
func readFrame(r io.Reader) (Entry, error) {
	var head [frameHead]byte
	switch _, err := io.ReadFull(r, head[:]); {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return Entry{}, errFrame
	case err != nil:
		return Entry{}, err
	}
	n := binary.BigEndian.Uint32(head[:])
	if n == 0 || n > MaxEntry {
		return Entry{}, errFrame
	}
	body := make([]byte, 8+n)
	copy(body, head[8:])
	switch _, err := io.ReadFull(r, body[8:]); {
	case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
		return Entry{}, errFrame
	case err != nil:
		return Entry{}, err
	}
	if sum(head[:4], body) != binary.BigEndian.Uint32(head[4:]) {
		return Entry{}, errFrame
	}
	return Entry{At: time.UnixMilli(int64(binary.BigEndian.Uint64(body))), Bytes: body[8:]}, nil
}
