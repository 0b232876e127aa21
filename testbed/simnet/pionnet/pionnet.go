// Package pionnet lets pion's ICE agents run on a simnet host: it is pion's
// transport.Net over testbed/simnet.
//
//	settings.SetNet(pionnet.New(host))
//	settings.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
//
// The host has one interface with its one address. Names are those given to
// hosts. It offers what ICE and TURN clients call; options of sockets are taken
// and ignored.
package pionnet

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"strconv"
	"time"

	"github.com/pion/transport/v4"

	"github.com/meridian-video/meridian/testbed/simnet"
)

// Net is the network as one host sees it.
type Net struct{ host *simnet.Host }

var _ transport.Net = (*Net)(nil)

// New makes pion's view of a host.
func New(host *simnet.Host) *Net { return &Net{host} }

// ListenPacket opens a datagram endpoint; only the port of the address counts.
func (n *Net) ListenPacket(_, address string) (net.PacketConn, error) {
	port, err := portOf(address)
	if err != nil {
		return nil, err
	}
	return n.host.ListenPacket(port)
}

// ListenUDP is ListenPacket with an address.
func (n *Net) ListenUDP(_ string, at *net.UDPAddr) (transport.UDPConn, error) {
	port := 0
	if at != nil {
		port = at.Port
	}
	c, err := n.host.ListenPacket(port)
	if err != nil {
		return nil, err
	}
	return &udpConn{PacketConn: c}, nil
}

// ListenTCP opens a stream listener.
func (n *Net) ListenTCP(_ string, at *net.TCPAddr) (transport.TCPListener, error) {
	port := 0
	if at != nil {
		port = at.Port
	}
	l, err := n.host.Listen(port)
	if err != nil {
		return nil, err
	}
	return tcpListener{l}, nil
}

// Dial connects.
func (n *Net) Dial(network, address string) (net.Conn, error) {
	return n.host.Dial(context.Background(), network, address)
}

// DialUDP gives an endpoint that talks to one address.
func (n *Net) DialUDP(network string, near, far *net.UDPAddr) (transport.UDPConn, error) {
	c, err := n.ListenUDP(network, near)
	if err != nil {
		return nil, err
	}
	c.(*udpConn).far = far
	return c, nil
}

// DialTCP connects a stream.
func (n *Net) DialTCP(network string, _, far *net.TCPAddr) (transport.TCPConn, error) {
	c, err := n.Dial(network, far.String())
	if err != nil {
		return nil, err
	}
	return tcpConn{c.(*simnet.Conn)}, nil
}

// ResolveIPAddr looks a host up.
func (n *Net) ResolveIPAddr(_, address string) (*net.IPAddr, error) {
	at, err := n.host.Resolve(net.JoinHostPort(address, "0"))
	if err != nil {
		return nil, err
	}
	return &net.IPAddr{IP: at.Addr().AsSlice()}, nil
}

// ResolveUDPAddr looks a host and port up.
func (n *Net) ResolveUDPAddr(_, address string) (*net.UDPAddr, error) {
	at, err := n.host.Resolve(address)
	if err != nil {
		return nil, err
	}
	return net.UDPAddrFromAddrPort(at), nil
}

// ResolveTCPAddr looks a host and port up.
func (n *Net) ResolveTCPAddr(_, address string) (*net.TCPAddr, error) {
	at, err := n.host.Resolve(address)
	if err != nil {
		return nil, err
	}
	return net.TCPAddrFromAddrPort(at), nil
}

// Interfaces returns the host's one interface.
func (n *Net) Interfaces() ([]*transport.Interface, error) {
	ip := n.host.Addr()
	i := transport.NewInterface(net.Interface{Index: 1, MTU: 1500, Name: "eth0", Flags: net.FlagUp | net.FlagRunning | net.FlagMulticast})
	i.AddAddress(&net.IPNet{IP: ip.AsSlice(), Mask: net.CIDRMask(ip.BitLen()/4*3, ip.BitLen())})
	return []*transport.Interface{i}, nil
}

// InterfaceByIndex returns the interface 1.
func (n *Net) InterfaceByIndex(index int) (*transport.Interface, error) {
	return n.find(index == 1)
}

