package rtc

import (
	"errors"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// maxAddrs bounds the addresses at which one client has proved itself.
	maxAddrs = 16
	// holdsAddr is how long after its last sign of life a client's address
	// cannot be taken over by another transport: a participant who forges the
	// address of another would otherwise cut them off.
	holdsAddr = 3 * time.Second
)

// mux reads the sockets of the media port and tells apart what shares it
// (RFC 7983): STUN goes to pion/ice by its ufrag, DTLS and SRTP to the
// transport whose client has proved itself at the source address, in the
// reading goroutine to the end. Everything else is dropped.
type mux struct {
	sockets []*socket
	listen  []net.Addr // one a family: what ICE takes for local addresses
	now     func() time.Duration
	metrics *metrics
	waves   sync.Pool // of *wave
	dealt   atomic.Uint32
	closed  atomic.Bool
	readers sync.WaitGroup

	mu     sync.RWMutex
	checks map[checkKey]*checkConn
	peers  map[netip.AddrPort]*door
}

// newMux begins to read the sockets.
func newMux(cfg Config, announce []netip.AddrPort, metrics *metrics) *mux {
	m := &mux{
		now: cfg.Now, metrics: metrics, checks: make(map[checkKey]*checkConn), peers: make(map[netip.AddrPort]*door),
	}
	m.waves.New = func() any { return newWave() }
	for _, c := range append([]net.PacketConn{cfg.Media}, cfg.Beside...) {
		m.sockets = append(m.sockets, newSocket(c, metrics))
	}
	var v4, v6 bool
	for _, a := range announce {
		is4 := a.Addr().Is4()
		if is4 && v4 || !is4 && v6 {
			continue
		}
		v4, v6 = v4 || is4, v6 || !is4
		m.listen = append(m.listen, net.UDPAddrFromAddrPort(a))
	}
	for _, s := range m.sockets {
		m.readers.Go(func() { s.read(m) })
	}
	return m
}

// next returns the sockets in turn, for what has none of its own yet.
func (m *mux) next() *socket { return m.sockets[m.dealt.Add(1)%uint32(len(m.sockets))] }

// datagram tells apart by the first byte (RFC 7983 section 7) what has come by
// a socket.
func (m *mux) datagram(b []byte, from netip.AddrPort, by *socket) {
	switch {
	case len(b) < 2:
	case b[0] < 4:
		m.check(b, from)
	case b[0] >= 20 && b[0] <= 63, b[0] >= 128 && b[0] <= 191:
		m.mu.RLock()
		d := m.peers[from]
		m.mu.RUnlock()
		if d == nil {
			m.metrics.stranger.Inc()
			return
		}
		d.use(by)
		d.reader.datagram(b, from)
	}
}

// admit lets media from an address in, where d's client has passed a check.
func (m *mux) admit(d *door, addr netip.AddrPort) {
	m.mu.Lock()
	defer m.mu.Unlock()
	owner := m.peers[addr]
	if owner == d || d.shut || owner != nil && m.now()-owner.seen() < holdsAddr {
		return
	}
	m.peers[addr] = d
	d.addrs = append(d.addrs, addr)
	if len(d.addrs) > maxAddrs {
		m.drop(d, d.addrs[0])
		d.addrs = d.addrs[1:]
	}
}

// drop takes an address from d, if it is still d's. m.mu is held.
func (m *mux) drop(d *door, addr netip.AddrPort) {
	if m.peers[addr] == d {
		delete(m.peers, addr)
	}
}

// forget lets nothing more of d's client in. ICE has ended.
func (m *mux) forget(d *door) {
	m.mu.Lock()
	defer m.mu.Unlock()
	d.shut = true
	for _, a := range d.addrs {
		m.drop(d, a)
	}
	d.addrs = nil
	for _, s := range d.streams {
		s.end(errEnded)
	}
	d.streams = nil
}

// Close closes the sockets and waits for their readers. It is idempotent.
func (m *mux) Close() error {
	var err error
	if !m.closed.Swap(true) {
		for _, s := range m.sockets {
			err = errors.Join(err, s.media.Close())
		}
	}
	m.readers.Wait()
	return err
}
