//go:build linux

package netns

import (
	"context"
	"net"

	"github.com/pion/transport/v4"
	"github.com/pion/transport/v4/stdnet"
)

// Net is the host as pion's ICE agents see a computer:
//
//	settings.SetNet(net)
//	settings.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
func (h *Host) Net() (transport.Net, error) {
	inner, err := within(h, stdnet.NewNet)
	return &pionNet{inner, h}, err
}

// within is Do for what gives a value.
func within[T any](h *Host, f func() (T, error)) (out T, err error) {
	err = h.Do(func() (err error) {
		out, err = f()
		return err
	})
	return out, err
}

// pionNet makes every socket in its host. What makes none is stdnet's.
type pionNet struct {
	*stdnet.Net
	host *Host
}

func (n *pionNet) ListenPacket(network, address string) (net.PacketConn, error) {
	return n.host.ListenPacket(network, address)
}

func (n *pionNet) ListenUDP(network string, at *net.UDPAddr) (transport.UDPConn, error) {
	return within(n.host, func() (transport.UDPConn, error) { return n.Net.ListenUDP(network, at) })
}

func (n *pionNet) ListenTCP(network string, at *net.TCPAddr) (transport.TCPListener, error) {
	return within(n.host, func() (transport.TCPListener, error) { return n.Net.ListenTCP(network, at) })
}

func (n *pionNet) Dial(network, address string) (net.Conn, error) {
	return n.host.Dial(context.Background(), network, address)
}

func (n *pionNet) DialUDP(network string, near, far *net.UDPAddr) (transport.UDPConn, error) {
	return within(n.host, func() (transport.UDPConn, error) { return n.Net.DialUDP(network, near, far) })
}

func (n *pionNet) DialTCP(network string, near, far *net.TCPAddr) (transport.TCPConn, error) {
	return within(n.host, func() (transport.TCPConn, error) { return n.Net.DialTCP(network, near, far) })
}

func (n *pionNet) CreateDialer(d *net.Dialer) transport.Dialer {
	return pionDialer{n.Net.CreateDialer(d), n.host}
}

func (n *pionNet) CreateListenConfig(c *net.ListenConfig) transport.ListenConfig {
	return pionListener{n.Net.CreateListenConfig(c), n.host}
}

type pionDialer struct {
	transport.Dialer
	host *Host
}

func (d pionDialer) Dial(network, address string) (net.Conn, error) {
	return within(d.host, func() (net.Conn, error) { return d.Dialer.Dial(network, address) })
}

type pionListener struct {
	transport.ListenConfig
	host *Host
}

func (l pionListener) Listen(ctx context.Context, network, address string) (net.Listener, error) {
	return within(l.host, func() (net.Listener, error) { return l.ListenConfig.Listen(ctx, network, address) })
}

func (l pionListener) ListenPacket(ctx context.Context, network, address string) (net.PacketConn, error) {
	return within(l.host, func() (net.PacketConn, error) { return l.ListenConfig.ListenPacket(ctx, network, address) })
}
