package relay

import (
	"net"
	"sync"
	"time"

	"github.com/meridian-video/meridian/relay/sealed"
)

// socketBuffer is what the kernel may hold for the relay socket in each direction, in
// bytes: a tenth of a second of a few hundred Mbit/s.
const socketBuffer = 8 << 20

// socket is the relay socket as QUIC sees it: sealed datagrams are taken out before.
type socket interface {
	net.PacketConn
	// enter makes datagrams with the path's tag go to it; false when the tag is taken.
	enter(p *path) bool
	leave(p *path)
	// write sends a wave. What the kernel does not take is lost, like any datagram.
	write(w *sealed.Wave, to net.Addr)
}

// newSocket wraps the socket a Mesh was given. What a *net.UDPConn can do in batches,
// QUIC and sealed datagrams both do.
func newSocket(conn net.PacketConn, m *metrics) socket {
	s := &switchboard{paths: make(map[sealed.Tag]*path), metrics: m}
	if udp, ok := conn.(*net.UDPConn); ok {
		return newUDPSocket(udp, s)
	}
	return &plainSocket{PacketConn: conn, switchboard: s}
}

// switchboard leads sealed datagrams to their paths.
type switchboard struct {
	metrics *metrics

	mu    sync.RWMutex
	paths map[sealed.Tag]*path
}

func (s *switchboard) enter(p *path) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	tag := p.receive.Tag()
	if s.paths[tag] != nil {
		return false
	}
	s.paths[tag] = p
	return true
}

func (s *switchboard) leave(p *path) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if tag := p.receive.Tag(); s.paths[tag] == p {
		delete(s.paths, tag)
	}
}

// take says whether b was a sealed datagram, and not QUIC's. A stranger's costs one
// look-up, and if it guesses a tag one failed AEAD; it is counted and never logged.
func (s *switchboard) take(now time.Time, b []byte) bool {
	if !sealed.Is(b) {
		return false
	}
	s.mu.RLock()
	p := s.paths[sealed.TagOf(b)]
	s.mu.RUnlock()
	if p == nil {
		s.metrics.refusedDatagrams.Inc()
		return true
	}
	p.take(now, b)
	return true
}

// plainSocket is for sockets of tests, which know no batches.
type plainSocket struct {
	net.PacketConn
	*switchboard
}

// ReadFrom reads what is QUIC's.
func (s *plainSocket) ReadFrom(b []byte) (int, net.Addr, error) {
	for {
		n, from, err := s.PacketConn.ReadFrom(b)
		if err != nil || !s.take(time.Now(), b[:n]) {
			return n, from, err
		}
	}
}

func (s *plainSocket) write(w *sealed.Wave, to net.Addr) {
	w.Runs(1, sealed.FullSize, func(b []byte, _ int) { s.send(b, to) })
}

func (s *plainSocket) send(b []byte, to net.Addr) {
	if _, err := s.WriteTo(b, to); err != nil {
		s.metrics.unsentDatagrams.Inc()
	}
}
