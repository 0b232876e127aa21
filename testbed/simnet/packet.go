package simnet

import (
	"net"
	"net/netip"
	"os"
	"sync"
	"time"
)

// receiveBuffer is how many bytes of datagrams wait for a reader before more
// are dropped; servers raise Linux's default to about this.
const receiveBuffer = 4 << 20

// udpHeaders are the bytes of IPv4 and UDP before a payload.
const udpHeaders = 28

// PacketConn is a datagram endpoint. It implements net.PacketConn and the
// address-port methods of *net.UDPConn.
type PacketConn struct {
	host  *Host
	local netip.AddrPort

	// The network's lock guards what follows.
	readable *sync.Cond
	inbox    []datagram
	bytes    int // in inbox
	closed   bool
	read     deadline
	write    time.Time
}

type datagram struct {
	payload []byte
	from    netip.AddrPort
}

var _ net.PacketConn = (*PacketConn)(nil)

func newPacketConn(h *Host, port uint16) *PacketConn {
	return &PacketConn{
		host:     h,
		local:    netip.AddrPortFrom(h.ip, port),
		readable: sync.NewCond(&h.n.mu),
	}
}

// LocalAddr returns a *net.UDPAddr.
func (c *PacketConn) LocalAddr() net.Addr { return net.UDPAddrFromAddrPort(c.local) }

// ReadFrom waits for a datagram; what does not fit into p is cut off.
func (c *PacketConn) ReadFrom(p []byte) (int, net.Addr, error) {
	size, from, err := c.ReadFromUDPAddrPort(p)
	if err != nil {
		return 0, nil, err
	}
	return size, net.UDPAddrFromAddrPort(from), nil
}

// ReadFromUDPAddrPort is ReadFrom without an allocation for the address.
func (c *PacketConn) ReadFromUDPAddrPort(p []byte) (int, netip.AddrPort, error) {
	n := c.host.n
	n.mu.Lock()
	defer n.mu.Unlock()
	for {
		switch {
		case c.closed:
			return 0, netip.AddrPort{}, c.fail("read", net.ErrClosed)
		case c.read.passed():
			return 0, netip.AddrPort{}, c.fail("read", os.ErrDeadlineExceeded)
		case len(c.inbox) > 0:
			d := c.inbox[0]
			c.inbox[0] = datagram{}
			c.inbox = c.inbox[1:]
			c.bytes -= len(d.payload)
			return copy(p, d.payload), d.from, nil
		}
		c.readable.Wait()
	}
}

// WriteTo sends a datagram. As with UDP, success says nothing of its arrival.
func (c *PacketConn) WriteTo(p []byte, to net.Addr) (int, error) {
	if u, ok := to.(*net.UDPAddr); ok {
		return c.WriteToUDPAddrPort(p, u.AddrPort())
	}
	ap, err := netip.ParseAddrPort(to.String())
	if err != nil {
		return 0, c.fail("write", err)
	}
	return c.WriteToUDPAddrPort(p, ap)
}

// WriteToUDPAddrPort is WriteTo with the address as a value.
func (c *PacketConn) WriteToUDPAddrPort(p []byte, to netip.AddrPort) (int, error) {
	n := c.host.n
	n.mu.Lock()
	defer n.mu.Unlock()
	if c.closed {
		return 0, c.fail("write", net.ErrClosed)
	}
	if !c.write.IsZero() && !time.Now().Before(c.write) {
		return 0, c.fail("write", os.ErrDeadlineExceeded)
	}
	c.send(p, netip.AddrPortFrom(to.Addr().Unmap().WithZone(""), to.Port()))
	n.settle()
	return len(p), nil
}

// send puts a datagram on its path or drops it, and counts. The lock is held.
func (c *PacketConn) send(p []byte, to netip.AddrPort) {
	n := c.host.n
	r := route{c.local.Addr(), to.Addr()}
	path := n.path(r)
	count := func(field func(*Stats) *uint64, by uint64) {
		*field(&n.stats) += by
		*field(&path.stats) += by
	}
	count(sent, 1)
	if n.blocked(r) {
		count(blocked, 1)
		return
	}
	size := len(p) + udpHeaders
	if size > n.config.MTU && r.from != r.to {
		count(tooBig, 1)
		return
	}
	at, fate := path.datagram(time.Now(), size)
	switch fate {
	case lost:
		count(lostCount, 1)
		return
	case overflows:
		count(overflowed, 1)
		return
	}
	payload := append([]byte(nil), p...)
	n.schedule(at, func() {
		target := n.receiver(to)
		switch {
		case n.blocked(r):
			count(blocked, 1)
		case target == nil:
			count(unreachable, 1)
		case target.bytes+len(payload) > receiveBuffer:
			count(overflowed, 1)
		default:
			count(delivered, 1)
			count(byteCount, uint64(len(payload)))
			target.inbox = append(target.inbox, datagram{payload, c.local})
			target.bytes += len(payload)
			target.readable.Broadcast()
		}
	})
}

func (n *Network) receiver(at netip.AddrPort) *PacketConn {
	if h := n.hosts[at.Addr()]; h != nil {
		return h.packets[at.Port()]
	}
	return nil
}

// Close ends the endpoint; blocked reads return net.ErrClosed.
func (c *PacketConn) Close() error {
	n := c.host.n
	n.mu.Lock()
	defer n.mu.Unlock()
	if c.closed {
		return c.fail("close", net.ErrClosed)
	}
	c.closed = true
	c.read.stop()
	c.inbox, c.bytes = nil, 0
	delete(c.host.packets, c.local.Port())
	c.readable.Broadcast()
	return nil
}

// SetDeadline sets both deadlines.
func (c *PacketConn) SetDeadline(t time.Time) error {
	if err := c.SetReadDeadline(t); err != nil {
		return err
	}
	return c.SetWriteDeadline(t)
}

// SetReadDeadline ends reads at t, those already blocked too.
func (c *PacketConn) SetReadDeadline(t time.Time) error {
	n := c.host.n
	n.mu.Lock()
	defer n.mu.Unlock()
	if c.closed {
		return c.fail("set", net.ErrClosed)
	}
	c.read.set(t, c.readable)
	return nil
}

// SetWriteDeadline makes writes fail from t on; a write never blocks.
func (c *PacketConn) SetWriteDeadline(t time.Time) error {
	n := c.host.n
	n.mu.Lock()
	defer n.mu.Unlock()
	if c.closed {
		return c.fail("set", net.ErrClosed)
	}
	c.write = t
	return nil
}

// SetReadBuffer does nothing; quic-go asks for it.
func (c *PacketConn) SetReadBuffer(int) error { return nil }

// SetWriteBuffer does nothing; quic-go asks for it.
func (c *PacketConn) SetWriteBuffer(int) error { return nil }

func (c *PacketConn) fail(op string, err error) error {
	return &net.OpError{Op: op, Net: "udp", Source: c.LocalAddr(), Err: err}
}

// connected is what dialling "udp" gives: datagrams to and from one address.
type connected struct {
	*PacketConn
	to *net.UDPAddr
}

func (c *connected) RemoteAddr() net.Addr        { return c.to }
func (c *connected) Write(p []byte) (int, error) { return c.WriteTo(p, c.to) }
func (c *connected) Read(p []byte) (n int, err error) {
	for {
		n, from, err := c.ReadFromUDPAddrPort(p)
		if err != nil || from == c.to.AddrPort() {
			return n, err
		}
	}
}
