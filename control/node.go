package control

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/meridian-video/meridian/control/api"
	"github.com/meridian-video/meridian/control/ca"
	"github.com/meridian-video/meridian/control/feed"
	"github.com/meridian-video/meridian/control/history"
	"github.com/meridian-video/meridian/control/history/record"
	"github.com/meridian-video/meridian/control/state"
	"github.com/meridian-video/meridian/control/store"
	"github.com/meridian-video/meridian/geo"
)

// Config of a control node.
type Config struct {
	Dir    string     // data directory: Raft, authority, join secret, keys; created when absent
	NodeID geo.NodeID // this node, for life

	// Cluster takes enrolments and feeds of edges; the node speaks TLS on it. Required. Close closes it.
	Cluster net.Listener
	// Raft takes streams of other voters; nil for a voter that stays alone. Close closes it.
	Raft          net.Listener
	RaftAdvertise string // address other voters dial; empty = the listener's
	// Dial opens streams to other voters; nil = net.Dialer.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)
	// ElectionTimeout, see store.Config; 0 = default.
	ElectionTimeout time.Duration

	// History is where sessions, usage and audit are kept, see history.Open; empty = a file in Dir, which only a
	// node that is alone may have.
	History string
	// Voters is how many control nodes the cluster is meant to have; 0 = 1.
	Voters int

	// Seeds gives the gossip addresses that an enrolling edge learns; nil = none.
	Seeds func() []string
	// Fatal is called once when the disk failed and must end the process; nil = exit with status 3.
	Fatal func(error)

	Log        *slog.Logger
	Registerer prometheus.Registerer // nil = no metrics
}

// Node is a running control node.
type Node struct {
	cfg       Config
	log       *slog.Logger
	authority *ca.Authority
	identity  *ca.Identity
	store     *store.Store
	history   *history.Store
	spool     *history.Spool
	handler   http.Handler
	server    *http.Server

	ctx    context.Context
	cancel context.CancelCauseFunc
	wg     sync.WaitGroup
	close  sync.Once
	clErr  error
}

// errNodeClosed is the cause with which feeds end.
var errNodeClosed = errors.New("control node closed")

// Open starts the node and returns when it takes writes (or ctx ends). A new data directory becomes a new
// cluster with its own authority and join secret.
func Open(ctx context.Context, cfg Config) (*Node, error) {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Seeds == nil {
		cfg.Seeds = func() []string { return nil }
	}
	if cfg.Cluster == nil {
		return nil, errors.New("control: a cluster listener is required")
	}
	if err := geo.ValidNodeID(string(cfg.NodeID)); err != nil {
		return nil, fmt.Errorf("control: %w", err)
	}
	n := &Node{cfg: cfg, log: cfg.Log}
	n.ctx, n.cancel = context.WithCancelCause(context.Background())
	if err := n.open(ctx); err != nil {
		return nil, errors.Join(err, n.Close(context.WithoutCancel(ctx)))
	}
	return n, nil
}

func (n *Node) open(ctx context.Context) error {
	if err := os.MkdirAll(n.cfg.Dir, 0o700); err != nil {
		return fmt.Errorf("data directory: %w", err)
	}
	var err error
	if n.authority, err = ca.Open(n.cfg.Dir); err != nil {
		return err
	}
	if n.identity, err = n.authority.Self(n.cfg.NodeID); err != nil {
		return err
	}
	machine := state.New()
	hub, err := feed.NewHub(machine, n.log, n.cfg.Registerer)
	if err != nil {
		return err
	}
	if n.store, err = n.openStore(machine, hub); err != nil {
		return err
	}
	if err := n.openHistory(ctx); err != nil {
		return err
	}
	if err := n.store.WaitReady(ctx); err != nil {
		return err
	}
	if err := n.initPlatform(ctx); err != nil {
		return err
	}
	signer, err := n.signer(ctx)
	if err != nil {
		return err
	}
	n.handler, err = api.New(api.Config{Store: n.store, Tokens: signer, Log: n.log, Registerer: n.cfg.Registerer})
	if err != nil {
		return err
	}
	n.serve(hub)
	n.wg.Go(n.renew)
	return nil
}

