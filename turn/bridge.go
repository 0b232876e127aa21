package turn

import (
	"errors"
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Bridge is the node's media socket with TURN allocations joined to it in
// process: what an allocation sends to a media address is read from the
// Bridge with a virtual source address, and what is written to a virtual
// address goes to its allocation. Nothing else is reachable through it.
//
// Virtual addresses lie in 240.0.0.0/16 and 100::/64, which are never
// routed. Packets that claim to come from there on the wire are dropped, and
// packets to addresses that no allocation has (any more) go nowhere.
//
// It is a net.PacketConn with one reader; writers may be many.
type Bridge struct {
	media net.PacketConn
	fast  addrPortConn // media again, where it can do without net.Addr
	addrs []netip.AddrPort

	mu          sync.RWMutex
	allocations map[netip.Addr]*allocation
	next        uint32
	closed      bool

	queue  chan datagram
	idle   atomic.Bool // the reader waits, or will wait, on media
	streak int         // virtual packets read in a row; the reader's
	pool   sync.Pool

	spoofed, stale, overrun, refused atomic.Uint64
}

// addrPortConn is a packet connection that needs no allocation for addresses.
type addrPortConn interface {
	ReadFromAddrPort(b []byte) (int, netip.AddrPort, error)
	WriteToAddrPort(b []byte, addr netip.AddrPort) (int, error)
}

// datagram is a packet of an allocation on its way to the media mux.
type datagram struct {
	buf  *[]byte
	from netip.AddrPort
}

const (
	// queueLen packets may wait for the reader: about 10 ms of a busy node.
	queueLen = 1024
	// maxStreak virtual packets are read in a row before the socket gets a
	// turn, so that relayed traffic cannot starve direct traffic.
	maxStreak = 32
	// turnSpan is how long that turn waits when nothing has arrived.
	turnSpan = 100 * time.Microsecond
	// maxDatagram is what an allocation may send, in bytes.
	maxDatagram = 1600
)

var (
	virtual4 = netip.MustParsePrefix("240.0.0.0/16")
	virtual6 = netip.MustParsePrefix("100::/64") // RFC 6666
	// basePort is the port of relayed addresses as clients see them. The
	// ports from there on tell which media address was spoken to.
	basePort = uint16(50000)
)

var errNoVirtualAddress = errors.New("no virtual address left")

// NewBridge joins allocations to media. They may reach mediaAddrs only: the
// node's own media addresses, local and announced. Unspecified ones and those
// without a port are passed over.
func NewBridge(media net.PacketConn, mediaAddrs []netip.AddrPort) *Bridge {
	b := &Bridge{
		media:       media,
		allocations: make(map[netip.Addr]*allocation),
		queue:       make(chan datagram, queueLen),
	}
	b.pool.New = func() any { buf := make([]byte, maxDatagram); return &buf }
	for _, a := range mediaAddrs {
		a = unmap(a)
		if a.IsValid() && !a.Addr().IsUnspecified() && a.Port() != 0 && !slices.Contains(b.addrs, a) {
			b.addrs = append(b.addrs, a)
		}
	}
	switch m := media.(type) {
	case *net.UDPConn:
		b.fast = udpConn{m}
	case addrPortConn:
		b.fast = m
	}
	return b
}

// Relayed says whether addr is one of an allocation.
func (b *Bridge) Relayed(addr netip.AddrPort) bool { return virtual(addr.Addr()) }

// reaches says whether ip is one of the media addresses'.
func (b *Bridge) reaches(ip netip.Addr) bool {
	return slices.ContainsFunc(b.addrs, func(a netip.AddrPort) bool { return a.Addr() == ip })
}

func virtual(a netip.Addr) bool {
	a = a.Unmap()
	return virtual4.Contains(a) || virtual6.Contains(a)
}

func unmap(a netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(a.Addr().Unmap().WithZone(""), a.Port())
}

// ReadFromAddrPort reads the next packet of the socket or an allocation.
//
// The reader sleeps in the socket's read. An allocation that has queued a
// packet wakes it by a deadline in the past; the reader clears the deadline
// before it looks at the queue, so that no wake-up is lost.
func (b *Bridge) ReadFromAddrPort(p []byte) (int, netip.AddrPort, error) {
	for {
		if b.streak < maxStreak {
			if n, from, ok := b.dequeue(p); ok {
				b.streak++
				return n, from, nil
			}
			b.idle.Store(true)
			if err := b.setDeadline(time.Time{}); err != nil {
				return 0, netip.AddrPort{}, err
			}
			if n, from, ok := b.dequeue(p); ok {
				b.idle.Store(false)
				b.streak++
				return n, from, nil
			}
		} else if err := b.setDeadline(time.Now().Add(turnSpan)); err != nil {
			return 0, netip.AddrPort{}, err
		}
		b.streak = 0
		n, from, err := b.readMedia(p)
		b.idle.Store(false)
		switch {
		case timeout(err) && !b.isClosed():
		case err != nil:
			return 0, netip.AddrPort{}, err
		case virtual(from.Addr()):
			b.spoofed.Add(1)
		default:
			return n, from, nil
		}
	}
}

// timeout says whether err is a deadline that has passed.
func timeout(err error) bool {
	ne, ok := errors.AsType[net.Error](err)
	return ok && ne.Timeout()
}

// setDeadline says how long the next read of the socket may wait.
func (b *Bridge) setDeadline(until time.Time) error {
	err := b.media.SetReadDeadline(until)
	if b.isClosed() {
		return net.ErrClosed
	}
	return err
}

// dequeue takes a waiting packet of an allocation.
func (b *Bridge) dequeue(p []byte) (int, netip.AddrPort, bool) {
	select {
	case d := <-b.queue:
		n := copy(p, *d.buf)
		b.pool.Put(d.buf)
		return n, d.from, true
	default:
		return 0, netip.AddrPort{}, false
	}
}

func (b *Bridge) readMedia(p []byte) (int, netip.AddrPort, error) {
	if b.fast != nil {
		return b.fast.ReadFromAddrPort(p)
	}
	n, addr, err := b.media.ReadFrom(p)
	if err != nil {
		return 0, netip.AddrPort{}, err
	}
	u, ok := addr.(*net.UDPAddr)
	if !ok {
		return 0, netip.AddrPort{}, net.InvalidAddrError("not a UDP address")
	}
	return n, u.AddrPort(), nil
}

// enqueue brings a packet of an allocation to the reader, or drops it when
// the reader does not keep up.
func (b *Bridge) enqueue(p []byte, from netip.AddrPort) {
	buf := b.pool.Get().(*[]byte)
	*buf = append((*buf)[:0], p...)
	select {
	case b.queue <- datagram{buf, from}:
	default:
		b.pool.Put(buf)
		b.overrun.Add(1)
		return
	}
	if b.idle.CompareAndSwap(true, false) {
		_ = b.media.SetReadDeadline(time.Unix(1, 0)) // a closed socket needs no waking
	}
}

// WriteToAddrPort sends a packet to an allocation or the socket.
func (b *Bridge) WriteToAddrPort(p []byte, to netip.AddrPort) (int, error) {
	if !virtual(to.Addr()) {
		if b.fast != nil {
			return b.fast.WriteToAddrPort(p, to)
		}
		return b.media.WriteTo(p, net.UDPAddrFromAddrPort(to))
	}
	to = unmap(to)
	b.mu.RLock()
	a := b.allocations[to.Addr()]
	b.mu.RUnlock()
	i := int(to.Port()) - int(basePort)
	if a == nil || i < 0 || i >= len(b.addrs) {
		b.stale.Add(1)
		return len(p), nil
	}
	a.deliver(p, i)
	return len(p), nil
}

// ReadFrom implements net.PacketConn.
func (b *Bridge) ReadFrom(p []byte) (int, net.Addr, error) {
	n, from, err := b.ReadFromAddrPort(p)
	if err != nil {
		return 0, nil, err
	}
	return n, net.UDPAddrFromAddrPort(from), nil
}

// WriteTo implements net.PacketConn.
func (b *Bridge) WriteTo(p []byte, addr net.Addr) (int, error) {
	u, ok := addr.(*net.UDPAddr)
	if !ok {
		return 0, net.InvalidAddrError("not a UDP address")
	}
	return b.WriteToAddrPort(p, u.AddrPort())
}

// LocalAddr implements net.PacketConn.
func (b *Bridge) LocalAddr() net.Addr { return b.media.LocalAddr() }

// SetDeadline implements net.PacketConn for writing only, see
// SetReadDeadline.
func (b *Bridge) SetDeadline(t time.Time) error { return b.media.SetWriteDeadline(t) }

// SetReadDeadline does nothing: the socket's read deadline is how the Bridge
// wakes its reader. Close ends a read.
func (b *Bridge) SetReadDeadline(time.Time) error { return nil }

// SetWriteDeadline implements net.PacketConn.
func (b *Bridge) SetWriteDeadline(t time.Time) error { return b.media.SetWriteDeadline(t) }

// Close closes the socket and all allocations. It is idempotent.
func (b *Bridge) Close() error {
	b.mu.Lock()
	if b.closed {
		b.mu.Unlock()
		return nil
	}
	b.closed = true
	all := b.allocations
	b.allocations = make(map[netip.Addr]*allocation)
	b.mu.Unlock()
	for _, a := range all {
		a.shut()
	}
	return b.media.Close()
}

func (b *Bridge) isClosed() bool {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.closed
}

// allocate makes an allocation with an address of its own.
func (b *Bridge) allocate(v6 bool) (*allocation, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return nil, net.ErrClosed
	}
	for range 1 << 16 {
		b.next++
		addr := virtualAddr(b.next, v6)
		if _, taken := b.allocations[addr]; taken || b.next&0xffff == 0 {
			continue
		}
		a := &allocation{
			bridge: b, addr: addr, lifted: make(chan inbound, 256), gone: make(chan struct{}),
		}
		b.allocations[addr] = a
		return a, nil
	}
	return nil, errNoVirtualAddress
}

// virtualAddr is the nth virtual address: numbers come round only after
// 65,535 others, long after packets to the first have died out.
func virtualAddr(n uint32, v6 bool) netip.Addr {
	if v6 {
		a := virtual6.Addr().As16()
		a[14], a[15] = byte(n>>8), byte(n)
		return netip.AddrFrom16(a)
	}
	a := virtual4.Addr().As4()
	a[2], a[3] = byte(n>>8), byte(n)
	return netip.AddrFrom4(a)
}

func (b *Bridge) release(a *allocation) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.allocations[a.addr] == a {
		delete(b.allocations, a.addr)
	}
}

// udpConn lends a *net.UDPConn the names of addrPortConn.
type udpConn struct{ *net.UDPConn }

func (u udpConn) ReadFromAddrPort(b []byte) (int, netip.AddrPort, error) {
	return u.ReadFromUDPAddrPort(b)
}

func (u udpConn) WriteToAddrPort(b []byte, a netip.AddrPort) (int, error) {
	return u.WriteToUDPAddrPort(b, a)
}
