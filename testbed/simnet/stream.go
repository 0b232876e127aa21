package simnet

import (
	"context"
	"io"
	"net"
	"net/netip"
	"os"
	"sync"
	"syscall"
	"time"
)

// What dialling, reading and writing fail with, as with a kernel's TCP.
var (
	errRefused error = os.NewSyscallError("connect", syscall.ECONNREFUSED)
	errReset   error = syscall.ECONNRESET
	errPipe    error = syscall.EPIPE
)

// Conn is one end of a stream. It implements net.Conn and CloseWrite.
type Conn struct {
	n             *Network
	local, remote netip.AddrPort

	// The network's lock guards what follows.
	in, out     *half
	closed      bool
	established bool
	read, write deadline
}

var _ net.Conn = (*Conn)(nil)

// pair makes both ends of a stream from a to b.
func (n *Network) pair(a, b netip.AddrPort) (*Conn, *Conn) {
	there := n.newHalf(route{a.Addr(), b.Addr()})
	back := n.newHalf(route{b.Addr(), a.Addr()})
	return &Conn{n: n, local: a, remote: b, in: back, out: there},
		&Conn{n: n, local: b, remote: a, in: there, out: back, established: true}
}

func (h *Host) dialStream(ctx context.Context, to netip.AddrPort) (net.Conn, error) {
	n := h.n
	// The listener's namespace is the host's own; ports of outgoing streams
	// need only differ from each other.
	n.mu.Lock()
	defer n.mu.Unlock()
	port, err := choose(h, h.listeners, 0)
	if err != nil {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Addr: net.TCPAddrFromAddrPort(to), Err: err}
	}
	near, far := n.pair(netip.AddrPortFrom(h.ip, port), to)
	near.out.transmit(segment{arrive: func() { n.arrive(near, far) }})
	n.settle()

	defer context.AfterFunc(ctx, func() {
		n.mu.Lock()
		defer n.mu.Unlock()
		near.in.readable.Broadcast()
	})()
	for {
		switch {
		case near.in.reset != nil:
			return nil, near.fail("dial", near.in.reset)
		case near.established:
			return near, nil
		case ctx.Err() != nil:
			near.closed = true
			near.in.readerGone = true
			near.out.abort(near.in)
			n.settle()
			return nil, near.fail("dial", dialCause(ctx))
		}
		near.in.readable.Wait()
	}
}

// dialCause keeps the deadline a timeout for callers that ask net.Error.
func dialCause(ctx context.Context) error {
	if ctx.Err() == context.DeadlineExceeded {
		return os.ErrDeadlineExceeded
	}
	return ctx.Err()
}

// arrive is the SYN at the listening host.
func (n *Network) arrive(near, far *Conn) {
	var l *Listener
	if host := n.hosts[far.local.Addr()]; host != nil {
		l = host.listeners[far.local.Port()]
	}
	if l == nil || len(l.backlog) >= backlogSize {
		far.out.transmit(segment{arrive: func() { near.in.fail(errRefused) }})
		return
	}
	l.backlog = append(l.backlog, far)
	l.waiting.Broadcast()
	far.out.transmit(segment{arrive: func() {
		near.established = true
		near.in.readable.Broadcast()
	}})
}

// LocalAddr returns a *net.TCPAddr.
func (c *Conn) LocalAddr() net.Addr { return net.TCPAddrFromAddrPort(c.local) }

// RemoteAddr returns a *net.TCPAddr.
func (c *Conn) RemoteAddr() net.Addr { return net.TCPAddrFromAddrPort(c.remote) }

// Read waits for bytes, the end of the stream, a reset or the deadline.
func (c *Conn) Read(p []byte) (int, error) {
	c.n.mu.Lock()
	defer c.n.mu.Unlock()
	for {
		switch {
		case c.closed:
			return 0, c.fail("read", net.ErrClosed)
		case c.read.passed():
			return 0, c.fail("read", os.ErrDeadlineExceeded)
		case len(c.in.buffer) > 0 || len(p) == 0:
			return c.in.take(p), nil
		case c.in.reset != nil:
			return 0, c.fail("read", c.in.reset)
		case c.in.finished:
			return 0, io.EOF
		}
		c.in.readable.Wait()
	}
}

// Write sends p, waiting while the window is full.
func (c *Conn) Write(p []byte) (int, error) {
	c.n.mu.Lock()
	defer c.n.mu.Unlock()
	done := 0
	for {
		switch {
		case c.closed:
			return done, c.fail("write", net.ErrClosed)
		case c.write.passed():
			return done, c.fail("write", os.ErrDeadlineExceeded)
		case c.out.reset != nil:
			return done, c.fail("write", c.out.reset)
		case c.out.writerShut:
			return done, c.fail("write", errPipe)
		case done == len(p):
			return done, nil
		}
		if size := min(c.out.room(), len(p)-done, segmentSize); size > 0 {
			c.out.data(p[done:done+size], c.in)
			c.n.settle()
			done += size
			continue
		}
		c.out.writable.Wait()
	}
}

// CloseWrite ends the direction to the peer; reading goes on.
func (c *Conn) CloseWrite() error {
	c.n.mu.Lock()
	defer c.n.mu.Unlock()
	if c.closed {
		return c.fail("close", net.ErrClosed)
	}
	c.out.finish()
	c.out.writable.Broadcast()
	c.n.settle()
	return nil
}

// Close ends the stream. What was written still arrives; unread input, or input
// that arrives later, resets the peer as Linux does.
func (c *Conn) Close() error {
	c.n.mu.Lock()
	defer c.n.mu.Unlock()
	if c.closed {
		return c.fail("close", net.ErrClosed)
	}
	c.shut()
	c.n.settle()
	return nil
}

func (c *Conn) shut() {
	c.closed = true
	c.read.stop()
	c.write.stop()
	c.in.readerGone = true
	if len(c.in.buffer) > 0 {
		c.in.buffer = nil
		c.out.abort(c.in)
	} else {
		c.out.finish()
	}
	c.in.readable.Broadcast()
	c.in.writable.Broadcast()
	c.out.writable.Broadcast()
}

// SetDeadline sets both deadlines.
func (c *Conn) SetDeadline(t time.Time) error {
	if err := c.SetReadDeadline(t); err != nil {
		return err
	}
	return c.SetWriteDeadline(t)
}

// SetReadDeadline ends reads at t, those already blocked too.
func (c *Conn) SetReadDeadline(t time.Time) error {
	return c.setDeadline(&c.read, t, c.in.readable)
}

// SetWriteDeadline ends writes at t, those already blocked too.
func (c *Conn) SetWriteDeadline(t time.Time) error {
	return c.setDeadline(&c.write, t, c.out.writable)
}

func (c *Conn) setDeadline(d *deadline, t time.Time, wake *sync.Cond) error {
	c.n.mu.Lock()
	defer c.n.mu.Unlock()
	if c.closed {
		return c.fail("set", net.ErrClosed)
	}
	d.set(t, wake)
	return nil
}

func (c *Conn) fail(op string, err error) error {
	return &net.OpError{Op: op, Net: "tcp", Source: c.LocalAddr(), Addr: c.RemoteAddr(), Err: err}
}
