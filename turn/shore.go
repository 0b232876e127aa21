package turn

import (
	"errors"
	"net"
	"syscall"
	"time"

	"golang.org/x/net/ipv4"
)

// shore is what a socket of the media port does as part of a Bridge, but for
// the reading of what allocations send.
type shore struct {
	bridge *Bridge
	media  net.PacketConn
	many   *ipv4.PacketConn // media again, where it is the kernel's; may be nil
}

func newShore(b *Bridge, media net.PacketConn) shore {
	s := shore{bridge: b, media: media}
	if m, ok := media.(*net.UDPConn); ok {
		s.many = ipv4.NewPacketConn(m) // of either family
	}
	return s
}

// readMedia reads the socket, one packet where it cannot do more.
func (s *shore) readMedia(ms []ipv4.Message, flags int) (n int, err error) {
	if s.many != nil {
		return s.many.ReadBatch(ms, flags)
	}
	ms[0].N, ms[0].Addr, err = s.media.ReadFrom(ms[0].Buffers[0])
	return 1, err
}

// honest moves the packets that do not claim to be an allocation's to the
// front of ms, with their buffers, and counts the others.
func (s *shore) honest(ms []ipv4.Message) (n int) {
	for i := range ms {
		if virtualAddress(ms[i].Addr) {
			s.bridge.spoofed.Add(1)
			continue
		}
		ms[n], ms[i] = ms[i], ms[n]
		n++
	}
	return n
}

func virtualAddress(a net.Addr) bool {
	u, ok := a.(*net.UDPAddr)
	return ok && virtual(u.AddrPort().Addr())
}

// WriteBatch sends ms as ipv4.PacketConn.WriteBatch does, to the socket or to
// allocations. It may stop early: then the caller goes on.
func (s *shore) WriteBatch(ms []ipv4.Message, flags int) (int, error) {
	if s.many == nil || len(ms) > 0 && virtualAddress(ms[0].Addr) {
		return s.writeSingly(ms)
	}
	direct := 0
	for direct < len(ms) && !virtualAddress(ms[direct].Addr) {
		direct++
	}
	return s.many.WriteBatch(ms[:direct], flags)
}

// writeSingly sends ms up to a packet for the kernel's own batches.
func (s *shore) writeSingly(ms []ipv4.Message) (int, error) {
	for i := range ms {
		if s.many != nil && !virtualAddress(ms[i].Addr) {
			return i, nil
		}
		if _, err := s.WriteTo(ms[i].Buffers[0], ms[i].Addr); err != nil {
			if i > 0 {
				err = nil // the caller meets it again
			}
			return i, err
		}
	}
	return len(ms), nil
}

// SyscallConn gives access to the socket; it fails where that is not the
// kernel's.
func (s *shore) SyscallConn() (syscall.RawConn, error) {
	if c, ok := s.media.(syscall.Conn); ok {
		return c.SyscallConn()
	}
	return nil, errors.ErrUnsupported
}

// SetReadBuffer sets the size of the kernel's buffer in bytes.
func (s *shore) SetReadBuffer(bytes int) error {
	if c, ok := s.media.(*net.UDPConn); ok {
		return c.SetReadBuffer(bytes)
	}
	return errors.ErrUnsupported
}

// SetWriteBuffer sets the size of the kernel's buffer in bytes.
func (s *shore) SetWriteBuffer(bytes int) error {
	if c, ok := s.media.(*net.UDPConn); ok {
		return c.SetWriteBuffer(bytes)
	}
	return errors.ErrUnsupported
}

// WriteTo implements net.PacketConn: it sends a packet to an allocation or
// the socket.
func (s *shore) WriteTo(p []byte, addr net.Addr) (int, error) {
	u, ok := addr.(*net.UDPAddr)
	if !ok {
		return 0, net.InvalidAddrError("not a UDP address")
	}
	to := unmap(u.AddrPort())
	if !virtual(to.Addr()) {
		return s.media.WriteTo(p, addr)
	}
	s.bridge.mu.RLock()
	a := s.bridge.allocations[to.Addr()]
	s.bridge.mu.RUnlock()
	i := int(to.Port()) - int(basePort)
	if a == nil || i < 0 || i >= len(s.bridge.addrs) {
		s.bridge.stale.Add(1)
		return len(p), nil
	}
	a.deliver(p, i)
	return len(p), nil
}

// LocalAddr implements net.PacketConn.
func (s *shore) LocalAddr() net.Addr { return s.media.LocalAddr() }

// SetWriteDeadline implements net.PacketConn.
func (s *shore) SetWriteDeadline(t time.Time) error { return s.media.SetWriteDeadline(t) }
