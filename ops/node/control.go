package node

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/meridian-video/meridian/control"
	"github.com/meridian-video/meridian/control/ca"
	"github.com/meridian-video/meridian/control/partner/gcore"
	"github.com/meridian-video/meridian/geo"
	"github.com/meridian-video/meridian/ops/health"
)

// ControlOptions are what a control node is made of. Listeners are opened by
// the caller and closed by the node, but for a node that did not start.
type ControlOptions struct {
	Self geo.Node
	Dir  string

	// These three make one cluster of several nodes, see control.Config.
	VoterSecret     ca.VoterSecret
	BootstrapExpect int
	Join            []string

	ElectionTimeout time.Duration // 0: as control.Config has it
	Fatal           func(error)   // nil: the process ends with status 3
	Raft            net.Listener
	RaftAdvertise   string // empty: the listener's
	Cluster         net.Listener
	History         string // database, see control.Config; empty: a file in Dir
	Notifications   control.Notifications
	API             net.Listener // plain or TLS
	Operator        net.Listener // nil: the operator's pages stand on API
	Certificate     func() error // health check of the API's certificate; nil: none
	Gossip          Gossip
	Log             *slog.Logger
}

// Control is a running control node.
type Control struct {
	Node     *control.Node
	Members  *geo.Members
	Registry *prometheus.Registry
	Health   *health.Health

	log      *slog.Logger
	gossip   *gossiping
	running  atomic.Pointer[control.Node] // what is served; nil while the node starts
	wg       sync.WaitGroup
	server   *http.Server
	operator *http.Server
	once     sync.Once
	closeErr error
}

// errForming is why a control node that starts is not ready: alone it waits for itself, which is short.
var errForming = errors.New("starting: waiting for the other control nodes")

// StartControl starts a control node; it returns when the node is part of a
// cluster that has a leader. Probes are answered from the beginning.
func StartControl(ctx context.Context, o ControlOptions) (_ *Control, err error) {
	c := &Control{Registry: newRegistry(), Health: health.New(), log: o.Log}
	gossiping := make(chan struct{}) // closed when Members is set, or never will be
	defer func() {
		if err != nil {
			closing, cancel := abandon(ctx)
			defer cancel()
			err = errors.Join(err, c.Close(closing))
		}
	}()
	know := sync.OnceFunc(func() { close(gossiping) })
	defer know() // runs before the node is closed, which waits for who asks for seeds
	c.serve(o)
	c.Node, err = control.Open(ctx, control.Config{
		VoterSecret: o.VoterSecret, BootstrapExpect: o.BootstrapExpect, Join: o.Join, ElectionTimeout: o.ElectionTimeout, Fatal: o.Fatal,
		Dir: o.Dir, NodeID: o.Self.ID, Raft: o.Raft, RaftAdvertise: o.RaftAdvertise, Cluster: o.Cluster, History: o.History, Notifications: o.Notifications, Log: o.Log, Registerer: c.Registry,
		// Edges may enrol before gossip runs, whose key the node has.
		Seeds: func() []string {
			<-gossiping
			if c.Members == nil {
				return nil
			}
			return []string{c.Members.Addr()}
		},
	})
	if err != nil {
		return nil, fmt.Errorf("open control: %w", err)
	}
	// Before anyone is answered, so that the key in the file works when it is there.
	if _, err = c.Node.EnsurePlatform(ctx); err != nil {
		return nil, fmt.Errorf("make the platform's first key: %w", err)
	}
	c.gossip, err = o.Gossip.start(o.Self, c.Node.Identity().GossipKey(), nil, o.Log, c.Registry)
	if err != nil {
		return nil, fmt.Errorf("start gossip: %w", err)
	}
	c.Members = c.gossip.Members
	c.Health.AddWarning("clock", c.Members.ClockSkew)
	know()
	c.running.Store(c.Node)
	return c, nil
}

// ready says why the node answers no calls.
func (c *Control) ready() error {
	if n := c.running.Load(); n != nil {
		return n.Ready()
	}
	return errForming
}

// answer passes a request to the node, once there is one.
func (c *Control) answer(w http.ResponseWriter, r *http.Request) {
	if n := c.running.Load(); n != nil {
		n.Handler().ServeHTTP(w, r)
		return
	}
	starting(w)
}

// serve starts the HTTP servers, so that probes are answered while the node
// waits for others.
func (c *Control) serve(o ControlOptions) {
	c.Health.Add("control", c.ready)
	c.Health.AddWarning("history", c.historyReady) // edges keep what they have to report, so it keeps nobody out
	if o.Certificate != nil {
		c.Health.Add("certificate", o.Certificate)
	}
	operator := c.Health.Handler(c.Registry)
	public := http.NewServeMux()
	public.HandleFunc("/api/v1/", c.answer)
	public.HandleFunc(gcore.Path, c.answer)
	mountAdmin(public)
	if o.Operator == nil {
		mountOperator(public, operator)
	} else {
		c.operator = newServer(withProfiles(operator), o.Log)
		c.wg.Go(func() { serve(c.operator, o.Operator, o.Log) })
	}
	c.server = newServer(public, o.Log)
	c.wg.Go(func() { serve(c.server, o.API, o.Log) })
}

// historyTimeout is how long a health check waits for the database.
const historyTimeout = time.Second

func (c *Control) historyReady() error {
	n := c.running.Load()
	if n == nil {
		return errForming
	}
	ctx, cancel := context.WithTimeout(context.Background(), historyTimeout)
	defer cancel()
	return n.History().Ready(ctx)
}

// Close stops the node: the API first, then gossip, then Raft. It is idempotent.
func (c *Control) Close(ctx context.Context) error {
	c.once.Do(func() { c.closeErr = c.close(ctx) })
	return c.closeErr
}

func (c *Control) close(ctx context.Context) error {
	errs := []error{stopServer(ctx, c.server), stopServer(ctx, c.operator), c.gossip.leave()}
	c.wg.Wait()
	if c.Node != nil {
		err := c.Node.Close(ctx)
		if errors.Is(err, context.DeadlineExceeded) { // somebody's half-open connection is no failure of ours
			c.log.Warn("closed with requests under way", "err", err)
			err = nil
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}
