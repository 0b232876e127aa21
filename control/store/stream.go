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

func newStreamLayer(cfg Config) *streamLayer {
	protocol := "meridian-raft/" + cfg.Cluster
	s := &streamLayer{
		Listener: tls.NewListener(cfg.Listener, speaking(cfg.ServerTLS, protocol)), client: speaking(cfg.ClientTLS, protocol),
		dial: cfg.Dial, addr: cfg.Listener.Addr(),
	}
	if cfg.Advertise != "" {
		s.addr = advertised(cfg.Advertise)
	}
	if s.dial == nil {
		s.dial = (&net.Dialer{}).DialContext
	}
	return s
}

// errForeign is the cause when the other end of a Raft stream is of another cluster.
var errForeign = errors.New("a Raft stream of another cluster")

// speaking narrows a configuration to one protocol (ALPN, RFC 7301). The cluster's name in it keeps the voters
// of two clusters apart that were made from one secret, one after the other.
func speaking(c *tls.Config, protocol string) *tls.Config {
	c = c.Clone()
	c.NextProtos = []string{protocol}
	verify := c.VerifyConnection
	c.VerifyConnection = func(cs tls.ConnectionState) error {
		if cs.NegotiatedProtocol != protocol {
			return errForeign
		}
		if verify != nil {
			return verify(cs)
		}
		return nil
	}
	return c
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
