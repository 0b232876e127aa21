package node

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"net/netip"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/meridian-video/meridian/control/client"
	"github.com/meridian-video/meridian/control/outbox"
	"github.com/meridian-video/meridian/edge"
	"github.com/meridian-video/meridian/edge/signal"
	"github.com/meridian-video/meridian/edge/web"
	"github.com/meridian-video/meridian/geo"
	"github.com/meridian-video/meridian/geo/place"
	"github.com/meridian-video/meridian/geo/where"
	"github.com/meridian-video/meridian/ops/health"
)

// EdgeOptions are what an edge node is made of. Sockets are opened by the
// caller and closed by the node, but for a node that did not start: there the
// caller closes them, which does no harm to one that is closed already.
type EdgeOptions struct {
	Self       geo.Node
	Dir        string   // the edge's disk: identity and its copy of the configuration
	Control    []string // cluster listeners, host:port
	JoinSecret string
	Dial       func(ctx context.Context, network, address string) (net.Conn, error) // nil: net.Dialer
	API        *url.URL                                                             // where /api/v1 is passed on to; nil: to the nodes of Control

	HTTP         net.Listener // plain or TLS
	Operator     net.Listener // nil: health and metrics stand on HTTP, the rest nowhere
	PublicProbes bool         // health and metrics stand on HTTP beside an Operator
	Certificate  func() error // health check of HTTP's certificate; nil: none

	Media         net.PacketConn
	MediaBeside   []net.PacketConn // further sockets on Media's port
	MediaAnnounce []netip.AddrPort
	MediaTCP      net.Listener // nil: no media over TCP
	TCPAnnounce   []netip.AddrPort
	TURNUDP       net.PacketConn
	TURNTCP       net.Listener
	TURNAnnounce  []string
	Realm         string
	Relay         net.PacketConn
	Gossip        Gossip

	OutboxDir   string // of history on its way to control; empty: outbox in Dir
	OutboxLimit int64  // bytes; 0: the outbox's own

	Photos   edge.Photos
	Partners edge.Partners

	Placement geo.Placement  // empty: nearest
	GeoIP     string         // file that says where addresses are; empty: none
	Proxies   []netip.Prefix // that are believed whom a request is from

	Caller func() (net.PacketConn, error) // opens a socket to call other nodes with; nil: nodes do not find out that they pass no media

	MaxParticipants int
	Log             *slog.Logger
}

// Edge is a running edge node.
type Edge struct {
	Node     *edge.Node
	Members  *geo.Members
	Client   *client.Client
	Outbox   *outbox.Outbox // nil where its disk is unusable
	Registry *prometheus.Registry
	Health   *health.Health

	gossip   *gossiping
	running  atomic.Pointer[running] // what is served; nil while the node starts
	cancel   context.CancelFunc
	unlocate context.CancelFunc
	wg       sync.WaitGroup
	server   *http.Server
	operator *http.Server
	once     sync.Once
	closeErr error
}

// running is the node and what it answers.
type running struct {
	node    *edge.Node
	handler http.Handler
}

// errStarting is why an edge takes no joins before it has its identity.
var errStarting = errors.New("starting: no identity in the cluster yet")

// StartEdge starts an edge node; it returns when the node has its identity and
// is being served. Whether it takes joins is what /readyz says, which answers
// from the beginning.
func StartEdge(ctx context.Context, o EdgeOptions) (_ *Edge, err error) {
	e := &Edge{Registry: newRegistry(), Health: health.New()}
	defer func() {
		if err != nil {
			closing, cancel := abandon(ctx)
			defer cancel()
			err = errors.Join(err, e.Close(closing))
		}
	}()
	e.serve(o)
	cc := client.Config{
		Dir: o.Dir, Control: o.Control, JoinSecret: o.JoinSecret, NodeID: o.Self.ID, Dial: o.Dial, Discover: e.controlNodes,
		Log: o.Log.With("part", "control"), Registerer: e.Registry,
	}
	identity, err := client.Enroll(ctx, cc)
	if err != nil {
		return nil, fmt.Errorf("enrol with control: %w", err)
	}
	if e.Client, err = client.Open(cc, identity); err != nil {
		return nil, fmt.Errorf("open configuration copy: %w", err)
	}
	e.gossip, err = o.Gossip.start(o.Self, identity.GossipKey(), identity.Seeds(), o.Log, e.Registry)
	if err != nil {
		return nil, fmt.Errorf("start gossip: %w", err)
	}
	e.Members = e.gossip.Members
	where, err := e.locate(o)
	if err != nil {
		return nil, err
	}
	recorder := e.openOutbox(o)
	e.Node, err = edge.New(edge.Config{
		Self: o.Self, Members: e.Members, Configuration: e.Client, API: e.api(o), Control: e.Client, Web: web.Assets(), Recorder: recorder,
		Relay: o.Relay, RelayTLS: nodeTLS(identity),
		Media: o.Media, MediaBeside: o.MediaBeside, MediaAnnounce: o.MediaAnnounce, MediaTCP: o.MediaTCP, TCPAnnounce: o.TCPAnnounce,
		TURNUDP: o.TURNUDP, TURNTCP: o.TURNTCP, TURNAnnounce: o.TURNAnnounce, Realm: o.Realm,
		Photos: o.Photos, Partners: o.Partners, Secrets: client.NewSecrets(identity.SealKey()), Placement: o.Placement, Where: where, Caller: o.Caller, MaxParticipants: o.MaxParticipants, Log: o.Log, Registerer: e.Registry,
	})
	if err != nil {
		return nil, fmt.Errorf("start edge: %w", err)
	}
	e.follow(o.Log)
	e.Health.AddWarning("clock", e.Members.ClockSkew)
	e.Health.AddWarning("media", e.Node.MediaCheck)
	e.running.Store(&running{e.Node, e.Node.Handler()})
	return e, nil
}

