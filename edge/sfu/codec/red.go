package codec

// A Block is one of the payloads that share a packet as redundant audio (RFC
// 2198). Payload aliases the packet.
type Block struct {
	PayloadType uint8
	Age         uint16 // by which its timestamp is before the packet's, in RTP units
	Payload     []byte
}

// PrimaryOfRED returns the payload of payload type pt that the packet was sent
// for: its last block. It aliases b. ok is false if b is cut short.
func PrimaryOfRED(b []byte) (payload []byte, pt uint8, ok bool) {
	headers, redundant, ok := measureRED(b)
	if !ok {
		return nil, 0, false
	}
	return b[headers+redundant:], b[headers-1] & 0x7f, true
}

// AppendBlocks appends the redundant blocks of b, oldest first as sent, and
// then the primary one. ok is false, and nothing appended, if b is cut short.
func AppendBlocks(dst []Block, b []byte) (blocks []Block, ok bool) {
	headers, redundant, ok := measureRED(b)
	if !ok {
		return dst, false
	}
	at := headers
	for h := b; h[0]&0x80 != 0; h = h[4:] {
		n := blockLength(h)
		age := uint16(h[1])<<6 | uint16(h[2])>>2
		dst = append(dst, Block{PayloadType: h[0] & 0x7f, Age: age, Payload: b[at : at+n]})
		at += n
	}
	return append(dst, Block{PayloadType: b[headers-1] & 0x7f, Payload: b[headers+redundant:]}), true
}

// measureRED returns how many bytes block headers take and how many redundant
// blocks. A header has 4 bytes, the last (without the F bit) 1 (RFC 2198
// section 3).
func measureRED(b []byte) (headers, redundant int, ok bool) {
	for headers < len(b) && b[headers]&0x80 != 0 {
		if len(b)-headers < 4 {
			return 0, 0, false
		}
		redundant += blockLength(b[headers:])
		headers += 4
	}
	headers++
	return headers, redundant, headers+redundant <= len(b)
}

// blockLength returns the length that the header of a redundant block gives.
func blockLength(header []byte) int { return int(header[2]&0x03)<<8 | int(header[3]) }