// InterfaceByName returns the interface eth0.
func (n *Net) InterfaceByName(name string) (*transport.Interface, error) {
	return n.find(name == "eth0")
}

func (n *Net) find(known bool) (*transport.Interface, error) {
	if !known {
		return nil, transport.ErrInterfaceNotFound
	}
	all, err := n.Interfaces()
	if err != nil {
		return nil, err
	}
	return all[0], nil
}

// CreateDialer returns the network itself; the dialer's options do not matter.
func (n *Net) CreateDialer(*net.Dialer) transport.Dialer { return n }

// CreateListenConfig returns a way to listen; the options do not matter.
func (n *Net) CreateListenConfig(*net.ListenConfig) transport.ListenConfig { return listenConfig{n} }

type listenConfig struct{ n *Net }

func (l listenConfig) Listen(_ context.Context, _, address string) (net.Listener, error) {
	port, err := portOf(address)
	if err != nil {
		return nil, err
	}
	return l.n.host.Listen(port)
}

func (l listenConfig) ListenPacket(_ context.Context, network, address string) (net.PacketConn, error) {
	return l.n.ListenPacket(network, address)
}

func portOf(address string) (int, error) {
	_, service, err := net.SplitHostPort(address)
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(service)
}

// errNotConnected is returned when Write is called on an endpoint without a peer.
var errNotConnected = errors.New("endpoint has no remote address")

// udpConn adds the methods of *net.UDPConn to an endpoint. far is its peer, nil
// for anybody.
type udpConn struct {
	*simnet.PacketConn
	far *net.UDPAddr
}

func (c *udpConn) RemoteAddr() net.Addr {
	if c.far == nil {
		return nil
	}
	return c.far
}

func (c *udpConn) Read(p []byte) (int, error) {
	n, _, err := c.ReadFromUDP(p)
	return n, err
}

func (c *udpConn) ReadFrom(p []byte) (int, net.Addr, error) { return c.ReadFromUDP(p) }

func (c *udpConn) ReadFromUDP(p []byte) (int, *net.UDPAddr, error) {
	for {
		n, from, err := c.ReadFromUDPAddrPort(p)
		if err != nil {
			return 0, nil, err
		}
		if c.far == nil || same(c.far.AddrPort(), from) {
			return n, net.UDPAddrFromAddrPort(from), nil
		}
	}
}

func same(a, b netip.AddrPort) bool { return a.Addr().Unmap() == b.Addr() && a.Port() == b.Port() }

func (c *udpConn) ReadMsgUDP(p, _ []byte) (n, oobn, flags int, from *net.UDPAddr, err error) {
	n, from, err = c.ReadFromUDP(p)
	return n, 0, 0, from, err
}

func (c *udpConn) Write(p []byte) (int, error) {
	if c.far == nil {
		return 0, errNotConnected
	}
	return c.WriteTo(p, c.far)
}

func (c *udpConn) WriteToUDP(p []byte, to *net.UDPAddr) (int, error) { return c.WriteTo(p, to) }

func (c *udpConn) WriteMsgUDP(p, _ []byte, to *net.UDPAddr) (n, oobn int, err error) {
	n, err = c.WriteTo(p, to)
	return n, 0, err
}

// tcpConn adds the methods of *net.TCPConn to a stream.
type tcpConn struct{ *simnet.Conn }

func (tcpConn) CloseRead() error                       { return nil }
func (c tcpConn) ReadFrom(r io.Reader) (int64, error)  { return io.Copy(c.Conn, r) }
func (tcpConn) SetLinger(int) error                    { return nil }
func (tcpConn) SetKeepAlive(bool) error                { return nil }
func (tcpConn) SetKeepAlivePeriod(time.Duration) error { return nil }
func (tcpConn) SetNoDelay(bool) error                  { return nil }
func (tcpConn) SetWriteBuffer(int) error               { return nil }
func (tcpConn) SetReadBuffer(int) error                { return nil }

type tcpListener struct{ *simnet.Listener }

func (l tcpListener) AcceptTCP() (transport.TCPConn, error) {
	c, err := l.Accept()
	if err != nil {
		return nil, err
	}
	return tcpConn{c.(*simnet.Conn)}, nil
}
