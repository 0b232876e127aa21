package codec

// IDs are the numbers in the payload descriptors of VP8 and VP9 that count a
// source's pictures, and where they are. A receiver wants them continuous, so
// whoever joins two sources rewrites them. Offsets are into the payload, 0
// where the field is absent.
type IDs struct {
	Size         int   // bytes of the descriptor; the frame's data follows
	PictureIDOff uint8 // PictureID
	TL0Off       uint8 // TL0PICIDX
	Wide         bool  // PictureID has 15 bits, not 7
	PictureID    uint16
	TL0          uint8 // TL0PICIDX, the count of pictures of temporal layer 0
}

// readPictureID reads a PictureID of either width.
func (i *IDs) readPictureID(c *cursor) {
	i.PictureIDOff = uint8(c.at)
	i.PictureID = uint16(c.u8())
	if i.PictureID&0x80 != 0 { // M
		i.Wide = true
		i.PictureID = i.PictureID&0x7f<<8 | uint16(c.u8())
	}
}

func (i *IDs) readTL0(c *cursor) {
	i.TL0Off = uint8(c.at)
	i.TL0 = c.u8()
}

// Rewritable reports whether there is a number that depends on the source.
func (i IDs) Rewritable() bool { return i.PictureIDOff != 0 || i.TL0Off != 0 }

// Widen appends payload b, whose numbers i are, to dst[:0] with a PictureID of
// 15 bits, so that sources of either width continue each other, and returns it
// with its numbers.
func (i IDs) Widen(dst, b []byte) ([]byte, IDs) {
	if i.PictureIDOff == 0 || i.Wide {
		return append(dst[:0], b...), i
	}
	dst = append(dst[:0], b[:i.PictureIDOff]...)
	dst = append(dst, 0x80, b[i.PictureIDOff]&0x7f)
	dst = append(dst, b[i.PictureIDOff+1:]...)
	i.Wide = true
	i.Size++
	if i.TL0Off != 0 {
		i.TL0Off++
	}
	return dst, i
}

// Patch writes the numbers into b, whose descriptor i comes from Widen.
func (i IDs) Patch(b []byte, pictureID uint16, tl0 uint8) {
	if i.PictureIDOff != 0 {
		b[i.PictureIDOff] = 0x80 | uint8(pictureID>>8)
		b[i.PictureIDOff+1] = uint8(pictureID)
	}
	if i.TL0Off != 0 {
		b[i.TL0Off] = tl0
	}
}
