package rtc

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"syscall"

	"golang.org/x/net/ipv4"
)

// wire is a media socket that takes and gives many datagrams in one call, as
// ipv4.PacketConn does on Linux. A call may do fewer than asked: WriteBatch
// stops before a datagram that it cannot send and reports that one's error
// only when it comes first.
type wire interface {
	ReadBatch(ms []ipv4.Message, flags int) (int, error)
	WriteBatch(ms []ipv4.Message, flags int) (int, error)
}

// socketBuffer is asked of the kernel for either direction, in bytes: 50 ms
// of a node that moves 600 Mbit/s. The kernel grants what its limits allow.
const socketBuffer = 4 << 20

// batched gives media a wire: its own, the kernel's for a UDP socket, or one
// that takes datagrams singly.
func batched(media net.PacketConn) wire {
	if b, ok := media.(interface {
		SetReadBuffer(bytes int) error
		SetWriteBuffer(bytes int) error
	}); ok {
		_ = b.SetReadBuffer(socketBuffer) // a smaller buffer works too
		_ = b.SetWriteBuffer(socketBuffer)
	}
	switch m := media.(type) {
	case *net.UDPConn:
		return ipv4.NewPacketConn(m) // of either family: addresses say which
	case wire:
		return m
	}
	return plain{media}
}

// plain is a wire over a socket that knows no batches.
type plain struct{ net.PacketConn }

// ReadBatch implements wire.
func (p plain) ReadBatch(ms []ipv4.Message, _ int) (n int, err error) {
	ms[0].N, ms[0].Addr, err = p.ReadFrom(ms[0].Buffers[0])
	if err != nil {
		return 0, err
	}
	return 1, nil
}

// WriteBatch implements wire.
func (p plain) WriteBatch(ms []ipv4.Message, _ int) (int, error) {
	for i := range ms {
		if _, err := p.WriteTo(ms[i].Buffers[0], ms[i].Addr); err != nil {
			if i > 0 {
				err = nil
			}
			return i, err
		}
	}
	return len(ms), nil
}

// over says whether an error is the end of the socket. All others pass: an
// ICMP error about one client must not be the end of all.
func over(err error) bool {
	return errors.Is(err, net.ErrClosed) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrClosedPipe)
}

// full says whether an error means that the socket or the interface takes no
// more for now, whoever it is for.
func full(err error) bool {
	return errors.Is(err, syscall.EAGAIN) || errors.Is(err, syscall.ENOBUFS)
}

// addrPort is the address of a datagram, one value for both ways of writing
// IPv4; invalid where a is not a UDP address.
func addrPort(a net.Addr) netip.AddrPort {
	u, ok := a.(*net.UDPAddr)
	if !ok {
		return netip.AddrPort{}
	}
	return unmap(u.AddrPort())
}

func unmap(a netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(a.Addr().Unmap().WithZone(""), a.Port())
}
