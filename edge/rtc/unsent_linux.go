package rtc

import (
	"net"
	"syscall"
)

// tcpNotSentLowat is TCP_NOTSENT_LOWAT of linux/tcp.h.
const tcpNotSentLowat = 25

// boundUnsent has the kernel take only so many bytes that it cannot send yet.
// It would take megabytes, which a client would see as seconds of delay; so
// they wait in our queue, which is short and loses what is too much.
func boundUnsent(c net.Conn, bytes int) {
	s, ok := c.(syscall.Conn)
	if !ok {
		return
	}
	if raw, err := s.SyscallConn(); err == nil {
		_ = raw.Control(func(fd uintptr) {
			_ = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, tcpNotSentLowat, bytes)
		})
	}
}
