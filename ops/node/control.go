package node

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/meridian-video/meridian/control"
	"github.com/meridian-video/meridian/geo"
	"github.com/meridian-video/meridian/ops/health"
)

// ControlOptions are what a control node is made of. Listeners are opened by
// the caller and closed by the node.
type ControlOptions struct {
	Self          geo.Node
	Dir           string
	Raft          net.Listener
	RaftAdvertise string // empty: the listener\'s
	Cluster       net.Listener
	JoinSecret    string       // empty: made at the first start
	API           net.Listener // plain or TLS
	Gossip        Gossip
	Log           *slog.Logger
}

// Control is a running control node.
type Control struct {
	Node     *control.Node
	Members  *geo.Members
	Registry *prometheus.Registry
	Health   *health.Health

	server *http.Server
	served chan error
}

// StartControl starts a control node; it returns when the node answers.
func StartControl(ctx context.Context, o ControlOptions) (_ *Control, err error) {
	c := &Control{Registry: newRegistry(), Health: health.New(), served: make(chan error, 1)}
	defer func() {
		if err != nil {
			err = errors.Join(err, c.Close(context.WithoutCancel(ctx)))
		}
	}()
	c.Node, err = control.Open(ctx, control.Config{
		Dir: o.Dir, NodeID: o.Self.ID, Raft: o.Raft, RaftAdvertise: o.RaftAdvertise, Cluster: o.Cluster, Log: o.Log, Registerer: c.Registry,
		Seeds: func() []string { return []string{c.Members.Addr()} },
	})
	if err != nil {
		return nil, fmt.Errorf("open control: %w", err)
	}
	// Before anyone is answered, so that the key in the file works when it is there.
	if _, err = c.Node.EnsurePlatform(ctx); err != nil {
		return nil, fmt.Errorf("make the platform's first key: %w", err)
	}
	c.Members, err = o.Gossip.start(o.Self, c.Node.Identity().GossipKey(), nil, o.Log, c.Registry)
	if err != nil {
		return nil, fmt.Errorf("start gossip: %w", err)
	}
	c.Health.Add("control", c.Node.Ready)
	mux := http.NewServeMux()
	mux.Handle("/", c.Health.Handler(c.Registry))
	mux.Handle("/api/v1/", c.Node.Handler())
	c.server = newServer(mux, o.Log)
	go func() { c.served <- c.server.Serve(o.API) }()
	return c, nil
}

// Close stops the node: the API first, then gossip, then Raft.
func (c *Control) Close(ctx context.Context) error {
	var errs []error
	if c.server != nil {
		errs = append(errs, c.server.Shutdown(ctx))
		<-c.served
	}
	if c.Members != nil {
		errs = append(errs, c.Members.Leave(leaveTimeout), c.Members.Close())
	}
	if c.Node != nil {
		errs = append(errs, c.Node.Close(ctx))
	}
	return errors.Join(errs...)
}

// closeTimeout is how long a node may take to close after it has drained.
const closeTimeout = 5 * time.Second

// leaveTimeout is how long a node waits for others to hear that it leaves.
const leaveTimeout = 500 * time.Millisecond
