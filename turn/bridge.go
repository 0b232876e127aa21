package turn

import (
	"errors"
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/net/ipv4"
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
// It is a net.PacketConn with one reader; writers may be many. Where the media
// port has several sockets, Beside joins the others.
type Bridge struct {
	shore
	addrs []netip.AddrPort

	mu          sync.RWMutex
	allocations map[netip.Addr]*allocation
	next        uint32
	closed      bool

	queue  chan datagram
	idle   atomic.Bool // the reader waits, or will wait, on media
	streak int         // virtual packets read in a row; the reader's
	late   bool        // the socket's read deadline may be set; the reader's
	pool   sync.Pool

	spoofed, stale, overrun, refused atomic.Uint64
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
	b.shore = newShore(b, media)
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

// ReadBatch reads packets of the socket or of allocations, at least one, into
// ms as ipv4.PacketConn.ReadBatch does.
//
// The reader sleeps in the socket's read. An allocation that has queued a
// packet wakes it by a deadline in the past. The reader looks at the queue
// once more after it has said that it will sleep, and clears a deadline only
// before that look, so that no wake-up is lost. A deadline that is set too
// late ends one read for nothing.
func (b *Bridge) ReadBatch(ms []ipv4.Message, flags int) (int, error) {
	for {
		if b.streak < maxStreak {
			if n := b.dequeue(ms); n > 0 {
				return n, nil
			}
			b.idle.Store(true)
			if b.late {
				if err := b.setDeadline(time.Time{}); err != nil {
					return 0, err
				}
				b.late = false
			}
			if n := b.dequeue(ms); n > 0 {
				b.idle.Store(false)
				return n, nil
			}
		} else {
			if err := b.setDeadline(time.Now().Add(turnSpan)); err != nil {
				return 0, err
			}
			b.late = true
		}
		b.streak = 0
		n, err := b.readMedia(ms, flags)
		b.idle.Store(false)
		switch {
		case timeout(err) && !b.isClosed():
			b.late = true
		case err != nil:
			return 0, err
		default:
			if n = b.honest(ms[:n]); n > 0 {
				return n, nil
			}
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

// dequeue takes the waiting packets of allocations that fit and have a turn.
func (b *Bridge) dequeue(ms []ipv4.Message) int {
	for i := range ms {
		if b.streak >= maxStreak {
			return i
		}
		select {
		case d := <-b.queue:
			ms[i].N, ms[i].Addr = copy(ms[i].Buffers[0], *d.buf), net.UDPAddrFromAddrPort(d.from)
			b.pool.Put(d.buf)
			b.streak++
		default:
			return i
		}
	}
	return len(ms)
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

// ReadFrom implements net.PacketConn.
func (b *Bridge) ReadFrom(p []byte) (int, net.Addr, error) {
	ms := []ipv4.Message{{Buffers: [][]byte{p}}}
	if _, err := b.ReadBatch(ms, 0); err != nil {
		return 0, nil, err
	}
	return ms[0].N, ms[0].Addr, nil
}

// SetDeadline implements net.PacketConn for writing only, see
// SetReadDeadline.
func (b *Bridge) SetDeadline(t time.Time) error { return b.media.SetWriteDeadline(t) }

// SetReadDeadline does nothing: the socket's read deadline is how the Bridge
// wakes its reader. Close ends a read.
func (b *Bridge) SetReadDeadline(time.Time) error { return nil }

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
