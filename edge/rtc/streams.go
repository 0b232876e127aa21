package rtc

import (
	"net"
	"net/netip"
	"sync"
	"time"
)

const (
	// maxUnproven bounds the connections that have not proved themselves, and
	// maxUnprovenFrom those of one address: a company behind one that comes at
	// the same moment. Those that have are bounded by their transports.
	maxUnproven     = 2048
	maxUnprovenFrom = 256
	// acceptPause is how long the listener rests after an error that passes,
	// such as too many open files.
	acceptPause = 50 * time.Millisecond
	// maxUnsent is what the kernel takes of a connection's packets before it
	// can send them, in bytes: enough not to wait for us between two rounds.
	maxUnsent = 16 << 10
)

// streams takes the TCP connections of clients, and bounds them.
type streams struct {
	listener net.Listener
	mux      *mux
	max      int // of connections
	wg       sync.WaitGroup
	stop     chan struct{}
	once     sync.Once

	mu       sync.Mutex
	open     map[*stream]bool // whether it has proved itself
	unproven int
	from     map[netip.Prefix]int // of the unproven
	closed   bool
}

// newStreams begins to accept on l.
func newStreams(l net.Listener, m *mux, most int) *streams {
	s := &streams{
		listener: l, mux: m, max: most, stop: make(chan struct{}),
		open: make(map[*stream]bool), from: make(map[netip.Prefix]int),
	}
	s.wg.Go(s.accept)
	return s
}

// accept takes connections until the listener closes.
func (l *streams) accept() {
	for {
		conn, err := l.listener.Accept()
		switch {
		case err == nil:
			l.take(conn)
		case over(err):
			return
		default:
			select {
			case <-l.stop:
				return
			case <-time.After(acceptPause):
			}
		}
	}
}

// take serves a connection if there is room for it.
func (l *streams) take(conn net.Conn) {
	boundUnsent(beneath(conn), maxUnsent)
	s := newStream(conn, tcpAddr(conn.RemoteAddr()), l.mux, l.proved)
	if !l.enter(s) {
		_ = conn.Close()
		l.mux.metrics.streamEnded(errCrowded)
		return
	}
	l.wg.Go(func() {
		cause := s.serve()
		l.leave(s)
		l.mux.metrics.streamEnded(cause)
	})
}

func (l *streams) enter(s *stream) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	site := siteOf(s.from)
	if l.closed || !s.from.IsValid() || len(l.open) >= l.max || l.unproven >= maxUnproven || l.from[site] >= maxUnprovenFrom {
		return false
	}
	l.open[s] = false
	l.unproven++
	l.from[site]++
	return true
}

// proved no longer counts s among those who have yet to prove themselves.
func (l *streams) proved(s *stream) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if proved, ok := l.open[s]; ok && !proved {
		l.open[s] = true
		l.known(s)
	}
}

func (l *streams) leave(s *stream) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.open[s] {
		l.known(s)
	}
	delete(l.open, s)
}

// known uncounts an unproven one. l.mu is held.
func (l *streams) known(s *stream) {
	site := siteOf(s.from)
	l.unproven--
	if l.from[site]--; l.from[site] == 0 {
		delete(l.from, site)
	}
}

// Open counts the connections.
func (l *streams) Open() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.open)
}

// Close closes the listener and all connections, and waits for them. It is
// idempotent.
func (l *streams) Close() (err error) {
	l.once.Do(func() {
		close(l.stop)
		err = l.listener.Close()
		l.mu.Lock()
		l.closed = true
		for s := range l.open {
			s.end(errEnded)
		}
		l.mu.Unlock()
		l.wg.Wait()
	})
	return err
}

// beneath is the kernel's connection where conn wraps one.
func beneath(conn net.Conn) net.Conn {
	if w, ok := conn.(interface{ NetConn() net.Conn }); ok {
		return w.NetConn()
	}
	return conn
}

// siteOf is what one client can have all addresses of: an IPv4 address, or an
// IPv6 network of 64 bits.
func siteOf(a netip.AddrPort) netip.Prefix {
	bits := 32
	if a.Addr().Is6() {
		bits = 64
	}
	p, _ := a.Addr().Prefix(bits)
	return p
}

// tcpAddr is addrPort for a connection; invalid where a is not a TCP address.
func tcpAddr(a net.Addr) netip.AddrPort {
	t, ok := a.(*net.TCPAddr)
	if !ok {
		return netip.AddrPort{}
	}
	return unmap(t.AddrPort())
}
