package codec

// AV1 is an AV1 aggregation header (AV1 RTP specification, section 4.4). It
// tells no layers: those are in the Dependency Descriptor.
type AV1 struct {
	Continuation bool  // Z: the packet begins in the midst of an OBU
	Unfinished   bool  // Y: its last OBU goes on in the next packet
	Elements     uint8 // W: the number of OBU elements, 0 where each has its length
	Key          bool  // N: the packet begins a coded video sequence
}

// ParseAV1 parses the header at the start of b. It reports false if b holds
// nothing after it, or claims both to begin a sequence and to continue an OBU.
func ParseAV1(b []byte) (AV1, bool) {
	if len(b) < 2 || b[0]&0x88 == 0x88 {
		return AV1{}, false
	}
	return AV1{
		Continuation: b[0]&0x80 != 0,
		Unfinished:   b[0]&0x40 != 0,
		Elements:     b[0] >> 4 & 0x03,
		Key:          b[0]&0x08 != 0,
	}, true
}
