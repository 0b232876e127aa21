//go:build linux

package light

import "encoding/binary"

// vp8 is the state of a synthetic VP8 stream with two temporal layers.
type vp8 struct {
	id     uint16 // 15 bits
	base   uint8  // TL0PICIDX
	upper  bool   // this picture is of the upper temporal layer
	frames uint32 // since the keyframe
}

// next begins a picture.
func (v *vp8) next(key bool) {
	v.id = (v.id + 1) & 0x7fff
	v.frames++
	if key {
		v.frames = 0
	}
	if v.upper = v.frames%2 == 1; !v.upper {
		v.base++
	}
}

// put writes a payload descriptor (RFC 7741 section 4.2) and at the start of a
// picture the frame header (RFC 6386 section 9.1), and returns their size.
func (v *vp8) put(b []byte, start, key bool, layer uint8) int {
	b[0] = 0x80 // extended
	if v.upper {
		b[0] |= 0x20 // not a reference
	}
	if start {
		b[0] |= 0x10
	}
	b[1] = 0xe0 // picture id, TL0PICIDX, temporal id
	binary.BigEndian.PutUint16(b[2:], v.id|0x8000)
	b[4] = v.base
	b[5] = 0
	if v.upper {
		b[5] = 1<<6 | 1<<5 // depends on the base layer only
	}
	if !start {
		b[6] = 0
		return 7
	}
	if !key {
		b[6], b[7], b[8] = 1, 0, 0
		return 9
	}
	b[6], b[7], b[8] = 0x10, 0, 0 // shown
	width, height := uint16(320)<<layer, uint16(180)<<layer
	copy(b[9:], []byte{0x9d, 0x01, 0x2a})
	binary.LittleEndian.PutUint16(b[12:], width)
	binary.LittleEndian.PutUint16(b[14:], height)
	return 16
}
