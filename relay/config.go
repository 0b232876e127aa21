package relay

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/quic-go/quic-go"
	"github.com/quic-go/quic-go/qlogwriter"

	"github.com/meridian-video/meridian/geo"
	"github.com/meridian-video/meridian/relay/wire"
)

// ALPN is the protocol name in the TLS handshake.
const ALPN = "meridian-relay/1"

// MaxHops is how many links a track may cross from its origin to a subscriber.
const MaxHops = 3

// Config is what a Mesh needs. Self, Conn, TLS and Peer are required.
//
// The callbacks run on goroutines of the link and must return fast; none may call
// Mesh.Close.
type Config struct {
	// Self is this node's id, as in its certificate.
	Self geo.NodeID
	// Build names this build in the handshake and in errors of version.
	Build string
	// Conn is the relay socket. The Mesh reads it until Close and then closes it.
	Conn net.PacketConn
	// TLS holds the node certificate (Certificates or GetCertificate, used in both
	// directions unless GetClientCertificate is set) and the cluster's roots (RootCAs,
	// ClientCAs when those differ). Everything else is set here.
	TLS *tls.Config
	// Peer is the membership: the UDP address of a node; ok is false when it is none, in
	// which case it is neither dialled nor accepted.
	Peer func(geo.NodeID) (addr string, ok bool)
	// Route names the nodes from which a track of origin may come, best first; the origin
	// is the last one if it is not among them. It is called often and on many goroutines.
	// Nil: the origin alone.
	Route func(origin geo.NodeID, req wire.Subscribe) []geo.NodeID
	// Tracks serves the subscriptions of other nodes; nil: there are none to have.
	Tracks Tracks
	// Handle takes one-way messages, in order per peer; body is the callee's.
	Handle func(from geo.NodeID, topic string, body []byte)
	// Answer answers calls, each on a goroutine of its own; ctx ends with the caller's
	// patience or the link. An error that is a *RemoteError keeps its code.
	Answer func(ctx context.Context, from geo.NodeID, topic string, body []byte) ([]byte, error)
	// LinkChanged tells about links, in order; also up=false for a dial that failed,
	// since messages queued for it are lost.
	LinkChanged func(peer geo.NodeID, up bool)
	Log         *slog.Logger
	Registerer  prometheus.Registerer
	// Now is the clock of statistics and backoff; nil: time.Now.
	Now func() time.Time

	tuning *tuning // nil: defaultTuning
}

// tuning are the figures of DESIGN.md; tests and benchmarks change them.
type tuning struct {
	minVersion, maxVersion uint16
	capabilities           uint32
	probe                  time.Duration // between two probes
	silence                time.Duration // without an answer, after which the peer is dead
	pulse                  time.Duration // between two probes while tracks cross the link
	deaf                   time.Duration // without a packet, after which the link is suspect
	transit                int           // subscriptions of nodes behind this one
	handshake              time.Duration // for QUIC, TLS and Hello together
	window                 time.Duration // for which a bundle waits for more packets
	stale                  time.Duration // age at which media is dropped
	feedback               time.Duration // between two Received frames, and Arrived ones
	minConns, maxConns     int           // media connections of a link that carries media
	mixed                  int           // bytes up to which tracks share a bundle
	bundle                 int           // bytes of a bundle of one track
	idle                   time.Duration // without tracks, after which media connections close
	plain                  bool          // offers no sealed datagrams
	tracer                 func(context.Context, bool, quic.ConnectionID) qlogwriter.Trace
	sent                   func(*quic.Conn, quic.StreamID, []byte) // sees every bundle; nil: nobody
}

func defaultTuning() *tuning {
	return &tuning{
		minVersion: wire.MinVersion, maxVersion: wire.MaxVersion,
		pulse: 100 * time.Millisecond, deaf: 500 * time.Millisecond,
		transit:      4096,
		capabilities: wire.CapArrived,
		probe:        400 * time.Millisecond, silence: 2200 * time.Millisecond,
		handshake: 4 * time.Second,
		window:    2 * time.Millisecond, stale: 500 * time.Millisecond,
		feedback: 20 * time.Millisecond,
		minConns: 4, maxConns: 32,
		mixed: 1200, bundle: wire.MaxBundle,
		idle: 30 * time.Second,
	}
}

// validate joins every complaint and fills in defaults.
func (c *Config) validate() error {
	var errs []error
	if c.Self == "" {
		errs = append(errs, errors.New("relay: Self is empty"))
	}
	if c.Conn == nil {
		errs = append(errs, errors.New("relay: Conn is nil"))
	}
	if c.Peer == nil {
		errs = append(errs, errors.New("relay: Peer is nil"))
	}
	switch {
	case c.TLS == nil:
		errs = append(errs, errors.New("relay: TLS is nil"))
	case c.TLS.RootCAs == nil:
		errs = append(errs, errors.New("relay: TLS has no RootCAs"))
	case len(c.TLS.Certificates) == 0 && c.TLS.GetCertificate == nil:
		errs = append(errs, errors.New("relay: TLS has no certificate"))
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Registerer == nil {
		c.Registerer = prometheus.NewRegistry()
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Handle == nil {
		c.Handle = func(geo.NodeID, string, []byte) {}
	}
	if c.LinkChanged == nil {
		c.LinkChanged = func(geo.NodeID, bool) {}
	}
	if c.tuning == nil {
		c.tuning = defaultTuning()
	}
	return errors.Join(errs...)
}

// Tracks is where links ask for tracks; the edge implements it.
type Tracks interface {
	// Attach makes out a sink of the track. It returns ErrNoTrack when there is none;
	// packets may be sent to out before it returns. Of the track req.Layers are wanted at
	// first. ctx ends when the subscriber gives up before the answer.
	Attach(ctx context.Context, from geo.NodeID, req wire.Subscribe, out *Outlet) (wire.TrackInfo, Feed, error)
}

// Feed steers an attached track. Close is called once, when the subscriber has left or
// the link is down.
type Feed interface {
	RequestKeyframe(layer uint8)
	// SetLayers says how much of the track is wanted from now on at most: the spatial layer
	// (of simulcast the encoding) and the temporal layer, both -1 for nothing. They may be
	// beyond what the track has.
	SetLayers(spatial, temporal int8)
	Close()
}

// ScreenFeed is a Feed that knows whether its track is a shared screen, of which layers
// are shed after those of cameras when a link is too narrow.
type ScreenFeed interface {
	Feed
	Screen() bool
}

// Receiver takes what a subscription brings. Calls for one subscription do not overlap,
// may begin before Subscribe has returned, and must not block. p, its payload and its
// descriptor are valid during the call only and must not be changed: others may get them
// as well. Closed is the last call; it comes only when the subscription ended without
// Subscription.Close.
type Receiver interface {
	Media(p *wire.Media)
	Report(r wire.Report)
	Closed(cause error)
}
