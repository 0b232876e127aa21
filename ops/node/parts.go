package node

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/http/pprof"
	"net/netip"
	"sync"
	"time"

	"github.com/hashicorp/memberlist"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/meridian-video/meridian/control/admin"
	"github.com/meridian-video/meridian/geo"
)

// Gossip says where the gossip member listens, or which transport it uses.
type Gossip struct {
	Transport memberlist.Transport // nil: real UDP and TCP on Bind
	Bind      string
	Advertise string // empty: where it is bound
	Seeds     []string
	Allow     []netip.Prefix // networks that nodes are taken from; none: any
	Keys      string         // file of keys; empty: the cluster's key
}

// gossipLabel keeps clusters of other software on the same network apart.
const gossipLabel = "meridian"

// gossiping is a running member whose keys are followed.
type gossiping struct {
	*geo.Members
	cancel context.CancelFunc
	wg     sync.WaitGroup
}

func (g Gossip) start(self geo.Node, cluster []byte, seeds []string, log *slog.Logger, reg prometheus.Registerer) (*gossiping, error) {
	log = log.With("part", "gossip")
	keys, err := readKeys(g.Keys, cluster)
	if err != nil {
		return nil, err
	}
	all := append(append([]string(nil), g.Seeds...), seeds...)
	m, err := geo.Start(geo.Config{
		Self: self, Transport: g.Transport, Bind: g.Bind, Advertise: g.Advertise, Keys: keys, Label: gossipLabel, Allow: g.Allow,
		Seeds: func() []string { return all }, Log: log, Registerer: reg,
	})
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	running := &gossiping{Members: m, cancel: cancel}
	if g.Keys != "" {
		running.wg.Go(func() {
			follow(ctx, g.Keys, func() error {
				keys, err := readKeys(g.Keys, cluster)
				if err != nil {
					return err
				}
				return m.UseKeys(keys)
			}, log)
		})
	}
	return running, nil
}

// leave ends gossip with a word to the others.
func (g *gossiping) leave() error {
	if g == nil {
		return nil
	}
	g.cancel()
	g.wg.Wait()
	return errors.Join(g.Leave(leaveTimeout), g.Close())
}

func newRegistry() *prometheus.Registry {
	r := prometheus.NewRegistry()
	r.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return r
}

// newServer makes an HTTP server that slow senders cannot hold open. Sockets
// that are upgraded have limits of their own.
func newServer(h http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler: h, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 30 * time.Second, IdleTimeout: 90 * time.Second,
		MaxHeaderBytes: 32 << 10, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
}

// serve serves until the server is stopped.
func serve(s *http.Server, l net.Listener, log *slog.Logger) {
	if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		log.Error("HTTP ended", "address", l.Addr().String(), "err", err)
	}
}

// serverGrace is how long requests under way may take when a server stops. The
// spare connections that browsers open count as requests for 5 s.
const serverGrace = 500 * time.Millisecond

// stopServer ends a server: requests under way are answered or, after a moment, cut.
func stopServer(ctx context.Context, s *http.Server) error {
	if s == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, serverGrace)
	defer cancel()
	if s.Shutdown(ctx) == nil {
		return nil
	}
	return s.Close()
}

// closeTimeout is how long a node may take to close after it has drained, or
// where it could not start.
const closeTimeout = 4 * time.Second

// leaveTimeout is how long a node waits for others to hear that it leaves.
const leaveTimeout = 500 * time.Millisecond

// abandon is the context for closing what could not start.
func abandon(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), closeTimeout)
}

// operatorPaths stand on the public port where the operator has none of his own.
var operatorPaths = []string{"/livez", "/readyz", "/healthz", "/metrics"}

func mountOperator(public *http.ServeMux, operator http.Handler) {
	for _, path := range operatorPaths {
		public.Handle(path, operator)
	}
}

// mountAdmin puts the page by which companies administer themselves on the
// public port; what it asks goes the way of all calls of the API.
func mountAdmin(public *http.ServeMux) {
	page := admin.Handler()
	public.Handle("/admin", page)
	public.Handle("/admin/", page)
}

// withProfiles adds pprof, which only an operator's own port has.
func withProfiles(h http.Handler) *http.ServeMux {
	mux := http.NewServeMux()
	mux.Handle("/", h)
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	return mux
}
