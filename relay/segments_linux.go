package relay

import (
	"encoding/binary"
	"errors"
	"net"

	"golang.org/x/sys/unix"
)

// segmentSpace holds a control message with a segment size, on any platform.
const segmentSpace = 24

// control calls f with the socket's descriptor; false when it failed.
func control(c *net.UDPConn, f func(fd int) error) bool {
	raw, err := c.SyscallConn()
	if err != nil {
		return false
	}
	var failed error
	err = raw.Control(func(fd uintptr) { failed = f(int(fd)) })
	return err == nil && failed == nil
}

// cutsSegments says whether the kernel cuts a long write into datagrams (UDP_SEGMENT,
// Linux 4.18).
func cutsSegments(c *net.UDPConn) bool {
	return control(c, func(fd int) error {
		_, err := unix.GetsockoptInt(fd, unix.IPPROTO_UDP, unix.UDP_SEGMENT)
		return err
	})
}

// joinsSegments lets the kernel hand over runs of datagrams as one (UDP_GRO, Linux 5.0).
func joinsSegments(c *net.UDPConn) bool {
	return control(c, func(fd int) error { return unix.SetsockoptInt(fd, unix.IPPROTO_UDP, unix.UDP_GRO, 1) })
}

// growBuffers asks for size bytes in each direction, past the system's limit where this
// process may; the kernel gives what it will.
func growBuffers(c *net.UDPConn, size int) {
	for _, option := range [...][2]int{{unix.SO_RCVBUFFORCE, unix.SO_RCVBUF}, {unix.SO_SNDBUFFORCE, unix.SO_SNDBUF}} {
		control(c, func(fd int) error {
			if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, option[0], size); err == nil {
				return nil
			}
			return unix.SetsockoptInt(fd, unix.SOL_SOCKET, option[1], size)
		})
	}
}

// segmented writes the control message that says how long the datagrams of a run are.
func segmented(b []byte, size int) []byte {
	b = b[:unix.CmsgSpace(2)]
	clear(b)
	n := uint64(unix.CmsgLen(2))
	if unix.SizeofCmsghdr == 16 {
		binary.NativeEndian.PutUint64(b, n)
	} else {
		binary.NativeEndian.PutUint32(b, uint32(n))
	}
	binary.NativeEndian.PutUint32(b[unix.SizeofCmsghdr-8:], unix.IPPROTO_UDP)
	binary.NativeEndian.PutUint32(b[unix.SizeofCmsghdr-4:], unix.UDP_SEGMENT)
	binary.NativeEndian.PutUint16(b[unix.SizeofCmsghdr:], uint16(size))
	return b
}

// segmentSize reads from the control messages of a read how long the datagrams are that
// were joined; 0 when none were.
func segmentSize(oob []byte) int {
	for len(oob) > 0 {
		head, body, rest, err := unix.ParseOneSocketControlMessage(oob)
		if err != nil {
			return 0
		}
		if head.Level == unix.IPPROTO_UDP && head.Type == unix.UDP_GRO && len(body) >= 2 {
			return int(binary.NativeEndian.Uint16(body))
		}
		oob = rest
	}
	return 0
}

// cannotSegment says whether a write failed because the device cannot cut it (udp(7)).
func cannotSegment(err error) bool { return errors.Is(err, unix.EIO) }
