package netns

import (
	"encoding/binary"
	"net/netip"
)

// headerSize is that of IPv4 without options.
const headerSize = 20

// destination reads where an IPv4 packet goes (RFC 791 section 3.1); false for
// anything else.
func destination(p []byte) (netip.Addr, bool) {
	if len(p) < headerSize || p[0]>>4 != 4 {
		return netip.Addr{}, false
	}
	return netip.AddrFrom4([4]byte(p[16:20])), true
}

// tooBig is what a router answers who must not cut a packet in pieces: ICMP
// "fragmentation needed", with the MTU of the next hop (RFC 792, RFC 1191
// section 4). It is nil where nothing is to be said: the sender did not forbid
// it, or the packet is an answer of this kind itself, or no first piece.
func tooBig(p []byte, mtu int) []byte {
	const dontFragment, icmp = 0x40, 1
	length := int(p[0]&0x0f) * 4
	if p[6]&dontFragment == 0 || binary.BigEndian.Uint16(p[6:])&0x1fff != 0 || length < headerSize || len(p) < length+8 {
		return nil
	}
	if p[9] == icmp && p[length] != 8 { // but for echo requests
		return nil
	}
	quoted := p[:length+8]
	out := make([]byte, headerSize+8+len(quoted))
	out[0], out[8], out[9] = 0x45, 64, icmp
	binary.BigEndian.PutUint16(out[2:], uint16(len(out)))
	copy(out[12:16], p[16:20]) // as if the far end said it: the router has no address
	copy(out[16:20], p[12:16])
	binary.BigEndian.PutUint16(out[10:], checksum(out[:headerSize]))
	message := out[headerSize:]
	message[0], message[1] = 3, 4
	binary.BigEndian.PutUint16(message[6:], uint16(mtu))
	copy(message[8:], quoted)
	binary.BigEndian.PutUint16(message[2:], checksum(message))
	return out
}

// checksum is the Internet's (RFC 1071); the field itself is zero.
func checksum(b []byte) uint16 {
	sum := uint32(0)
	for ; len(b) > 1; b = b[2:] {
		sum += uint32(binary.BigEndian.Uint16(b))
	}
	if len(b) == 1 {
		sum += uint32(b[0]) << 8
	}
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	return ^uint16(sum)
}
