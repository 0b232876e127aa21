package simnet

import (
	"net"
	"net/netip"
	"os"
	"sync"
	"time"
)

// backlogSize is how many streams wait for Accept before more are refused;
// Linux's somaxconn of old.
const backlogSize = 128

// Listener accepts streams. It implements net.Listener.
type Listener struct {
	host  *Host
	local netip.AddrPort

	// The network's lock guards what follows.
	waiting *sync.Cond
	backlog []*Conn
	closed  bool
	accept  deadline
}

var _ net.Listener = (*Listener)(nil)

func newListener(h *Host, port uint16) *Listener {
	return &Listener{
		host:    h,
		local:   netip.AddrPortFrom(h.ip, port),
		waiting: sync.NewCond(&h.n.mu),
	}
}

// Accept waits for the next stream.
func (l *Listener) Accept() (net.Conn, error) {
	l.host.n.mu.Lock()
	defer l.host.n.mu.Unlock()
	for {
		switch {
		case l.closed:
			return nil, l.fail("accept", net.ErrClosed)
		case l.accept.passed():
			return nil, l.fail("accept", os.ErrDeadlineExceeded)
		case len(l.backlog) > 0:
			c := l.backlog[0]
			l.backlog = l.backlog[1:]
			return c, nil
		}
		l.waiting.Wait()
	}
}

// Close stops listening and resets the streams nobody accepted.
func (l *Listener) Close() error {
	n := l.host.n
	n.mu.Lock()
	defer n.mu.Unlock()
	if l.closed {
		return l.fail("close", net.ErrClosed)
	}
	l.closed = true
	l.accept.stop()
	delete(l.host.listeners, l.local.Port())
	for _, c := range l.backlog {
		c.out.abort(c.in)
		c.shut()
	}
	l.backlog = nil
	l.waiting.Broadcast()
	n.settle()
	return nil
}

// SetDeadline ends Accept at t, one already blocked too.
func (l *Listener) SetDeadline(t time.Time) error {
	n := l.host.n
	n.mu.Lock()
	defer n.mu.Unlock()
	if l.closed {
		return l.fail("set", net.ErrClosed)
	}
	l.accept.set(t, l.waiting)
	return nil
}

// Addr returns a *net.TCPAddr.
func (l *Listener) Addr() net.Addr { return net.TCPAddrFromAddrPort(l.local) }

func (l *Listener) fail(op string, err error) error {
	return &net.OpError{Op: op, Net: "tcp", Addr: l.Addr(), Err: err}
}
