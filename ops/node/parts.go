package node

import (
	"log/slog"
	"net/http"
	"net/http/pprof"
	"time"

	"github.com/hashicorp/memberlist"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/meridian-video/meridian/geo"
)

// Gossip says where the gossip member listens, or which transport it uses.
type Gossip struct {
	Transport memberlist.Transport // nil: real UDP and TCP on Bind
	Bind      string
	Advertise string // empty: where it is bound
	Seeds     []string
}

// gossipLabel keeps clusters of other software on the same network apart.
const gossipLabel = "meridian"

func (g Gossip) start(self geo.Node, key []byte, seeds []string, log *slog.Logger, reg prometheus.Registerer) (*geo.Members, error) {
	all := append(append([]string(nil), g.Seeds...), seeds...)
	return geo.Start(geo.Config{
		Self: self, Transport: g.Transport, Bind: g.Bind, Advertise: g.Advertise, Key: key, Label: gossipLabel,
		Seeds: func() []string { return all }, Log: log.With("part", "gossip"), Registerer: reg,
	})
}

func newRegistry() *prometheus.Registry {
	r := prometheus.NewRegistry()
	r.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return r
}

// newServer makes an HTTP server that slow clients cannot hold open.
func newServer(h http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler: h, ReadHeaderTimeout: 5 * time.Second, IdleTimeout: 90 * time.Second, MaxHeaderBytes: 32 << 10,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
}

// operatorPaths stand on the public port where the operator has none of his own.
var operatorPaths = []string{"/livez", "/readyz", "/healthz", "/metrics"}

// withProfiles adds pprof, which only an operator's own port has.
func withProfiles(h http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/", h)
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	return mux
}
