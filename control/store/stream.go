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

// streamLayer is Raft's transport. The listener has checked who comes; the client's configuration checks whom it
// reaches.
type streamLayer struct {
	net.Listener
	client *tls.Config
	dial   DialFunc
	addr   net.Addr
}

// Protocol is what Raft streams of a cluster are called in the handshake (ALPN, RFC 7301). The cluster's name
// in it keeps the voters of two clusters apart that were made from one secret, one after the other.
func Protocol(cluster string) string { return "meridian-raft/" + cluster }

// advertised is an address of this node as others dial it.
type advertised string

// Network implements net.Addr.
func (advertised) Network() string { return "tcp" }

// String implements net.Addr.
func (a advertised) String() string { return string(a) }

func newStreamLayer(cfg Config) *streamLayer {
	s := &streamLayer{Listener: cfg.Listener, client: cfg.ClientTLS.Clone(), dial: cfg.Dial, addr: cfg.Listener.Addr()}
	s.client.NextProtos = []string{Protocol(cfg.Cluster)}
	if cfg.Advertise != "" {
		s.addr = advertised(cfg.Advertise)
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