// controlNodes are the control nodes that gossip knows.
func (e *Edge) controlNodes() (out []string) {
	if e.Members == nil {
		return nil
	}
	for _, n := range e.Members.Nodes() {
		if n.Role == geo.RoleControl && n.Cluster != "" {
			out = append(out, n.Cluster)
		}
	}
	return out
}

// api passes the native API on.
func (e *Edge) api(o EdgeOptions) http.Handler {
	if o.API == nil {
		return e.Client.API()
	}
	return &httputil.ReverseProxy{
		Rewrite: func(p *httputil.ProxyRequest) {
			p.SetURL(o.API)
			p.SetXForwarded()
		},
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, err error) {
			o.Log.Warn("control API", "err", err)
			signal.Problem(w, signal.Refuse(signal.TryAgain, "The control plane does not answer; try again.", err), "")
		},
	}
}

// locate opens the operator's database of addresses, if there is one.
func (e *Edge) locate(o EdgeOptions) (func(netip.Addr) (place.Point, bool), error) {
	if o.GeoIP == "" {
		return nil, nil
	}
	d, err := where.Open(o.GeoIP)
	if err != nil {
		return nil, fmt.Errorf("edge.geoip: %w", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	e.unlocate = cancel
	e.wg.Go(func() { follow(ctx, o.GeoIP, d.Reload, o.Log.With("part", "geoip")) })
	return d.Find, nil
}

// follow starts the change feed and the delivery of history. An edge without it works on with its copy.
func (e *Edge) follow(log *slog.Logger) {
	ctx, cancel := context.WithCancel(context.Background())
	e.cancel = cancel
	e.wg.Go(func() { _ = e.Client.Run(ctx) })
	e.Health.AddWarning("control", func() error {
		if e.Client.Connected() {
			return nil
		}
		return fmt.Errorf("not heard for %v", e.Client.Age().Round(time.Second))
	})
	if e.Outbox != nil {
		e.deliver(ctx, log)
	}
}

// serve starts the HTTP servers, so that probes are answered while the node
// waits for control.
func (e *Edge) serve(o EdgeOptions) {
	e.Health.Add("edge", e.ready)
	if o.Certificate != nil {
		e.Health.Add("certificate", o.Certificate)
	}
	operator := e.Health.Handler(e.Registry)
	public := http.NewServeMux()
	public.HandleFunc("/", e.answer)
	mountAdmin(public)
	if o.Operator == nil || o.PublicProbes {
		mountOperator(public, operator)
	}
	if o.Operator != nil {
		own := withProfiles(operator)
		own.HandleFunc("GET /debug/statistics", e.statistics)
		e.mountDrain(own)
		e.mountPicture(own)
		e.operator = newServer(own, o.Log)
		e.wg.Go(func() { serve(e.operator, o.Operator, o.Log) })
	}
	e.server = newServer(behind(o.Proxies, public), o.Log)
	e.wg.Go(func() { serve(e.server, o.HTTP, o.Log) })
}

// ready says why the node takes no joins; draining is the health's own matter.
func (e *Edge) ready() error {
	r := e.running.Load()
	if r == nil {
		return errStarting
	}
	if err := r.node.Ready(); !errors.Is(err, edge.ErrDraining) {
		return err
	}
	return nil
}

// statistics are of the people here, and so for the operator's own port alone.
func (e *Edge) statistics(w http.ResponseWriter, r *http.Request) {
	if running := e.running.Load(); running != nil {
		running.node.ServeStatistics(w, r)
		return
	}
	starting(w)
}

// answer passes a request to the node, once there is one.
func (e *Edge) answer(w http.ResponseWriter, r *http.Request) {
	if running := e.running.Load(); running != nil {
		running.handler.ServeHTTP(w, r)
		return
	}
	starting(w)
}

// starting asks to come again.
func starting(w http.ResponseWriter) {
	w.Header().Set("Retry-After", "1")
	http.Error(w, "This server is starting; try again.", http.StatusServiceUnavailable)
}

// Drain moves everyone to other nodes; readyz says no from now on.
func (e *Edge) Drain(ctx context.Context) error {
	e.Health.SetDraining(true)
	return e.Node.Drain(ctx)
}

// Close stops the node: people first, then the servers, gossip and the rest.
// It is idempotent.
func (e *Edge) Close(ctx context.Context) error {
	e.once.Do(func() { e.closeErr = e.close(ctx) })
	return e.closeErr
}

func (e *Edge) close(ctx context.Context) error {
	e.Health.SetDraining(true)
	var errs []error
	if e.Node != nil {
		errs = append(errs, e.Node.Close())
	}
	errs = append(errs, stopServer(ctx, e.server), stopServer(ctx, e.operator))
	for _, cancel := range []context.CancelFunc{e.cancel, e.unlocate} {
		if cancel != nil {
			cancel()
		}
	}
	errs = append(errs, e.gossip.leave())
	e.wg.Wait()
	if e.Outbox != nil { // what the node said last is in it
		errs = append(errs, e.Outbox.Close())
	}
	return errors.Join(errs...)
}

// nodeTLS is the node's certificate, renewed while it runs, and the cluster's roots.
func nodeTLS(id *client.Identity) *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS13, RootCAs: id.Roots(), ClientCAs: id.Roots(),
		GetCertificate: id.GetCertificate, GetClientCertificate: id.GetClientCertificate,
	}
}
