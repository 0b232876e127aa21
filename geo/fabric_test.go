package geo

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"sync"
	"time"

	"github.com/hashicorp/memberlist"
)

// fabric is a network in memory for gossip: packets and streams with a delay,
// random loss, and links that swallow everything without a sign.
type fabric struct {
	delay time.Duration // one way
	loss  float64       // of packets
	once  sync.Once     // for the test that started it

	mu    sync.Mutex
	ports map[string]*port
	cut   func(from, to string) bool
}

func newFabric(delay time.Duration) *fabric {
	return &fabric{delay: delay, ports: make(map[string]*port)}
}

// sever swallows whatever f says from now on; nil heals everything.
func (f *fabric) sever(cut func(from, to string) bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.cut = cut
}

func (f *fabric) severed(from, to string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.cut != nil && f.cut(from, to)
}

func (f *fabric) port(addr string) *port {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.ports[addr]
}

// port is one node's memberlist.Transport.
type port struct {
	fabric  *fabric
	addr    string
	packets chan *memberlist.Packet
	streams chan net.Conn
	closed  chan struct{}
	once    sync.Once
}

func (f *fabric) listen(addr string) *port {
	p := &port{
		fabric: f, addr: addr, closed: make(chan struct{}),
		packets: make(chan *memberlist.Packet, 512), streams: make(chan net.Conn, 16),
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.ports[addr] = p
	return p
}

func (p *port) FinalAdvertiseAddr(string, int) (net.IP, int, error) {
	a, err := net.ResolveTCPAddr("tcp", p.addr)
	if err != nil {
		return nil, 0, err
	}
	return a.IP.To4(), a.Port, nil
}

func (p *port) WriteTo(b []byte, to string) (time.Time, error) {
	now := time.Now()
	f := p.fabric
	if f.severed(p.addr, to) || rand.Float64() < f.loss {
		return now, nil
	}
	buf := append([]byte(nil), b...)
	from, err := net.ResolveUDPAddr("udp", p.addr)
	if err != nil {
		return now, err
	}
	time.AfterFunc(f.delay, func() {
		dst := f.port(to)
		if dst == nil || f.severed(p.addr, to) {
			return
		}
		select {
		case dst.packets <- &memberlist.Packet{Buf: buf, From: from, Timestamp: time.Now()}:
		default: // a full socket buffer
		}
	})
	return now, nil
}

func (p *port) PacketCh() <-chan *memberlist.Packet { return p.packets }
func (p *port) StreamCh() <-chan net.Conn           { return p.streams }

func (p *port) DialTimeout(to string, timeout time.Duration) (net.Conn, error) {
	f := p.fabric
	dst := f.port(to)
	if f.severed(p.addr, to) || f.severed(to, p.addr) || 2*f.delay > timeout {
		select {
		case <-time.After(timeout):
		case <-p.closed:
		}
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: os.ErrDeadlineExceeded}
	}
	time.Sleep(2 * f.delay)
	if dst == nil {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}
	}
	up, down := newHalf(f, p.addr, to), newHalf(f, to, p.addr)
	select {
	case dst.streams <- &stream{in: up, out: down}:
		return &stream{in: down, out: up}, nil
	case <-dst.closed:
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}
	}
}

func (p *port) Shutdown() error {
	p.once.Do(func() {
		close(p.closed)
		p.fabric.mu.Lock()
		defer p.fabric.mu.Unlock()
		if p.fabric.ports[p.addr] == p {
			delete(p.fabric.ports, p.addr)
		}
	})
	return nil
}

// half is one direction of a stream: what is written arrives after the delay,
// or never while the link is severed.
type half struct {
	fabric   *fabric
	from, to string
	more     chan struct{}

	mu       sync.Mutex
	chunks   []chunk
	closed   bool
	deadline time.Time
}

type chunk struct {
	at   time.Time
	data []byte // nil: the end
}

func newHalf(f *fabric, from, to string) *half {
	return &half{fabric: f, from: from, to: to, more: make(chan struct{}, 1)}
}

func (h *half) send(data []byte) {
	if h.fabric.severed(h.from, h.to) {
		return
	}
	h.mu.Lock()
	h.chunks = append(h.chunks, chunk{time.Now().Add(h.fabric.delay), data})
	h.mu.Unlock()
	wake(h.more)
}

func (h *half) read(b []byte) (int, error) {
	for {
		h.mu.Lock()
		until := h.deadline
		switch now := time.Now(); {
		case h.closed:
			h.mu.Unlock()
			return 0, net.ErrClosed
		case len(h.chunks) > 0 && !h.chunks[0].at.After(now):
			if h.chunks[0].data == nil {
				h.mu.Unlock()
				return 0, io.EOF
			}
			n := copy(b, h.chunks[0].data)
			if h.chunks[0].data = h.chunks[0].data[n:]; len(h.chunks[0].data) == 0 {
				h.chunks = h.chunks[1:]
			}
			h.mu.Unlock()
			return n, nil
		case !until.IsZero() && !until.After(now):
			h.mu.Unlock()
			return 0, os.ErrDeadlineExceeded
		case len(h.chunks) > 0 && (until.IsZero() || h.chunks[0].at.Before(until)):
			until = h.chunks[0].at
		}
		h.mu.Unlock()
		var due <-chan time.Time
		if !until.IsZero() {
			due = time.After(time.Until(until))
		}
		select {
		case <-h.more:
		case <-due:
		}
	}
}

// stream is one end of a stream.
type stream struct {
	in, out *half
	once    sync.Once
}

func (s *stream) Read(b []byte) (int, error) { return s.in.read(b) }

func (s *stream) Write(b []byte) (int, error) {
	if len(b) > 0 {
		s.out.send(append([]byte(nil), b...))
	}
	return len(b), nil
}

func (s *stream) Close() error {
	s.once.Do(func() {
		s.out.send(nil)
		s.in.mu.Lock()
		s.in.closed = true
		s.in.mu.Unlock()
		wake(s.in.more)
	})
	return nil
}

func (s *stream) SetDeadline(t time.Time) error    { return s.SetReadDeadline(t) }
func (s *stream) SetWriteDeadline(time.Time) error { return nil }
func (s *stream) SetReadDeadline(t time.Time) error {
	s.in.mu.Lock()
	s.in.deadline = t
	s.in.mu.Unlock()
	wake(s.in.more)
	return nil
}
func (s *stream) LocalAddr() net.Addr  { return stringAddr(s.in.to) }
func (s *stream) RemoteAddr() net.Addr { return stringAddr(s.in.from) }

type stringAddr string

func (a stringAddr) Network() string { return "tcp" }
func (a stringAddr) String() string  { return string(a) }

func fabricAddr(i int) string { return fmt.Sprintf("10.0.0.%d:7946", i+1) }