func (n *Node) openStore(machine *state.State, hub *feed.Hub) (*store.Store, error) {
	return store.Open(store.Config{
		Dir: filepath.Join(n.cfg.Dir, "raft"), ID: string(n.cfg.NodeID), State: machine,
		Listener: n.cfg.Raft, Advertise: n.cfg.RaftAdvertise, Dial: n.cfg.Dial,
		ServerTLS: n.identity.VoterServerTLS(), ClientTLS: n.identity.ControlClientTLS(),
		ElectionTimeout: n.cfg.ElectionTimeout, OnFatal: n.cfg.Fatal,
		OnApply: hub.Publish, OnRestore: hub.Reset, Log: n.log, Registerer: n.cfg.Registerer,
	})
}

// freshness is how long a follower may not have heard from its leader and still feed edges.
const freshness = 2 * time.Second

// serve answers enrolments, feeds and reports of history.
func (n *Node) serve(hub *feed.Hub) {
	mux := http.NewServeMux()
	mux.Handle("POST "+ca.EnrolPath, n.authority.EnrolHandler(n.cfg.Seeds, n.log))
	mux.Handle("GET "+feed.Path, &feed.Handler{
		Hub: hub, Fresh: func() bool { return n.store.Fresh(freshness) }, Context: n.ctx, Log: n.log,
	})
	mux.Handle("POST "+record.Path, n.takeHistory())
	n.server = &http.Server{
		Handler: mux, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10,
		ErrorLog: slog.NewLogLogger(n.log.Handler(), slog.LevelDebug), // handshakes of port scanners
	}
	listener := tls.NewListener(n.cfg.Cluster, n.identity.ControlServerTLS())
	n.wg.Go(func() {
		if err := n.server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			n.log.Error("the cluster listener ended", "err", err)
		}
	})
}

// renew keeps the node's own certificate young.
func (n *Node) renew() {
	for {
		t := time.NewTimer(max(time.Until(n.identity.RenewAt()), time.Minute))
		select {
		case <-n.ctx.Done():
			t.Stop()
			return
		case <-t.C:
		}
		if err := n.authority.Renew(n.identity, n.cfg.Seeds()); err != nil {
			n.log.Error("the node's certificate is not renewed", "err", err)
		}
	}
}

// Handler serves the native API under /api/v1.
func (n *Node) Handler() http.Handler { return n.handler }

// JoinSecret lets edges into the cluster. It is a secret; the file join-secret in the data directory has it too.
func (n *Node) JoinSecret() string { return n.authority.JoinSecret().Text() }

// Identity is the node's own certificate and gossip key.
func (n *Node) Identity() *ca.Identity { return n.identity }

// View is the state as this node knows it.
func (n *Node) View() *state.View { return n.store.View() }

// Propose replicates a command, see store.Store.
func (n *Node) Propose(ctx context.Context, c state.Command) (state.Result, error) {
	return n.store.Propose(ctx, c)
}

// Ready reports why the node takes no writes; nil when it does.
func (n *Node) Ready() error { return n.store.Ready() }

// Close ends feeds, then Raft, and releases the listeners and the disk. It is idempotent; ctx bounds the wait
// for answers under way.
func (n *Node) Close(ctx context.Context) error {
	n.close.Do(func() {
		n.cancel(errNodeClosed)
		var errs []error
		if n.server != nil {
			if err := n.server.Shutdown(ctx); err != nil {
				errs = append(errs, err, n.server.Close())
			}
		}
		errs = append(errs, ignoreClosed(n.cfg.Cluster.Close()))
		n.wg.Wait()
		if n.history != nil {
			errs = append(errs, n.history.Close())
		}
		if n.store != nil {
			errs = append(errs, n.store.Close())
		}
		if n.cfg.Raft != nil {
			errs = append(errs, ignoreClosed(n.cfg.Raft.Close()))
		}
		n.clErr = errors.Join(errs...)
	})
	return n.clErr
}

func ignoreClosed(err error) error {
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// ClusterAddr is where edges reach the node.
func (n *Node) ClusterAddr() net.Addr { return n.cfg.Cluster.Addr() }
