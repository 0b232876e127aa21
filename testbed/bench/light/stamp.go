//go:build linux

package light

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"time"
)

// stamp is what a publisher writes into each payload, so that a viewer that
// decrypts it knows what it is and when it was sent.
type stamp struct {
	layer uint8 // of simulcast, 0 the smallest
	key   bool  // the first packet of a keyframe
	count uint32
	at    time.Time
}

const stampSize = 24

var stampMagic = []byte("mbn1")

// put writes the stamp into the first stampSize bytes of b.
func (s stamp) put(b []byte) {
	copy(b, stampMagic)
	b[4], b[5], b[6], b[7] = s.layer, 0, 0, 0
	if s.key {
		b[5] = 1
	}
	binary.BigEndian.PutUint32(b[8:], s.count)
	binary.BigEndian.PutUint64(b[12:], uint64(s.at.UnixNano()))
	binary.BigEndian.PutUint32(b[20:], crc32.ChecksumIEEE(b[:20]))
}

// findStamp finds the stamp in a payload, whatever the length of the
// descriptor that a server may have written before it; false when there is
// none or it has been changed.
func findStamp(payload []byte) (stamp, bool) {
	i := bytes.Index(payload[:min(len(payload), 64)], stampMagic)
	if i < 0 || len(payload) < i+stampSize {
		return stamp{}, false
	}
	b := payload[i : i+stampSize]
	if binary.BigEndian.Uint32(b[20:]) != crc32.ChecksumIEEE(b[:20]) {
		return stamp{}, false
	}
	return stamp{
		layer: b[4], key: b[5] == 1, count: binary.BigEndian.Uint32(b[8:]),
		at: time.Unix(0, int64(binary.BigEndian.Uint64(b[12:]))),
	}, true
}
