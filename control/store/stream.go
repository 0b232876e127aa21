package store

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"time"

	"github.com/hashicorp/raft"
)

// DialFunc opens a stream to an address; net.Dialer's DialContext is one.
type DialFunc func(ctx context.Context, network, addr string) (net.Conn, error)

// streamLayer is Raft's transport over TLS: both ends show node certificates, which the two configurations
// check (the role too: an edge's certificate opens no Raft stream).
type streamLayer struct {
	net.Listener
	client *tls.Config
	dial   DialFunc
	addr   net.Addr
}

// advertised is an address of this node as others dial it.
type advertised string

// Network implements net.Addr.
func (advertised) Network() string { return "tcp" }

// String implements net.Addr.
func (a advertised) String() string { return string(a) }

func newStreamLayer(l net.Listener, advertise string, server, client *tls.Config, dial DialFunc) *streamLayer {
	s := &streamLayer{Listener: tls.NewListener(l, server), client: client, dial: dial, addr: l.Addr()}
	if advertise != "" {
		s.addr = advertised(advertise)
	}
	if s.dial == nil {
		s.dial = (&net.Dialer{}).DialContext
	}
	return s
}

// Addr implements net.Listener with the advertised address.
func (s *streamLayer) Addr() net.Addr { return s.addr }

// Dial implements raft.StreamLayer.
func (s *streamLayer) Dial(addr raft.ServerAddress, timeout time.Duration) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	raw, err := s.dial(ctx, "tcp", string(addr))
	if err != nil {
		return nil, err
	}
	c := tls.Client(raw, s.client)
	if err := c.HandshakeContext(ctx); err != nil {
		return nil, errors.Join(err, raw.Close())
	}
	return c, nil
}
