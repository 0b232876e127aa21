package sfu

import "time"

// A packetCache keeps the latest packets of one encoding by their extended
// number. Payloads lie in one ring of bytes that grows while it cannot hold
// cacheAge, up to a bound, so memory follows the bitrate. Its owner is the
// UpTrack.
type packetCache struct {
	entries []cached      // power of two
	arena   []byte        // power of two
	head    uint64        // bytes ever written; head-len(arena) is the oldest kept
	kept    uint64        // but nothing from before this, which went when the ring grew
	lap     time.Duration // when the writing of the ring last began anew
	maxSize int
	age     time.Duration
}

// cached is one packet of a packetCache.
type cached struct {
	ext     uint64
	pos     uint64 // of the payload, in bytes ever written
	size    uint16 // of the payload
	extra   uint8  // bytes of descriptor behind it
	level   uint8
	codec   Codec
	used    bool
	marker  bool
	hide    bool
	ts      uint32
	pid     uint32 // extended picture id
	arrival time.Duration
}

// Video: at 1,024 packets and 1 MiB a second of 8 Mbit/s; audio: 128 packets
// of 20 ms.
func newPacketCache(kind Kind) packetCache {
	if kind == Video {
		return packetCache{
			entries: make([]cached, 1024), arena: make([]byte, 64<<10),
			maxSize: 1 << 20, age: time.Second,
		}
	}
	return packetCache{
		entries: make([]cached, 128), arena: make([]byte, 16<<10),
		maxSize: 128 << 10, age: 3 * time.Second,
	}
}

// add keeps a packet; e carries all but pos, size, extra and used.
func (c *packetCache) add(e cached, payload, descriptor []byte) {
	whole := len(payload) + len(descriptor)
	size, pos := uint64(len(c.arena)), c.head
	if c.head == 0 {
		c.lap = e.arrival
	}
	if room := size - pos%size; room < uint64(whole) {
		pos += room // a payload never wraps
		if e.arrival-c.lap < c.age && len(c.arena) < c.maxSize {
			c.grow()
			size = uint64(len(c.arena))
		}
		c.lap = e.arrival
	}
	copy(c.arena[pos%size:], payload)
	copy(c.arena[pos%size+uint64(len(payload)):], descriptor)
	c.head = pos + uint64(whole)
	e.pos, e.size, e.extra, e.used = pos, uint16(len(payload)), uint8(len(descriptor)), true
	c.entries[e.ext%uint64(len(c.entries))] = e
}

// grow doubles the arena. Payloads keep their positions: what did not wrap
// in the smaller ring does not in the larger.
func (c *packetCache) grow() {
	old := c.arena
	size := uint64(len(old))
	c.arena = make([]byte, 2*size)
	from := uint64(0)
	if c.head > size {
		from = c.head - size
	}
	c.kept = from
	for at := from; at < c.head; {
		end := min(c.head, at-at%size+size)
		copy(c.arena[at%(2*size):], old[at%size:at%size+(end-at)])
		at = end
	}
}

func (c *packetCache) intact(e *cached) bool {
	return e.pos >= c.kept && e.pos+uint64(len(c.arena)) >= c.head
}

// has reports whether packet ext is there.
func (c *packetCache) has(ext uint64) bool {
	e := &c.entries[ext%uint64(len(c.entries))]
	return e.used && e.ext == ext && c.intact(e)
}

// get returns packet ext with its payload and descriptor, valid until the next
// add, or nil.
func (c *packetCache) get(ext uint64) (e *cached, payload, descriptor []byte) {
	if !c.has(ext) {
		return nil, nil, nil
	}
	e = &c.entries[ext%uint64(len(c.entries))]
	at := e.pos % uint64(len(c.arena))
	middle := at + uint64(e.size)
	end := middle + uint64(e.extra)
	if e.extra > 0 {
		descriptor = c.arena[middle:end:end]
	}
	return e, c.arena[at:middle:middle], descriptor
}

// clear forgets all packets and keeps the memory.
func (c *packetCache) clear() {
	clear(c.entries)
	c.head, c.kept = 0, 0
}
