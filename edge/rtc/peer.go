package rtc

import (
	"net"

	"github.com/pion/ice/v4"
)

// peer is where a client is. It does not change: a client that moves gets
// another.
type peer struct {
	addr *net.UDPAddr
	// solo says that packets go singly, through a TURN allocation.
	solo bool
	// stream is what packets go by instead; nil: the media socket.
	stream *stream
}

// follow takes the remote address of the pair that ICE has selected by now.
// Reading and storing are one step, so that of two changes at once the later
// one stays. While a restarted ICE has no pair yet, packets go where they
// went before (RFC 8445 section 9).
func (t *Transport) follow(conn *ice.Conn) {
	t.aim.Lock()
	defer t.aim.Unlock()
	at := addrPort(conn.RemoteAddr())
	if !at.IsValid() || t.ctx.Err() != nil {
		return
	}
	t.pair.Store(true)
	s := t.door.stream(at)
	if p := t.peer.Load(); p == nil || addrPort(p.addr) != at || p.stream != s {
		relayed := t.engine.cfg.Relayed
		t.peer.Store(&peer{addr: net.UDPAddrFromAddrPort(at), solo: s == nil && relayed != nil && relayed(at), stream: s})
	}
}

// lose has nothing sent any more.
func (t *Transport) lose() {
	t.aim.Lock()
	defer t.aim.Unlock()
	t.peer.Store(nil)
}

// write sends a sealed packet to the client at once.
func (t *Transport) write(b []byte) bool {
	p := t.peer.Load()
	if p == nil {
		return false
	}
	if p.stream != nil {
		return p.stream.send(b, queueSize+queueReserve)
	}
	_, err := t.door.socket.Load().media.WriteTo(b, p.addr)
	return err == nil
}
