package rtc

import (
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/net/ipv4"
)

const (
	// readBatch datagrams are taken from the socket in one call: a frame of
	// a few publishers. More would only make the call itself dearer.
	readBatch = 16
	// maxAddrs bounds the addresses at which one client has proved itself.
	maxAddrs = 16
	// holdsAddr is how long after its last sign of life a client's address
	// cannot be taken over by another transport: a participant who forges the
	// address of another would otherwise cut them off.
	holdsAddr = 3 * time.Second
)

// mux reads the media socket and tells apart what shares it (RFC 7983): STUN
// goes to pion/ice by its ufrag, DTLS and SRTP to the transport whose client
// has proved itself at the source address, in the reading goroutine to the
// end. Everything else is dropped.
type mux struct {
	media   net.PacketConn
	wire    wire
	listen  []net.Addr // one a family: what ICE takes for local addresses
	now     func() time.Duration
	metrics *metrics
	waves   sync.Pool // of *wave
	// segments says that runs of packets may share a message.
	segments atomic.Bool
	closed   atomic.Bool
	done     chan struct{}

	mu     sync.RWMutex
	checks map[checkKey]*checkConn
	peers  map[netip.AddrPort]*door
}

// newMux begins to read cfg.Media.
func newMux(cfg Config, announce []netip.AddrPort, metrics *metrics) *mux {
	m := &mux{
		media: cfg.Media, wire: batched(cfg.Media), now: cfg.Now, metrics: metrics,
		done: make(chan struct{}), checks: make(map[checkKey]*checkConn), peers: make(map[netip.AddrPort]*door),
	}
	m.waves.New = func() any { return newWave() }
	m.segments.Store(segments(cfg.Media))
	var v4, v6 bool
	for _, a := range announce {
		is4 := a.Addr().Is4()
		if is4 && v4 || !is4 && v6 {
			continue
		}
		v4, v6 = v4 || is4, v6 || !is4
		m.listen = append(m.listen, net.UDPAddrFromAddrPort(a))
	}
	go m.read()
	return m
}

// read takes datagrams to their ends until the socket closes.
func (m *mux) read() {
	defer close(m.done)
	ms := make([]ipv4.Message, readBatch)
	for i := range ms {
		ms[i].Buffers = [][]byte{make([]byte, maxPacket)}
	}
	for {
		n, err := m.wire.ReadBatch(ms, 0)
		if err != nil && (m.closed.Load() || over(err)) {
			return
		}
		for i := range ms[:max(n, 0)] {
			if from := addrPort(ms[i].Addr); from.IsValid() {
				m.datagram(ms[i].Buffers[0][:ms[i].N], from)
			}
		}
	}
}

// datagram tells apart by the first byte (RFC 7983 section 7).
func (m *mux) datagram(b []byte, from netip.AddrPort) {
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

// Close closes the socket and waits for the reader. It is idempotent.
func (m *mux) Close() error {
	if m.closed.Swap(true) {
		<-m.done
		return nil
	}
	err := m.media.Close()
	<-m.done
	return err
}
