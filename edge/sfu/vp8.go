package sfu

// vp8 is a parsed VP8 payload descriptor (RFC 7741 section 4.2). Offsets are
// into the payload, 0 where the field is absent.
type vp8 struct {
	size   uint8  // bytes of the descriptor
	pidOff uint8  // PictureID
	tl0Off uint8  // TL0PICIDX
	wide   bool   // PictureID has 15 bits, not 7
	key    bool   // the packet begins a keyframe
	tl0    uint8  // TL0PICIDX
	pid    uint16 // PictureID
}

// parseVP8 parses the descriptor at the start of b. It reports false if b is
// cut short or holds nothing after the descriptor.
func parseVP8(b []byte) (v vp8, ok bool) {
	if len(b) < 2 {
		return vp8{}, false
	}
	first, n := b[0], 1
	if first&0x80 != 0 { // X
		ext := b[1]
		n = 2
		if ext&0x80 != 0 { // I
			if len(b) <= n {
				return vp8{}, false
			}
			v.pidOff = uint8(n)
			v.pid = uint16(b[n] & 0x7f)
			if b[n]&0x80 != 0 { // M
				if len(b) <= n+1 {
					return vp8{}, false
				}
				v.wide = true
				v.pid = v.pid<<8 | uint16(b[n+1])
				n++
			}
			n++
		}
		if ext&0x40 != 0 { // L
			if len(b) <= n {
				return vp8{}, false
			}
			v.tl0Off, v.tl0 = uint8(n), b[n]
			n++
		}
		if ext&0x30 != 0 { // T or K share a byte; KEYIDX is left alone
			n++
		}
	}
	if len(b) <= n {
		return vp8{}, false
	}
	v.size = uint8(n)
	// A keyframe begins where the first partition starts (S, PID 0) and the
	// P bit of the VP8 payload header is 0 (RFC 7741 section 4.3).
	v.key = first&0x10 != 0 && first&0x07 == 0 && b[n]&0x01 == 0
	return v, true
}

// rewritable reports whether the descriptor has a field that depends on the
// source.
func (v vp8) rewritable() bool { return v.pidOff != 0 || v.tl0Off != 0 }

// widen appends payload b, whose descriptor is v, to dst[:0] with a picture
// id of 15 bits, so that sources of either width continue each other, and
// returns it with its descriptor.
func (v vp8) widen(dst, b []byte) ([]byte, vp8) {
	if v.pidOff == 0 || v.wide {
		return append(dst[:0], b...), v
	}
	dst = append(dst[:0], b[:v.pidOff]...)
	dst = append(dst, 0x80, b[v.pidOff]&0x7f)
	dst = append(dst, b[v.pidOff+1:]...)
	v.wide = true
	v.size++
	if v.tl0Off != 0 {
		v.tl0Off++
	}
	return dst, v
}

// patch writes the ids into b, whose descriptor v comes from widen.
func (v vp8) patch(b []byte, pid uint16, tl0 uint8) {
	if v.pidOff != 0 {
		b[v.pidOff] = 0x80 | uint8(pid>>8)
		b[v.pidOff+1] = uint8(pid)
	}
	if v.tl0Off != 0 {
		b[v.tl0Off] = tl0
	}
}

// pictureIDs extends the picture ids of one source, of either width, to a
// counter that does not wrap.
type pictureIDs struct {
	seen bool
	last uint32 // highest so far
}

// extend returns the extended id of v, which has one.
func (p *pictureIDs) extend(v vp8) uint32 {
	if !p.seen {
		p.seen, p.last = true, uint32(v.pid)
		return p.last
	}
	var d int32
	if v.wide {
		d = int32(int16((v.pid-uint16(p.last))<<1) >> 1)
	} else {
		d = int32(int8((uint8(v.pid)-uint8(p.last))<<1) >> 1)
	}
	ext := p.last + uint32(d)
	if d > 0 {
		p.last = ext
	}
	return ext
}
