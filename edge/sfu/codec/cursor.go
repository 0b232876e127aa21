package codec

// A cursor reads bytes. Past the end it gives zeros and remembers that it was
// cut short, so that a parser checks once.
type cursor struct {
	b   []byte
	at  int
	cut bool
}

func (c *cursor) u8() uint8 {
	if c.at >= len(c.b) {
		c.cut = true
		return 0
	}
	v := c.b[c.at]
	c.at++
	return v
}

func (c *cursor) u16() uint16 {
	high := c.u8()
	return uint16(high)<<8 | uint16(c.u8())
}

func (c *cursor) skip(n int) {
	if n > len(c.b)-c.at {
		c.cut = true
		n = len(c.b) - c.at
	}
	c.at += n
}

// leb128 reads at most 8 bytes (AV1 bitstream specification, section 4.10.5).
func (c *cursor) leb128() (v uint64) {
	for i := range 8 {
		b := c.u8()
		v |= uint64(b&0x7f) << (7 * i)
		if b&0x80 == 0 {
			return v
		}
	}
	c.cut = true
	return 0
}
