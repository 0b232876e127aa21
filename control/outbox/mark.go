package outbox

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
)

// mark is the file that says up to where entries were acked: a position and its CRC-32C, written in place.
// Losing it costs a second delivery and no entry.
type mark struct{ f *os.File }

const markSize = 12

// openMark opens or makes the file; 0 when it says nothing that can be believed.
func openMark(dir string) (mark, uint64, error) {
	f, err := os.OpenFile(filepath.Join(dir, "acked"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return mark{}, 0, err
	}
	b := make([]byte, markSize)
	if _, err := io.ReadFull(f, b); err != nil {
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return mark{f}, 0, nil
		}
		return mark{}, 0, errors.Join(err, f.Close())
	}
	return mark{f}, parseMark(b), nil
}

func parseMark(b []byte) uint64 {
	if len(b) != markSize || crc32.Checksum(b[:8], castagnoli) != binary.BigEndian.Uint32(b[8:]) {
		return 0
	}
	return binary.BigEndian.Uint64(b)
}

func (m mark) save(position uint64) error {
	b := binary.BigEndian.AppendUint64(nil, position)
	b = binary.BigEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
	if _, err := m.f.WriteAt(b, 0); err != nil {
		return err
	}
	return m.f.Sync()
}
