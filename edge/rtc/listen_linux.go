package rtc

import (
	"context"
	"errors"
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// share lets others of this user listen where c does. It comes after the
// binding of c, which fails if somebody does so already: otherwise a second
// node, started by mistake, would get half of the first one's packets.
func share(c net.PacketConn) error {
	s, ok := c.(syscall.Conn)
	if !ok {
		return errors.ErrUnsupported
	}
	raw, err := s.SyscallConn()
	if err != nil {
		return err
	}
	return reuse("", "", raw)
}

// beside opens one more socket where one is shared.
func beside(at net.Addr) (net.PacketConn, error) {
	l := net.ListenConfig{Control: reuse}
	return l.ListenPacket(context.Background(), "udp", at.String())
}

func reuse(_, _ string, raw syscall.RawConn) error {
	var failed error
	err := raw.Control(func(fd uintptr) {
		failed = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEPORT, 1)
	})
	return errors.Join(err, failed)
}
