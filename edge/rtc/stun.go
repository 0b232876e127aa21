package rtc

import (
	"encoding/binary"
	"strings"
)

// RFC 8489 sections 5 and 14.
const (
	stunHeader     = 20
	stunCookie     = 0x2112a442
	stunRequest    = 0x0001 // Binding request
	stunIndication = 0x0011
	stunSuccess    = 0x0101
	stunUsername   = 0x0006
)

// isBinding says whether b is a STUN message of the given type.
func isBinding(b []byte, kind uint16) bool {
	return len(b) >= stunHeader && binary.BigEndian.Uint16(b) == kind && binary.BigEndian.Uint32(b[4:]) == stunCookie
}

// checkedUfrag returns the receiver's ufrag that a Binding request's username
// begins with (RFC 8445 section 7.2.2). Whether the request is authentic is
// for pion/ice to find out.
func checkedUfrag(b []byte) (string, bool) {
	if !isBinding(b, stunRequest) {
		return "", false
	}
	attrs := b[stunHeader:]
	if int(binary.BigEndian.Uint16(b[2:])) != len(attrs) {
		return "", false
	}
	for len(attrs) >= 4 {
		kind, n := binary.BigEndian.Uint16(attrs), int(binary.BigEndian.Uint16(attrs[2:]))
		attrs = attrs[4:]
		if n > len(attrs) {
			return "", false
		}
		if kind == stunUsername {
			ufrag, _, ok := strings.Cut(string(attrs[:n]), ":")
			return ufrag, ok
		}
		attrs = attrs[min((n+3)&^3, len(attrs)):]
	}
	return "", false
}
