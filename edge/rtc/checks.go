package rtc

import (
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/stun/v4"
)

// door is the mux as one transport sees it: the ice.UDPMux of its agent, and
// the addresses from which its client may send.
type door struct {
	mux    *mux
	reader reader
	socket atomic.Pointer[socket] // by which the client's packets come and ours go
	life   atomic.Int64           // of the client's last authentic packet, on the mux's clock

	// Guarded by mux.mu.
	conns [2]*checkConn // of the current ICE generation, IPv4 and IPv6
	addrs []netip.AddrPort
	shut  bool
	// streams are the client's TCP connections, by where they come from.
	streams map[netip.AddrPort]*stream
}

func newDoor(m *mux) *door {
	d := &door{mux: m}
	d.socket.Store(m.next())
	return d
}

// use has what is sent to the client leave by the socket that its packets come
// by. It changes when the client's address does.
func (d *door) use(s *socket) {
	if d.socket.Load() != s {
		d.socket.Store(s)
	}
}

// seen is when the client has last given a sign of life.
func (d *door) seen() time.Duration { return time.Duration(d.life.Load()) }

// checkKey is what a check names: our ufrag, in the family it came by.
type checkKey struct {
	ufrag  string
	family int
}

// family is 0 for IPv4 and 1 for IPv6.
func family(a netip.AddrPort) int {
	if a.Addr().Is4() {
		return 0
	}
	return 1
}

// GetListenAddresses implements ice.UDPMux.
func (d *door) GetListenAddresses() []net.Addr { return d.mux.listen }

// GetConn implements ice.UDPMux.
func (d *door) GetConn(ufrag string, local net.Addr) (net.PacketConn, error) {
	c := &checkConn{
		door: d, key: checkKey{ufrag, family(addrPort(local))}, local: local,
		queue: make(chan check, 8), gone: make(chan struct{}),
	}
	d.mux.mu.Lock()
	defer d.mux.mu.Unlock()
	if d.shut {
		return nil, net.ErrClosed
	}
	d.mux.checks[c.key], d.conns[c.key.family] = c, c
	return c, nil
}

// RemoveConnByUfrag implements ice.UDPMux.
func (d *door) RemoveConnByUfrag(ufrag string) {
	d.mux.mu.Lock()
	defer d.mux.mu.Unlock()
	for f := range d.conns {
		if c := d.mux.checks[checkKey{ufrag, f}]; c != nil && c.door == d {
			delete(d.mux.checks, c.key)
		}
	}
}

// Close implements ice.UDPMux. The socket is the Engine's.
func (d *door) Close() error { return nil }

// check brings a STUN message to the agent that it names. Requests name one.
// Indications, by which some clients keep their address alive, are known by
// that address. Responses answer nobody: an ICE-lite node asks nothing.
func (m *mux) check(b []byte, from netip.AddrPort) {
	if isBinding(b, stunIndication) {
		m.mu.RLock()
		d := m.peers[from]
		m.mu.RUnlock()
		if d != nil {
			d.alive(from)
		}
		return
	}
	ufrag, ok := checkedUfrag(b)
	if !ok {
		return
	}
	c := m.checked(ufrag, from)
	if c == nil || c.door.stream(from) != nil {
		m.metrics.stranger.Inc()
		return
	}
	c.put(check{slices.Clone(b), from})
}

// checked is whom a check from an address means; nil: nobody.
func (m *mux) checked(ufrag string, from netip.AddrPort) *checkConn {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.checks[checkKey{ufrag, family(from)}]
}

// alive tells ICE that an authentic packet came from an address. To its eyes
// it is a Binding indication, which keeps a pair without an answer (RFC 8445
// section 11): there are clients whose checks are rarer than
// Config.ConsentTimeout while their media flows.
func (d *door) alive(from netip.AddrPort) {
	d.mux.mu.RLock()
	c := d.conns[family(from)]
	d.mux.mu.RUnlock()
	if c == nil {
		return
	}
	m, err := stun.Build(stun.TransactionID, stun.NewType(stun.MethodBinding, stun.ClassIndication))
	if err == nil {
		c.put(check{m.Raw, from})
	}
}

// check is a STUN message on its way to the agent.
type check struct {
	b    []byte
	from netip.AddrPort
}

// checkConn is a local candidate's socket as pion/ice sees it. Only checks
// come out of it.
type checkConn struct {
	door  *door
	key   checkKey
	local net.Addr
	queue chan check
	gone  chan struct{}
	once  sync.Once
}

// put hands over a message, or loses it as a network would.
func (c *checkConn) put(m check) {
	select {
	case c.queue <- m:
	default:
	}
}

// ReadFromAddrPort implements ice.AddrPortReaderWriter.
func (c *checkConn) ReadFromAddrPort(b []byte) (int, netip.AddrPort, error) {
	select {
	case m := <-c.queue:
		return copy(b, m.b), m.from, nil
	case <-c.gone:
		return 0, netip.AddrPort{}, net.ErrClosed
	}
}

// WriteToAddrPort implements ice.AddrPortReaderWriter. The agent answers only
// checks that were authentic, so the answer is how the mux learns from where
// the client may send, before the client does.
func (c *checkConn) WriteToAddrPort(b []byte, to netip.AddrPort) (int, error) {
	to = unmap(to)
	s := c.door.stream(to)
	if isBinding(b, stunSuccess) {
		c.door.life.Store(int64(c.door.mux.now()))
		c.door.admit(to, s)
	}
	if s != nil {
		s.send(b, queueSize+queueReserve)
		return len(b), nil // a full queue loses it, as networks do
	}
	return c.door.socket.Load().media.WriteTo(b, net.UDPAddrFromAddrPort(to))
}

// ReadFrom implements net.PacketConn.
func (c *checkConn) ReadFrom(b []byte) (int, net.Addr, error) {
	n, from, err := c.ReadFromAddrPort(b)
	if err != nil {
		return 0, nil, err
	}
	return n, net.UDPAddrFromAddrPort(from), nil
}

// WriteTo implements net.PacketConn.
func (c *checkConn) WriteTo(b []byte, to net.Addr) (int, error) {
	return c.WriteToAddrPort(b, addrPort(to))
}

// Close implements net.PacketConn. It is idempotent.
func (c *checkConn) Close() error {
	c.once.Do(func() { close(c.gone) })
	c.door.mux.mu.Lock()
	defer c.door.mux.mu.Unlock()
	if c.door.mux.checks[c.key] == c {
		delete(c.door.mux.checks, c.key)
	}
	return nil
}

// LocalAddr implements net.PacketConn.
func (c *checkConn) LocalAddr() net.Addr { return c.local }

// SetDeadline implements net.PacketConn; Close ends a read.
func (c *checkConn) SetDeadline(time.Time) error { return nil }

// SetReadDeadline implements net.PacketConn; Close ends a read.
func (c *checkConn) SetReadDeadline(time.Time) error { return nil }

// SetWriteDeadline implements net.PacketConn; writing does not block.
func (c *checkConn) SetWriteDeadline(time.Time) error { return nil }
