package turn

import (
	"errors"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// steady is the UDP socket as pion/turn sees it: errors that pass are kept
// from it, because its reader gives up at the first one.
type steady struct{ net.PacketConn }

// ReadFrom implements net.PacketConn.
func (s steady) ReadFrom(b []byte) (int, net.Addr, error) {
	for {
		n, addr, err := s.PacketConn.ReadFrom(b)
		if err == nil || errors.Is(err, net.ErrClosed) || errors.Is(err, os.ErrDeadlineExceeded) {
			return n, addr, err
		}
		var op *net.OpError
		if !errors.As(err, &op) {
			return n, addr, err
		}
	}
}

// listener bounds TCP connections in number and idleness, which pion/turn
// does not, and ends them at Close.
type listener struct {
	net.Listener
	server     *Server
	idle, life time.Duration
	max        int
	open       sync.WaitGroup

	mu    sync.Mutex
	conns map[string]*conn // by remote address
	over  bool
}

func newListener(inner net.Listener, cfg Config, s *Server) *listener {
	return &listener{
		Listener: inner, server: s, idle: cfg.IdleTimeout, life: cfg.Lifetime, max: cfg.MaxTCP,
		conns: make(map[string]*conn),
	}
}

// Accept implements net.Listener. The TLS handshake, if any, is done at the
// first read, within the idle time.
func (l *listener) Accept() (net.Conn, error) {
	for {
		inner, err := l.Listener.Accept()
		if err != nil {
			if errors.Is(err, net.ErrClosed) {
				return nil, err
			}
			var op *net.OpError
			if !errors.As(err, &op) {
				return nil, err
			}
			// Out of descriptors, perhaps: let some close.
			time.Sleep(5 * time.Millisecond)
			continue
		}
		if c := l.take(inner); c != nil {
			return c, nil
		}
		_ = inner.Close()
	}
}

func (l *listener) take(inner net.Conn) *conn {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.over || len(l.conns) >= l.max {
		l.server.metrics.connections.Inc()
		return nil
	}
	c := &conn{Conn: inner, listener: l, key: inner.RemoteAddr().String(), unused: time.Now().Add(l.idle)}
	l.conns[c.key] = c
	l.open.Add(1)
	return c
}

// allocated tells that a client has an allocation now: it may be silent
// until that needs a refresh.
func (l *listener) allocated(src, _ net.Addr, _, _, _ string, _ net.Addr, _ int) {
	l.mu.Lock()
	c := l.conns[src.String()]
	l.mu.Unlock()
	if c != nil && src.Network() == "tcp" {
		c.used.Store(true)
	}
}

// drain ends all connections and waits for them.
func (l *listener) drain() {
	l.mu.Lock()
	l.over = true
	all := make([]*conn, 0, len(l.conns))
	for _, c := range l.conns {
		all = append(all, c)
	}
	l.mu.Unlock()
	for _, c := range all {
		_ = c.Close()
	}
	l.open.Wait()
}

// conn is a client's TCP connection.
type conn struct {
	net.Conn
	listener *listener
	key      string
	unused   time.Time // when it ends unless it has an allocation
	used     atomic.Bool
	once     sync.Once
}

// stalled is how long a write to a client may take before its connection
// ends: packets for it are dropped meanwhile.
const stalled = 5 * time.Second

// Read implements net.Conn.
func (c *conn) Read(b []byte) (int, error) {
	deadline := c.unused
	if c.used.Load() {
		deadline = time.Now().Add(c.listener.life)
	}
	if err := c.SetReadDeadline(deadline); err != nil {
		return 0, err
	}
	return c.Conn.Read(b)
}

// Write implements net.Conn.
func (c *conn) Write(b []byte) (int, error) {
	if err := c.SetWriteDeadline(time.Now().Add(stalled)); err != nil {
		return 0, err
	}
	n, err := c.Conn.Write(b)
	if err != nil {
		_ = c.Close() // a frame cut short cannot be mended
	}
	return n, err
}

// Close implements net.Conn. It is idempotent.
func (c *conn) Close() error {
	var err error
	c.once.Do(func() {
		err = c.Conn.Close()
		c.listener.mu.Lock()
		if c.listener.conns[c.key] == c {
			delete(c.listener.conns, c.key)
		}
		c.listener.mu.Unlock()
		c.listener.open.Done()
	})
	return err
}
