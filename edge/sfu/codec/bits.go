package codec

// A bitReader reads fields of bits, the highest first. Past the end it gives
// zeros and remembers that it was cut short.
type bitReader struct {
	b   []byte
	at  int // in bits
	cut bool
}

// read returns the next n bits, at most 32.
func (r *bitReader) read(n int) (v uint32) {
	if n > 8*len(r.b)-r.at {
		r.at, r.cut = 8*len(r.b), true
		return 0
	}
	for n > 0 {
		left := 8 - r.at&7 // of this byte
		take := min(left, n)
		v = v<<take | uint32(r.b[r.at>>3])>>(left-take)&(1<<take-1)
		r.at += take
		n -= take
	}
	return v
}

func (r *bitReader) flag() bool { return r.read(1) != 0 }

// ns reads one of n values, of which the lower may take one bit less (AV1 RTP
// specification, section A.8.2).
func (r *bitReader) ns(n uint32) uint32 {
	w := 0
	for x := n; x != 0; x >>= 1 {
		w++
	}
	m := uint32(1)<<w - n
	v := r.read(w - 1)
	if v < m {
		return v
	}
	return v<<1 - m + r.read(1)
}

// ue reads an Exp-Golomb code of at most 32 bits (H.264 section 9.1); a longer
// one counts as cut short.
func (r *bitReader) ue() uint32 {
	zeros := 0
	for !r.cut && !r.flag() {
		zeros++
	}
	if zeros > 31 {
		r.cut = true
		return 0
	}
	return 1<<zeros - 1 + r.read(zeros)
}

// se reads a signed Exp-Golomb code (H.264 section 9.1.1).
func (r *bitReader) se() int32 {
	v := r.ue()
	if v&1 == 0 {
		return -int32(v >> 1)
	}
	return int32(v>>1) + 1
}

// A bitWriter appends fields of bits, the highest first. The rest of the last
// byte is zero.
type bitWriter struct {
	b    []byte
	free int // bits of the last byte
}

// write appends the lowest n bits of v, at most 32.
func (w *bitWriter) write(v uint32, n int) {
	for n > 0 {
		if w.free == 0 {
			w.b, w.free = append(w.b, 0), 8
		}
		take := min(w.free, n)
		bits := v >> (n - take) & (1<<take - 1)
		w.b[len(w.b)-1] |= byte(bits << (w.free - take))
		w.free -= take
		n -= take
	}
}

// copy appends the bits of b between two positions.
func (w *bitWriter) copy(b []byte, from, to int) {
	r := bitReader{b: b, at: from}
	for r.at < to && !r.cut {
		n := min(32, to-r.at)
		w.write(r.read(n), n)
	}
}
