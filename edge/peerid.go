package edge

import (
	"crypto/rand"
	"fmt"
)

// newPeerID makes the id of somebody whom nothing names: a random UUID
// (RFC 9562 section 5.4), as partners expect of ids they did not give (GC-A21).
func newPeerID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
