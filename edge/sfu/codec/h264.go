package codec

// Types of NAL units (H.264 table 7-1, RFC 6184 section 5.2).
const (
	nalSlice      = 1
	nalPartitionA = 2
	nalIDR        = 5
	nalSPS        = 7
	nalSTAPA      = 24
	nalFUA        = 28
)

// H264 is what the payload of a packet tells (RFC 6184, single NAL units,
// STAP-A and FU-A: packetization modes 0 and 1).
type H264 struct {
	// Start says that an access unit may begin with the packet: it holds its
	// first slice or what stands before it. Where parameter sets travel in
	// packets of their own, several packets of one timestamp have it, and Key;
	// the first of them counts.
	Start bool
	// Key says that an access unit which can be decoded alone begins with the
	// packet: with its parameter sets or the first slice of an IDR picture.
	Key bool
	// SPS says that the packet brings a sequence parameter set; a receiver
	// that begins with a packet that has Key without it needs an earlier one.
	SPS bool
	// Width and Height are in pixels, after cropping, 0 without an SPS that
	// can be read.
	Width, Height int
}

// ParseH264 parses b. It reports false if b is cut short or is of a kind that
// packetization mode 1 does not have.
func ParseH264(b []byte) (h H264, ok bool) {
	if len(b) < 2 {
		return H264{}, false
	}
	switch kind := b[0] & 0x1f; {
	case kind >= nalSlice && kind < nalSTAPA:
		h.unit(kind, b[1:])
	case kind == nalSTAPA:
		return parseSTAPA(b[1:])
	case kind == nalFUA && len(b) > 2:
		if b[1]&0x80 != 0 { // S
			h.unit(b[1]&0x1f, b[2:])
		}
	default:
		return H264{}, false
	}
	return h, true
}

// parseSTAPA parses an aggregation: units, each after its length in 2 bytes
// (RFC 6184 section 5.7.1).
func parseSTAPA(b []byte) (h H264, ok bool) {
	for len(b) > 0 {
		if len(b) < 3 {
			return H264{}, false
		}
		n := int(b[0])<<8 | int(b[1])
		b = b[2:]
		if n == 0 || n > len(b) {
			return H264{}, false
		}
		h.unit(b[0]&0x1f, b[1:n])
		b = b[n:]
	}
	return h, true
}

// unit notes a NAL unit, or the beginning of one, whose header is left out.
func (h *H264) unit(kind uint8, b []byte) {
	switch kind {
	case nalSlice, nalPartitionA:
		h.Start = h.Start || firstSlice(b)
	case nalIDR:
		h.Start = h.Start || firstSlice(b)
		h.Key = h.Key || firstSlice(b)
	case nalSPS:
		h.Start, h.Key, h.SPS = true, true, true
		h.Width, h.Height = sizeOfSPS(b)
	case 6, 8, 9, 14, 15, 16, 17, 18: // may begin an access unit (H.264 section 7.4.1.2.3)
		h.Start = true
	}
}

// firstSlice reports whether a slice is the first of its picture: it begins
// with first_mb_in_slice, of which 0 is the code "1".
func firstSlice(b []byte) bool { return len(b) > 0 && b[0]&0x80 != 0 }
