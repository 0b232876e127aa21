package relay

import (
	"encoding/binary"

	"golang.org/x/sys/unix"
)

// joinedOf is the control message of a read that joined datagrams of a size.
func joinedOf(size int) []byte {
	b := segmented(make([]byte, segmentSpace), size)
	binary.NativeEndian.PutUint32(b[unix.SizeofCmsghdr-4:], unix.UDP_GRO)
	return b
}
