package relay

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"time"

	"github.com/quic-go/quic-go"

	"github.com/meridian-video/meridian/geo"
	"github.com/meridian-video/meridian/relay/wire"
)

// address is where to dial p directly.
func (m *Mesh) address(p *peer) (net.Addr, error) {
	address, ok := m.cfg.Peer(p.id)
	if !ok {
		return nil, ErrNotMember
	}
	udp, err := net.ResolveUDPAddr("udp", address)
	if err != nil {
		return nil, fmt.Errorf("resolve relay address: %w", err)
	}
	return udp, nil
}

// dialConn makes a connection to p at an address and exchanges Hellos on its first
// stream.
func (m *Mesh) dialConn(ctx context.Context, p *peer, at net.Addr, hello wire.Hello) (*quic.Conn, *quic.Stream, wire.Hello, error) {
	transport := m.transport
	if _, ok := at.(tunnelAddr); ok {
		transport = m.tunnels
	}
	ctx, cancel := context.WithTimeout(ctx, m.tuning.handshake)
	defer cancel()
	conn, err := transport.Dial(ctx, at, m.clientTLS(p.id), m.quicConfig())
	if err != nil {
		return nil, nil, wire.Hello{}, err
	}
	stream, answer, err := m.greet(ctx, conn, hello)
	if err != nil {
		if cause := context.Cause(conn.Context()); cause != nil {
			err = cause // why the peer refused says more than which read failed
		}
		m.part(conn, err)
		return nil, nil, wire.Hello{}, connError(err)
	}
	return conn, stream, answer, nil
}

// part closes a connection whose handshake failed.
func (m *Mesh) part(conn *quic.Conn, err error) {
	code := closeProtocol
	if errors.Is(err, ErrIncompatible) {
		code = closeVersion
	}
	m.closeConn(conn, code, err.Error())
}

func (m *Mesh) closeConn(conn *quic.Conn, code quic.ApplicationErrorCode, text string) {
	// The error says only that the connection was closed already.
	if err := conn.CloseWithError(code, text); err != nil {
		m.cfg.Log.Debug("relay connection closed twice", "err", err)
	}
}

func (m *Mesh) greet(ctx context.Context, conn *quic.Conn, hello wire.Hello) (*quic.Stream, wire.Hello, error) {
	stream, err := conn.OpenStreamSync(ctx)
	if err != nil {
		return nil, wire.Hello{}, err
	}
	stream.SetPriority(urgencyControl, false)
	if err := stream.TryWriteAll(wire.AppendHello(nil, hello)); err != nil {
		return nil, wire.Hello{}, err
	}
	answer, err := m.readHello(stream)
	if err != nil {
		return nil, wire.Hello{}, err
	}
	if _, ok := answer.Version(hello.MinVersion, hello.MaxVersion); !ok {
		return nil, wire.Hello{}, versionError(hello, answer)
	}
	return stream, answer, nil
}

func versionError(own, other wire.Hello) error {
	return fmt.Errorf("%w: %s (%s) speaks %d to %d, %s (%s) %d to %d", ErrIncompatible,
		own.Node, own.Build, own.MinVersion, own.MaxVersion,
		other.Node, other.Build, other.MinVersion, other.MaxVersion)
}

func (m *Mesh) readHello(stream *quic.Stream) (wire.Hello, error) {
	if err := stream.SetReadDeadline(time.Now().Add(m.tuning.handshake)); err != nil {
		return wire.Hello{}, err
	}
	t, body, err := wire.ReadFrame(stream, nil)
	if err != nil {
		return wire.Hello{}, err
	}
	if t != wire.TypeHello {
		return wire.Hello{}, fmt.Errorf("first frame is %#x: %w", uint8(t), wire.ErrMalformed)
	}
	hello, err := wire.DecodeHello(body)
	if err != nil {
		return wire.Hello{}, err
	}
	return hello, stream.SetReadDeadline(time.Time{})
}

func (m *Mesh) hello() wire.Hello {
	hello := wire.Hello{
		MinVersion: m.tuning.minVersion, MaxVersion: m.tuning.maxVersion,
		Node: string(m.cfg.Self), Build: m.cfg.Build, Capabilities: m.tuning.capabilities,
	}
	if !m.tuning.plain {
		hello.Capabilities |= capSealed
	}
	return hello
}

// dialLink makes the control connection of a new link.
func (m *Mesh) dialLink(ctx context.Context, p *peer, at net.Addr) (*link, error) {
	hello := m.hello()
	hello.Role, hello.Session = wire.RoleControl, rand.Uint64()
	conn, stream, answer, err := m.dialConn(ctx, p, at, hello)
	if err != nil {
		return nil, err
	}
	return newLink(p, conn, stream, hello.Session, true, answer), nil
}

// welcome takes an incoming connection: TLS has proved a member, its Hello says what the
// connection is for.
func (m *Mesh) welcome(conn *quic.Conn) {
	if release, ok := conn.Context().Value(pendingKey{}).(func()); ok {
		defer release()
	}
	ctx, cancel := context.WithTimeout(m.ctx, m.tuning.handshake)
	defer cancel()
	if err := m.admit(ctx, conn); err != nil && m.ctx.Err() == nil {
		m.refused("handshake", "remote", conn.RemoteAddr().String(), "err", err)
		m.part(conn, err)
	}
}

func (m *Mesh) admit(ctx context.Context, conn *quic.Conn) error {
	id, err := identity(conn.ConnectionState().TLS)
	if err != nil {
		return err
	}
	stream, err := conn.AcceptStream(ctx)
	if err != nil {
		return err
	}
	stream.SetPriority(urgencyControl, false)
	theirs, err := m.readHello(stream)
	if err != nil {
		return err
	}
	ours := m.hello()
	if _, ok := theirs.Version(ours.MinVersion, ours.MaxVersion); !ok {
		return versionError(ours, theirs)
	}
	if geo.NodeID(theirs.Node) != id {
		return fmt.Errorf("hello of %q with the certificate of %q: %w", theirs.Node, id, ErrIdentity)
	}
	p, err := m.peer(id)
	if err != nil {
		m.closeConn(conn, closeRefused, err.Error())
		return nil
	}
	ours.Role, ours.Session, ours.Index = theirs.Role, theirs.Session, theirs.Index
	switch theirs.Role {
	case wire.RoleControl:
		return m.admitLink(p, conn, stream, ours, theirs)
	case wire.RoleMedia:
		return m.admitMedia(p, conn, stream, ours)
	default:
		return fmt.Errorf("role %d: %w", theirs.Role, wire.ErrMalformed)
	}
}

func (m *Mesh) admitLink(p *peer, conn *quic.Conn, stream *quic.Stream, ours, theirs wire.Hello) error {
	if p.contested() {
		m.closeConn(conn, closeDuplicate, "both ends dialled")
		return nil
	}
	if err := stream.TryWriteAll(wire.AppendHello(nil, ours)); err != nil {
		return err
	}
	l := newLink(p, conn, stream, theirs.Session, false, theirs)
	if !p.install(l, nil) {
		l.abandon(ErrClosed)
	}
	return nil
}

func (m *Mesh) admitMedia(p *peer, conn *quic.Conn, stream *quic.Stream, ours wire.Hello) error {
	l := p.current()
	if l == nil || l.session != ours.Session || l.dialled {
		m.closeConn(conn, closeRefused, "no such session")
		return nil
	}
	if err := stream.TryWriteAll(wire.AppendHello(nil, ours)); err != nil {
		return err
	}
	if !l.addConn(conn, ours.Index) {
		m.closeConn(conn, closeRefused, "too many connections")
	}
	return nil
}
