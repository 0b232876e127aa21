package node

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/meridian-video/meridian/control/client"
	"github.com/meridian-video/meridian/edge"
	"github.com/meridian-video/meridian/edge/web"
	"github.com/meridian-video/meridian/geo"
	"github.com/meridian-video/meridian/ops/health"
)

// EdgeOptions are what an edge node is made of. Sockets are opened by the
// caller and closed by the node.
type EdgeOptions struct {
	Self       geo.Node
	Dir        string   // the edge's disk: identity and its copy of the configuration
	Control    []string // cluster listeners, host:port
	JoinSecret string
	Dial       func(ctx context.Context, network, address string) (net.Conn, error) // nil: net.Dialer
	API        *url.URL

	HTTP     net.Listener // plain or TLS
	Operator net.Listener // nil: the operator's pages stand on HTTP

	Media         net.PacketConn
	MediaAnnounce []netip.AddrPort
	TURNUDP       net.PacketConn
	TURNTCP       net.Listener
	TURNAnnounce  []string
	Realm         string
	Relay         net.PacketConn
	Gossip        Gossip

	MaxParticipants int
	Log             *slog.Logger
}

// Edge is a running edge node.
type Edge struct {
	Node     *edge.Node
	Members  *geo.Members
	Client   *client.Client
	Registry *prometheus.Registry
	Health   *health.Health

	cancel   context.CancelFunc
	wg       sync.WaitGroup
	server   *http.Server
	operator *http.Server
}

// StartEdge starts an edge node; it returns when the node has its identity and
// is being served. Whether it takes joins is what /readyz says.
func StartEdge(ctx context.Context, o EdgeOptions) (_ *Edge, err error) {
	e := &Edge{Registry: newRegistry(), Health: health.New()}
	defer func() {
		if err != nil {
			err = errors.Join(err, e.Close(context.WithoutCancel(ctx)))
		}
	}()
	cc := client.Config{
		Dir: o.Dir, Control: o.Control, JoinSecret: o.JoinSecret, NodeID: o.Self.ID, Dial: o.Dial,
		Log: o.Log.With("part", "control"), Registerer: e.Registry,
	}
	identity, err := client.Enroll(ctx, cc)
	if err != nil {
		return nil, fmt.Errorf("enrol with control: %w", err)
	}
	if e.Client, err = client.Open(cc, identity); err != nil {
		return nil, fmt.Errorf("open configuration copy: %w", err)
	}
	e.Members, err = o.Gossip.start(o.Self, identity.GossipKey(), identity.Seeds(), o.Log, e.Registry)
	if err != nil {
		return nil, fmt.Errorf("start gossip: %w", err)
	}
	e.Node, err = edge.New(edge.Config{
		Self: o.Self, Members: e.Members, Configuration: e.Client, API: o.API, Web: web.Assets(),
		Relay: o.Relay, RelayTLS: nodeTLS(identity),
		Media: o.Media, MediaAnnounce: o.MediaAnnounce,
		TURNUDP: o.TURNUDP, TURNTCP: o.TURNTCP, TURNAnnounce: o.TURNAnnounce, Realm: o.Realm,
		MaxParticipants: o.MaxParticipants, Log: o.Log, Registerer: e.Registry,
	})
	if err != nil {
		return nil, fmt.Errorf("start edge: %w", err)
	}
	e.serve(o)
	return e, nil
}

// serve starts the HTTP servers and the change feed.
func (e *Edge) serve(o EdgeOptions) {
	ctx, cancel := context.WithCancel(context.Background())
	e.cancel = cancel
	e.wg.Go(func() { _ = e.Client.Run(ctx) })
	e.Health.Add("edge", e.Node.Ready)
	operator := e.Health.Handler(e.Registry)
	public := http.NewServeMux()
	public.Handle("/", e.Node.Handler())
	if o.Operator == nil {
		for _, path := range operatorPaths {
			public.Handle(path, operator)
		}
	} else {
		e.operator = newServer(withProfiles(operator), o.Log)
		e.wg.Go(func() { _ = e.operator.Serve(o.Operator) })
	}
	e.server = newServer(public, o.Log)
	e.wg.Go(func() { _ = e.server.Serve(o.HTTP) })
}

// Drain moves everyone to other nodes; readyz says no from now on.
func (e *Edge) Drain(ctx context.Context) error { return e.Node.Drain(ctx) }

// Close stops the node: people first, then the servers, gossip and the rest.
func (e *Edge) Close(ctx context.Context) error {
	var errs []error
	if e.Node != nil {
		errs = append(errs, e.Node.Close())
	}
	for _, s := range []*http.Server{e.server, e.operator} {
		if s != nil {
			errs = append(errs, s.Shutdown(ctx))
		}
	}
	if e.cancel != nil {
		e.cancel()
	}
	if e.Members != nil {
		errs = append(errs, e.Members.Leave(leaveTimeout), e.Members.Close())
	}
	e.wg.Wait()
	return errors.Join(errs...)
}

// nodeTLS is the node's certificate, renewed while it runs, and the cluster's roots.
func nodeTLS(id *client.Identity) *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS13, RootCAs: id.Roots(), ClientCAs: id.Roots(),
		GetCertificate: id.GetCertificate, GetClientCertificate: id.GetClientCertificate,
	}
}
