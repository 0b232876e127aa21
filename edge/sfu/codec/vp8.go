package codec

// VP8 is a VP8 payload descriptor (RFC 7741 section 4.2) and, of a keyframe,
// the size of its pictures.
type VP8 struct {
	IDs
	Start bool // the packet begins a frame
	Key   bool // the packet begins a keyframe
	// HasTID says that TID and Sync are there. With Sync a packet of a higher
	// temporal layer needs nothing but layer 0: receivers may move up there.
	HasTID bool
	TID    uint8
	Sync   bool // Y
	// Width and Height are in pixels, before scaling by the receiver, 0 where
	// the packet does not begin a keyframe.
	Width, Height int
}

// ParseVP8 parses the descriptor at the start of b. It reports false if b is
// cut short or holds nothing after the descriptor.
func ParseVP8(b []byte) (v VP8, ok bool) {
	c := cursor{b: b}
	first := c.u8()
	if first&0x80 != 0 { // X
		v.extension(&c)
	}
	if c.cut || c.at >= len(b) {
		return VP8{}, false
	}
	v.Size = c.at
	// A frame begins where its first partition does (S, PID 0), a keyframe
	// where the P bit of the payload header is 0 too (RFC 7741 section 4.3).
	v.Start = first&0x10 != 0 && first&0x07 == 0
	v.Key = v.Start && b[c.at]&0x01 == 0
	if v.Key {
		v.Width, v.Height = sizeOfVP8(b[c.at:])
	}
	return v, true
}

func (v *VP8) extension(c *cursor) {
	ext := c.u8()
	if ext&0x80 != 0 { // I
		v.readPictureID(c)
	}
	if ext&0x40 != 0 { // L
		v.readTL0(c)
	}
	if ext&0x30 == 0 { // T or K: a byte for both
		return
	}
	layer := c.u8()
	if ext&0x20 != 0 { // T; KEYIDX is left alone
		v.HasTID, v.TID, v.Sync = true, layer>>6, layer&0x20 != 0
	}
}

// sizeOfVP8 reads the frame header of a keyframe (RFC 6386 section 9.1): 3
// bytes of tag, 3 of start code, then 14 bits each, whose upper two scale.
func sizeOfVP8(b []byte) (width, height int) {
	if len(b) < 10 || b[3] != 0x9d || b[4] != 0x01 || b[5] != 0x2a {
		return 0, 0
	}
	return int(b[7]&0x3f)<<8 | int(b[6]), int(b[9]&0x3f)<<8 | int(b[8])
}
