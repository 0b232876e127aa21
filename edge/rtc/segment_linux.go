package rtc

import (
	"encoding/binary"
	"net"
	"syscall"
)

// dontWait has a batch fail rather than wait for room in the socket.
const dontWait = syscall.MSG_DONTWAIT

const (
	solUDP     = 17  // linux/socket.h
	udpSegment = 103 // linux/udp.h
	// segmentSpace is CMSG_SPACE of the 16-bit segment size, on any platform.
	segmentSpace = 24
)

// segments says whether the kernel cuts a long datagram of media into packets
// (UDP_SEGMENT, Linux 4.18).
func segments(media net.PacketConn) bool {
	s, ok := media.(syscall.Conn)
	if !ok {
		return false
	}
	raw, err := s.SyscallConn()
	if err != nil {
		return false
	}
	can := false
	err = raw.Control(func(fd uintptr) {
		_, err := syscall.GetsockoptInt(int(fd), solUDP, udpSegment)
		can = err == nil
	})
	return can && err == nil
}

// segmented writes the control message that says how long the packets of a
// run are, in bytes.
func segmented(b []byte, size int) []byte {
	b = b[:syscall.CmsgSpace(2)]
	clear(b)
	n := uint64(syscall.CmsgLen(2))
	if syscall.SizeofCmsghdr == 16 {
		binary.NativeEndian.PutUint64(b, n)
	} else {
		binary.NativeEndian.PutUint32(b, uint32(n))
	}
	binary.NativeEndian.PutUint32(b[syscall.SizeofCmsghdr-8:], solUDP)
	binary.NativeEndian.PutUint32(b[syscall.SizeofCmsghdr-4:], udpSegment)
	binary.NativeEndian.PutUint16(b[syscall.SizeofCmsghdr:], uint16(size))
	return b
}
