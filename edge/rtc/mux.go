package rtc

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"sync/atomic"

	"github.com/pion/ice/v4"
	"github.com/pion/transport/v4"
)

// mux is the ICE mux over the media socket. It gives every transport one
// local candidate a family: with several, pion/ice would read one queue from
// several goroutines and reorder media.
type mux struct {
	*ice.UDPMuxDefault
	listen []net.Addr
}

// GetListenAddresses implements ice.UDPMux.
func (m mux) GetListenAddresses() []net.Addr { return m.listen }

// newMux starts reading media.
func newMux(media net.PacketConn, announce []netip.AddrPort, interfaces transport.Net, log loggers) mux {
	m := mux{UDPMuxDefault: ice.NewUDPMuxDefault(ice.UDPMuxParams{
		Logger:  log.NewLogger("mux"),
		UDPConn: wrap(media),
		Net:     interfaces,
	})}
	var v4, v6 bool
	for _, a := range announce {
		is4 := a.Addr().Unmap().Is4()
		if is4 && v4 || !is4 && v6 {
			continue
		}
		v4, v6 = v4 || is4, v6 || !is4
		m.listen = append(m.listen, net.UDPAddrFromAddrPort(a))
	}
	return m
}

// socket is the media socket as the mux sees it: unspecified, so that every
// listen address is taken for its own, and free of errors that pass, because
// the mux gives up at the first one (an ICMP error for one client would be
// the end of all others).
type socket struct {
	net.PacketConn
	closed atomic.Bool
}

// fastSocket is a socket whose addresses need no allocation.
type fastSocket struct {
	*socket
	ice.AddrPortReaderWriter
}

// udpSocket lends a *net.UDPConn the method names of the fast path.
type udpSocket struct{ *net.UDPConn }

func (u udpSocket) ReadFromAddrPort(b []byte) (int, netip.AddrPort, error) {
	return u.ReadFromUDPAddrPort(b)
}

func (u udpSocket) WriteToAddrPort(b []byte, a netip.AddrPort) (int, error) {
	return u.WriteToUDPAddrPort(b, a)
}

func wrap(media net.PacketConn) net.PacketConn {
	s := &socket{PacketConn: media}
	if u, ok := media.(*net.UDPConn); ok {
		return fastSocket{s, udpSocket{u}}
	}
	if f, ok := media.(ice.AddrPortReaderWriter); ok {
		return fastSocket{s, f}
	}
	return s
}

// LocalAddr implements net.PacketConn.
func (s *socket) LocalAddr() net.Addr { return &net.UDPAddr{IP: net.IPv6unspecified} }

// Close implements net.PacketConn.
func (s *socket) Close() error {
	s.closed.Store(true)
	return s.PacketConn.Close()
}

// over says whether a read error is the end of the socket.
func (s *socket) over(err error) bool {
	return s.closed.Load() || errors.Is(err, net.ErrClosed) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrClosedPipe)
}

// ReadFrom implements net.PacketConn.
func (s *socket) ReadFrom(b []byte) (int, net.Addr, error) {
	for {
		n, addr, err := s.PacketConn.ReadFrom(b)
		if err == nil {
			if _, ok := addr.(*net.UDPAddr); ok {
				return n, addr, nil
			}
			continue
		}
		if s.over(err) {
			return 0, nil, err
		}
	}
}

// ReadFromAddrPort implements ice.AddrPortReaderWriter.
func (s fastSocket) ReadFromAddrPort(b []byte) (int, netip.AddrPort, error) {
	for {
		n, addr, err := s.AddrPortReaderWriter.ReadFromAddrPort(b)
		if err == nil && addr.IsValid() {
			return n, addr, nil
		}
		if err != nil && s.over(err) {
			return 0, netip.AddrPort{}, err
		}
	}
}
