package node

import (
	"errors"
	"net"
	"sync"
	"time"
)

const (
	// firstByteTime is how long a connection may take to say what it is: as long
	// as the HTTP server gives a request's header.
	firstByteTime = 5 * time.Second
	// maxUnsorted bounds the connections that have not said it yet. Those beyond
	// go to HTTP, so that media costs it nothing.
	maxUnsorted = 4096
	// mediaBelow parts what may begin a connection. Media begins with the length
	// of a STUN message, below 2 KiB (RFC 4571); TLS with a record's type, from
	// 20 on, and HTTP with a letter.
	mediaBelow = 8
	// acceptPause is how long the port rests after an error that passes, such as
	// too many open files.
	acceptPause = 50 * time.Millisecond
)

// Share lets media (ICE-TCP) come to the port of web pages: it parts the
// listener's connections by their first byte. The listener ends with pages;
// closing media leaves it open.
func Share(l net.Listener) (pages, media net.Listener) {
	p := &sharedPort{listener: l, closed: make(chan struct{}), unsorted: map[net.Conn]bool{}}
	p.pages, p.media = newShare(p, p.close), newShare(p, func() error { return nil })
	p.wg.Go(p.accept)
	return p.pages, p.media
}

// sharedPort sorts the connections of a listener.
type sharedPort struct {
	listener     net.Listener
	pages, media *share
	wg           sync.WaitGroup
	closed       chan struct{}
	once         sync.Once

	mu       sync.Mutex
	unsorted map[net.Conn]bool
	ending   bool
}

// accept takes connections until the listener closes.
func (p *sharedPort) accept() {
	defer p.end()
	for {
		c, err := p.listener.Accept()
		switch {
		case err == nil && p.enter(c):
			p.wg.Go(func() { p.sort(c) })
		case err == nil:
			p.pages.offer(c)
		case errors.Is(err, net.ErrClosed):
			return
		default:
			select {
			case <-p.closed:
				return
			case <-time.After(acceptPause):
			}
		}
	}
}

// enter notes a connection that is to be sorted; false where there are too many.
func (p *sharedPort) enter(c net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ending || len(p.unsorted) >= maxUnsorted {
		return false
	}
	p.unsorted[c] = true
	return true
}

// sort waits for the first byte and hands the connection over.
func (p *sharedPort) sort(c net.Conn) {
	first := make([]byte, 1)
	_ = c.SetReadDeadline(time.Now().Add(firstByteTime))
	_, err := c.Read(first)
	_ = c.SetReadDeadline(time.Time{})
	p.mu.Lock()
	delete(p.unsorted, c)
	p.mu.Unlock()
	switch {
	case err != nil:
		_ = c.Close()
	case first[0] < mediaBelow:
		p.media.offer(&begun{Conn: c, first: first})
	default:
		p.pages.offer(&begun{Conn: c, first: first})
	}
}

// end has both shares accept nothing more, and drops who is still unsorted.
func (p *sharedPort) end() {
	p.once.Do(func() { close(p.closed) })
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ending = true
	for c := range p.unsorted {
		_ = c.Close()
	}
}

func (p *sharedPort) close() error {
	err := p.listener.Close()
	p.end()
	p.wg.Wait()
	return err
}

// share is one side of a shared port.
type share struct {
	port   *sharedPort
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
	close  func() error
}

func newShare(p *sharedPort, end func() error) *share {
	return &share{port: p, conns: make(chan net.Conn), closed: make(chan struct{}), close: end}
}

// offer waits a while for somebody to accept: while a node starts nobody does.
func (s *share) offer(c net.Conn) {
	late := time.NewTimer(firstByteTime)
	defer late.Stop()
	select {
	case s.conns <- c:
		return
	case <-s.closed:
	case <-s.port.closed:
	case <-late.C:
	}
	_ = c.Close()
}

// Accept implements net.Listener.
func (s *share) Accept() (net.Conn, error) {
	select {
	case c := <-s.conns:
		return c, nil
	case <-s.closed:
	case <-s.port.closed:
	}
	return nil, net.ErrClosed
}

// Addr implements net.Listener.
func (s *share) Addr() net.Addr { return s.port.listener.Addr() }

// Close implements net.Listener. It is idempotent.
func (s *share) Close() (err error) {
	s.once.Do(func() {
		close(s.closed)
		err = s.close()
	})
	return err
}

// begun is a connection whose first byte has been read.
type begun struct {
	net.Conn
	first []byte // what of it is to be read again
}

// Read implements net.Conn.
func (b *begun) Read(p []byte) (int, error) {
	if len(b.first) > 0 && len(p) > 0 {
		n := copy(p, b.first)
		b.first = b.first[n:]
		return n, nil
	}
	return b.Conn.Read(p)
}

// NetConn returns the connection beneath, as tls.Conn's does.
func (b *begun) NetConn() net.Conn { return b.Conn }
