package relay

import (
	"net"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/meridian-video/meridian/geo"
	"github.com/meridian-video/meridian/relay/wire"
)

// tunnel is a packet connection to nodes that cannot be reached directly: its packets
// travel in messages over a third node. A link in it carries messages and calls, so that
// the layers above go on talking while the way between two nodes is cut; tracks have
// courses. TLS is between the two ends, the third node sees sealed packets.
type tunnel struct {
	mesh  *Mesh
	queue chan tunnelled
	done  chan struct{}
	once  sync.Once

	mu       sync.Mutex
	deadline time.Time
	moved    chan struct{} // closes when the deadline changes
}

type tunnelled struct {
	from   tunnelAddr
	packet []byte
}

// tunnelAddr is a node, and the one over which it is reached.
type tunnelAddr struct{ node, via geo.NodeID }

func (a tunnelAddr) Network() string { return "relay" }
func (a tunnelAddr) String() string  { return string(a.node) + " over " + string(a.via) }

// tunnelQueue is how many packets wait to be read; more are lost, as on any path.
const tunnelQueue = 256

func newTunnel(m *Mesh) *tunnel {
	return &tunnel{mesh: m, queue: make(chan tunnelled, tunnelQueue), done: make(chan struct{}), moved: make(chan struct{})}
}

// WriteTo implements net.PacketConn. What cannot be sent is lost.
func (t *tunnel) WriteTo(packet []byte, to net.Addr) (int, error) {
	if a, ok := to.(tunnelAddr); ok {
		t.mesh.leg(a.via, wire.Tunnel{Node: string(a.node), Packet: packet})
	}
	return len(packet), nil
}

// leg sends a packet one leg further, over a direct link that is there.
func (m *Mesh) leg(to geo.NodeID, packet wire.Tunnel) {
	if l := m.direct(to); l != nil {
		body := wire.AppendTunnel(nil, packet)
		// A full outbox loses it.
		_ = l.outbox.push(wire.AppendMessage(nil, wire.Message{Topic: wire.TopicTunnel, Body: body}))
	}
}

// direct is the link to a node unless there is none or it is in a tunnel itself.
func (m *Mesh) direct(id geo.NodeID) *link {
	p, err := m.peer(id)
	if err != nil {
		return nil
	}
	if l := p.current(); l != nil && !l.tunnelled() {
		return l
	}
	return nil
}

// tunnelled says whether the link leads over a third node.
func (l *link) tunnelled() bool {
	_, ok := l.conn.RemoteAddr().(tunnelAddr)
	return ok
}

// take takes a packet that came from a node: it is for us, or to be passed on.
func (t *tunnel) take(from geo.NodeID, body []byte) error {
	packet, err := wire.DecodeTunnel(body)
	if err != nil {
		return err
	}
	if !packet.Arriving {
		t.mesh.leg(geo.NodeID(packet.Node), wire.Tunnel{Arriving: true, Node: string(from), Packet: packet.Packet})
		return nil
	}
	select {
	case t.queue <- tunnelled{tunnelAddr{geo.NodeID(packet.Node), from}, packet.Packet}:
	default:
	}
	return nil
}

// ReadFrom implements net.PacketConn.
func (t *tunnel) ReadFrom(b []byte) (int, net.Addr, error) {
	for {
		t.mu.Lock()
		deadline, moved := t.deadline, t.moved
		t.mu.Unlock()
		var expired <-chan time.Time
		if !deadline.IsZero() {
			expired = time.After(time.Until(deadline))
		}
		select {
		case p := <-t.queue:
			return copy(b, p.packet), p.from, nil
		case <-expired:
			return 0, nil, os.ErrDeadlineExceeded
		case <-moved:
		case <-t.done:
			return 0, nil, net.ErrClosed
		}
	}
}

// Close implements net.PacketConn.
func (t *tunnel) Close() error {
	t.once.Do(func() { close(t.done) })
	return nil
}

// LocalAddr implements net.PacketConn.
func (t *tunnel) LocalAddr() net.Addr { return tunnelAddr{node: t.mesh.cfg.Self} }

// SetReadDeadline implements net.PacketConn.
func (t *tunnel) SetReadDeadline(at time.Time) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.deadline = at
	close(t.moved)
	t.moved = make(chan struct{})
	return nil
}

// SetDeadline implements net.PacketConn.
func (t *tunnel) SetDeadline(at time.Time) error { return t.SetReadDeadline(at) }

// SetWriteDeadline implements net.PacketConn; writes do not block.
func (t *tunnel) SetWriteDeadline(time.Time) error { return nil }

// SetReadBuffer and SetWriteBuffer keep QUIC from complaining that it cannot set them.
func (t *tunnel) SetReadBuffer(int) error  { return nil }
func (t *tunnel) SetWriteBuffer(int) error { return nil }

// Times of tunnels.
const (
	// tunnelAfter is how long a dial to a lost peer tries directly alone.
	tunnelAfter = 300 * time.Millisecond
	// tunnelDial is how long one third node may take to get us through.
	tunnelDial = 1500 * time.Millisecond
	// straightenAfter is how often a peer in a tunnel is dialled directly.
	straightenAfter = 2 * time.Second
)

// vias are the nodes over which a peer may be reached: those with a direct link that is
// well.
func (m *Mesh) vias(id geo.NodeID) []geo.NodeID {
	if m.cfg.Route == nil {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(m.cfg.Route(id, wire.Subscribe{})), func(via geo.NodeID) bool {
		l := m.direct(via)
		return via == id || via == m.cfg.Self || l == nil || l.suspect()
	})
}
