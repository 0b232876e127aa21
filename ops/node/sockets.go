package node

import (
	"errors"
	"fmt"
	"net"
	"syscall"

	"github.com/meridian-video/meridian/edge/rtc"
)

// Sockets opens the sockets of a node until one cannot be opened, whose error
// is then Err, in words that say what to do. After an error the others return
// nil; Close closes what was opened.
type Sockets struct {
	Err    error
	opened []interface{ Close() error }
}

// TCP opens a listener.
func (s *Sockets) TCP(address string) net.Listener {
	if s.Err != nil {
		return nil
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		s.Err = explain("TCP", address, err)
		return nil
	}
	s.opened = append(s.opened, l)
	return l
}

// UDP opens a packet socket with large buffers.
func (s *Sockets) UDP(address string) net.PacketConn {
	if s.Err != nil {
		return nil
	}
	c, err := net.ListenPacket("udp", address)
	if err != nil {
		s.Err = explain("UDP", address, err)
		return nil
	}
	if u, ok := c.(*net.UDPConn); ok {
		_, _ = u.SetReadBuffer(socketBuffer), u.SetWriteBuffer(socketBuffer)
	}
	s.opened = append(s.opened, c)
	return c
}

// Media opens the media port: the socket that comes first, and those beside it
// on the same port. Their owner sizes their buffers.
func (s *Sockets) Media(address string, readers int) (net.PacketConn, []net.PacketConn) {
	if s.Err != nil {
		return nil, nil
	}
	all, err := rtc.Listen(address, readers)
	if err != nil {
		s.Err = explain("UDP", address, err)
		return nil, nil
	}
	for _, c := range all {
		s.opened = append(s.opened, c)
	}
	return all[0], all[1:]
}

// optionalTCP and optionalUDP open nothing for an empty address. They return a
// nil interface then, not a nil pointer in one.
func (s *Sockets) optionalTCP(address string) net.Listener {
	if address == "" {
		return nil
	}
	return s.TCP(address)
}

func (s *Sockets) optionalUDP(address string) net.PacketConn {
	if address == "" {
		return nil
	}
	return s.UDP(address)
}

// Close closes every socket and returns Err.
func (s *Sockets) Close() error {
	for _, c := range s.opened {
		_ = c.Close()
	}
	return s.Err
}

// socketBuffer holds about 50 ms of a busy node; the kernel may give less.
const socketBuffer = 4 << 20

// explain says why a socket could not be opened.
func explain(kind, address string, err error) error {
	_, port, _ := net.SplitHostPort(address)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return fmt.Errorf("%s port %s is in use: stop what uses it or choose another", kind, port)
	case errors.Is(err, syscall.EACCES):
		return fmt.Errorf("%s port %s may not be opened by this user: choose one above 1023", kind, port)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return fmt.Errorf("%s is not an address of this machine", address)
	}
	return fmt.Errorf("open %s %s: %w", kind, address, err)
}
