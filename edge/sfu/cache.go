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
	lap     time.Duration // when the writing of the ring last began anew
	maxSize int
	age     time.Duration
}

// cached is one packet of a packetCache.
type cached struct {
	ext     uint64
	pos     uint64 // of the payload, in bytes ever written
	size    uint16
	level   uint8
	used    bool
	marker  bool
	hide    bool
	ts      uint32
	pid     uint32 // extended picture id
	arrival time.Duration
	desc    vp8
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

// add keeps a packet; e carries all but pos, size and used.
func (c *packetCache) add(e cached, payload []byte) {
	size, pos := uint64(len(c.arena)), c.head
	if c.head == 0 {
		c.lap = e.arrival
	}
	if room := size - pos%size; room < uint64(len(payload)) {
		pos += room // a payload never wraps
		if e.arrival-c.lap < c.age && len(c.arena) < c.maxSize {
			c.grow()
			size = uint64(len(c.arena))
		}
		c.lap = e.arrival
	}
	copy(c.arena[pos%size:], payload)
	c.head = pos + uint64(len(payload))
	e.pos, e.size, e.used = pos, uint16(len(payload)), true
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
	for at := from; at < c.head; {
		end := min(c.head, at-at%size+size)
		copy(c.arena[at%(2*size):], old[at%size:at%size+(end-at)])
		at = end
	}
}

func (c *packetCache) intact(e *cached) bool {
	return e.pos+uint64(len(c.arena)) >= c.head
}

// get returns packet ext and its payload, valid until the next add, or nil.
func (c *packetCache) get(ext uint64) (*cached, []byte) {
	e := &c.entries[ext%uint64(len(c.entries))]
	if !e.used || e.ext != ext || !c.intact(e) {
		return nil, nil
	}
	at := e.pos % uint64(len(c.arena))
	return e, c.arena[at : at+uint64(e.size) : at+uint64(e.size)]
}

// clear forgets all packets and keeps the memory.
func (c *packetCache) clear() {
	clear(c.entries)
	c.head = 0
}
