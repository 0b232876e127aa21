// Package port divides one TLS listener among application protocols (ALPN, RFC 7301): voters send each other
// Raft streams and HTTP requests through one door, which checks certificates once.
//
// It knows no protocol but by its name.
package port

import (
	"context"
	"crypto/tls"
	"net"
	"sync"
	"time"
)

// handshakeTimeout bounds a handshake; one that takes longer holds up nobody else.
const handshakeTimeout = 10 * time.Second

// Port is a listener that is being divided.
type Port struct {
	raw    net.Listener
	config *tls.Config
	parts  map[string]*part

	ctx    context.Context
	cancel context.CancelFunc
	wg     sync.WaitGroup

	mu   sync.Mutex
	open map[net.Conn]bool // nil after Close
}

// Split takes connections until Close. A connection that agrees on none of the protocols is closed.
func Split(raw net.Listener, config *tls.Config, protocols ...string) *Port {
	p := &Port{raw: raw, config: config.Clone(), parts: map[string]*part{}, open: map[net.Conn]bool{}}
	p.config.NextProtos = protocols
	p.ctx, p.cancel = context.WithCancel(context.Background())
	for _, name := range protocols {
		l := &part{addr: raw.Addr(), accepted: make(chan net.Conn)}
		l.ctx, l.cancel = context.WithCancel(p.ctx)
		p.parts[name] = l
	}
	p.wg.Go(p.run)
	return p
}

// Listener gives the connections of one protocol, with their handshake done; nil for one that Split was not
// given. Closing it refuses that protocol and leaves the others alone.
func (p *Port) Listener(protocol string) net.Listener {
	if l, ok := p.parts[protocol]; ok {
		return l
	}
	return nil
}

func (p *Port) run() {
	for {
		c, err := p.raw.Accept()
		if err != nil {
			if p.ctx.Err() == nil {
				p.cancel() // nothing more will come: those who accept learn it
			}
			return
		}
		p.wg.Go(func() { p.take(c) })
	}
}

// take hands a connection over once it has agreed on a protocol.
func (p *Port) take(raw net.Conn) {
	ctx, cancel := context.WithTimeout(p.ctx, handshakeTimeout)
	defer cancel()
	c := tls.Server(&conn{raw, p}, p.config)
	if !p.keep(raw) {
		_ = raw.Close()
		return
	}
	if err := c.HandshakeContext(ctx); err != nil {
		_ = c.Close()
		return
	}
	to, ok := p.parts[c.ConnectionState().NegotiatedProtocol]
	if !ok {
		_ = c.Close()
		return
	}
	select {
	case to.accepted <- c:
	case <-to.ctx.Done():
		_ = c.Close()
	}
}

// conn is forgotten once it is closed.
type conn struct {
	net.Conn
	port *Port
}

// Close implements net.Conn.
func (c *conn) Close() error {
	c.port.mu.Lock()
	delete(c.port.open, c.Conn)
	c.port.mu.Unlock()
	return c.Conn.Close()
}

func (p *Port) keep(c net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.open != nil {
		p.open[c] = true
	}
	return p.open != nil
}

// Close closes the listener and every connection that came by it.
func (p *Port) Close() error {
	p.cancel()
	err := p.raw.Close()
	p.mu.Lock()
	open := p.open
	p.open = nil
	p.mu.Unlock()
	for c := range open {
		_ = c.Close()
	}
	p.wg.Wait()
	return err
}

// part is the listener of one protocol.
type part struct {
	addr     net.Addr
	accepted chan net.Conn
	ctx      context.Context
	cancel   context.CancelFunc
}

// Accept implements net.Listener.
func (l *part) Accept() (net.Conn, error) {
	select {
	case c := <-l.accepted:
		return c, nil
	case <-l.ctx.Done():
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener.
func (l *part) Close() error {
	l.cancel()
	return nil
}

// Addr implements net.Listener.
func (l *part) Addr() net.Addr { return l.addr }
