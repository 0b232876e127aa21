package turn

import (
	"net"
	"net/netip"
	"sync"
	"time"
)

// allocation is the relayed end of a TURN allocation: the net.PacketConn
// that pion/turn takes for a UDP socket. No socket is behind it.
type allocation struct {
	bridge *Bridge
	addr   netip.Addr
	lifted chan inbound
	gone   chan struct{}
	once   sync.Once
	onGone func() // set before the allocation is handed out
}

// inbound is a packet of media on its way to the client.
type inbound struct {
	buf  *[]byte
	from int // index of the media address
}

// relayed is the address the client is told.
func (a *allocation) relayed() *net.UDPAddr {
	return net.UDPAddrFromAddrPort(netip.AddrPortFrom(a.addr, basePort))
}

// WriteTo carries a packet of the client to the media socket, if it is for
// one of our media addresses. pion/turn checks the address alone, so the port
// is checked here; a refused packet is dropped as a network would.
func (a *allocation) WriteTo(p []byte, to net.Addr) (int, error) {
	u, ok := to.(*net.UDPAddr)
	if !ok {
		return len(p), nil
	}
	peer := unmap(u.AddrPort())
	for i, m := range a.bridge.addrs {
		if m == peer && len(p) <= maxDatagram {
			a.bridge.enqueue(p, netip.AddrPortFrom(a.addr, basePort+uint16(i)))
			return len(p), nil
		}
	}
	a.bridge.refused.Add(1)
	return len(p), nil
}

// deliver queues a packet of media address i for the client, or drops it
// when the client's connection does not keep up.
func (a *allocation) deliver(p []byte, i int) {
	if len(p) > maxDatagram {
		a.bridge.overrun.Add(1)
		return
	}
	buf := a.bridge.pool.Get().(*[]byte)
	*buf = append((*buf)[:0], p...)
	select {
	case a.lifted <- inbound{buf, i}:
	default:
		a.bridge.pool.Put(buf)
		a.bridge.overrun.Add(1)
	}
}

// ReadFrom implements net.PacketConn: packets come from the media address
// that the client had spoken to.
func (a *allocation) ReadFrom(p []byte) (int, net.Addr, error) {
	select {
	case in := <-a.lifted:
		n := copy(p, *in.buf)
		a.bridge.pool.Put(in.buf)
		return n, net.UDPAddrFromAddrPort(a.bridge.addrs[in.from]), nil
	case <-a.gone:
		return 0, nil, net.ErrClosed
	}
}

// Close implements net.PacketConn. It is idempotent.
func (a *allocation) Close() error {
	a.bridge.release(a)
	a.shut()
	return nil
}

func (a *allocation) shut() {
	a.once.Do(func() {
		close(a.gone)
		if a.onGone != nil {
			a.onGone()
		}
	})
}

// LocalAddr implements net.PacketConn.
func (a *allocation) LocalAddr() net.Addr { return a.relayed() }

// SetDeadline implements net.PacketConn; pion/turn sets none.
func (a *allocation) SetDeadline(time.Time) error { return nil }

// SetReadDeadline implements net.PacketConn; pion/turn sets none.
func (a *allocation) SetReadDeadline(time.Time) error { return nil }

// SetWriteDeadline implements net.PacketConn; writing does not block.
func (a *allocation) SetWriteDeadline(time.Time) error { return nil }
