package sealed

import (
	"encoding/binary"
	"time"
)

// A shard is the part of a data datagram that parity covers: the length of the records,
// the offset of the first record that begins in them, and a run of the stream of records.
type shard struct {
	seq uint64
	buf []byte // as covered: length u16, first u16, records

	at     time.Duration // when it was opened, or arrived
	resent time.Duration // sending: when it was last repaired
	tail   int           // receiving: where a record begins that ends in a later shard, or -1
}

const (
	shardHeader = 2 + 2
	maxShard    = shardHeader + FullSize
)

func newShard(seq uint64, now time.Duration) *shard {
	s := &shard{buf: make([]byte, 0, maxShard)}
	s.reset(seq, now)
	return s
}

func (s *shard) reset(seq uint64, now time.Duration) {
	*s = shard{seq: seq, buf: s.buf[:shardHeader], at: now, tail: -1}
	binary.BigEndian.PutUint32(s.buf, 0xffff) // no record begins yet
}

func (s *shard) records() []byte { return s.buf[shardHeader:] }

func (s *shard) first() int { return int(binary.BigEndian.Uint16(s.buf[2:])) }

// append adds up to room bytes of a record in all and gives the rest back; begins says
// that the piece is the record's first.
func (s *shard) append(record []byte, begins bool, room int) []byte {
	if begins && s.first() == 0xffff {
		binary.BigEndian.PutUint16(s.buf[2:], uint16(len(s.records())))
	}
	n := min(len(record), room-len(s.records()))
	s.buf = append(s.buf, record[:n]...)
	return record[n:]
}

// shut fills in the lengths.
func (s *shard) shut() {
	length := len(s.records())
	binary.BigEndian.PutUint16(s.buf, uint16(length))
	if s.first() == 0xffff {
		binary.BigEndian.PutUint16(s.buf[2:], uint16(length))
	}
}

// set takes what covered bytes hold: from a datagram, without the length, or repaired.
func (s *shard) set(covered []byte) bool {
	if len(covered) < shardHeader || len(covered) > maxShard {
		return false
	}
	length := int(binary.BigEndian.Uint16(covered))
	if length > len(covered)-shardHeader || int(binary.BigEndian.Uint16(covered[2:])) > length {
		return false
	}
	s.buf = append(s.buf[:0], covered[:shardHeader+length]...)
	return true
}

// shelf keeps the shards of the latest sequence numbers, and the memory of some that
// were dropped.
type shelf struct {
	places [shelfSize]*shard
	spare  []*shard
}

const (
	// shelfSize holds a quarter of a second at 150 Mbit/s.
	shelfSize = 4096
	// maxSpare bounds the memory kept for nothing, about a third of a megabyte.
	maxSpare = 256
)

// fresh gives a shard to fill and put, or to free.
func (h *shelf) fresh(seq uint64, now time.Duration) *shard {
	n := len(h.spare)
	if n == 0 {
		return newShard(seq, now)
	}
	s := h.spare[n-1]
	h.spare = h.spare[:n-1]
	s.reset(seq, now)
	return s
}

func (h *shelf) free(s *shard) {
	if len(h.spare) < maxSpare {
		h.spare = append(h.spare, s)
	}
}

func (h *shelf) get(seq uint64) *shard {
	if s := h.places[seq%shelfSize]; s != nil && s.seq == seq {
		return s
	}
	return nil
}

func (h *shelf) put(s *shard) {
	h.drop(s.seq)
	h.places[s.seq%shelfSize] = s
}

// drop frees the place of seq, whatever is there.
func (h *shelf) drop(seq uint64) {
	at := &h.places[seq%shelfSize]
	if *at != nil {
		h.free(*at)
		*at = nil
	}
}
