package control

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/meridian-video/meridian/control/api"
	"github.com/meridian-video/meridian/control/ca"
	"github.com/meridian-video/meridian/control/cluster"
	"github.com/meridian-video/meridian/control/feed"
	"github.com/meridian-video/meridian/control/history"
	"github.com/meridian-video/meridian/control/notify"
	"github.com/meridian-video/meridian/control/notify/guard"
	"github.com/meridian-video/meridian/control/notify/tenant"
	"github.com/meridian-video/meridian/control/partner/gcore"
	"github.com/meridian-video/meridian/control/port"
	"github.com/meridian-video/meridian/control/proxy"
	"github.com/meridian-video/meridian/control/seal"
	"github.com/meridian-video/meridian/control/state"
	"github.com/meridian-video/meridian/control/store"
	"github.com/meridian-video/meridian/geo"
)

// Config of a control node.
type Config struct {
	Dir    string     // data directory: Raft, authority, join secret, keys; created when absent
	NodeID geo.NodeID // this node, for life

	// VoterSecret makes this node one of the cluster that shares it; zero = the directory's, or a new one.
	VoterSecret ca.VoterSecret
	// BootstrapExpect is how many nodes found the cluster together: the first of Join, the same on each of them.
	// 0 founds nothing, but alone where Join is empty.
	BootstrapExpect int
	// Join are cluster listeners of control nodes, this one's too, in one order everywhere.
	Join []string

	// Cluster takes enrolments and feeds of edges; the node speaks TLS on it. Required. Close closes it.
	Cluster net.Listener
	// Raft takes streams and requests of other voters; nil for a voter that stays alone. Close closes it.
	Raft          net.Listener
	RaftAdvertise string // address other voters dial; empty = the listener's
	// Dial opens streams to other voters; nil = net.Dialer.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)
	// ElectionTimeout, see store.Config; 0 = default.
	ElectionTimeout time.Duration

	// History is where sessions, usage and audit are kept, see history.Open; empty = a file in Dir, which only a
	// node that is alone may have.
	History string
	// OpenHistory opens it in another way, where no database server can be had; nil = as History says.
	OpenHistory func(ctx context.Context) (*history.Store, error)

	// Notifications says how companies and people outside are reached.
	Notifications Notifications

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
	birth     atomic.Pointer[cluster.Birth]
	store     *store.Store
	history   *history.Store
	sealer    *seal.Sealer
	directory *tenant.Directory
	notifier  *notify.Notifier
	sender    *notify.Sender
	secretary *tenant.Secretary
	outside   *http.Client // calls webhooks
	guard     *guard.Guard // judges what may be called outside
	proxy     *proxy.Proxy
	port      *port.Port
	api       *api.API      // what the leader answers
	edges     http.Handler  // what the leader decides for edges
	gcore     http.Handler  // statistics in a partner's words
	server    *http.Server  // on the cluster listener
	voters    *http.Server  // on the Raft listener
	opened    chan struct{} // closed when store is set
	serving   atomic.Bool   // in a cluster, and caught up with it

	ctx    context.Context
	cancel context.CancelCauseFunc
	wg     sync.WaitGroup
	close  sync.Once
	clErr  error
}

// providerTimeout bounds a call to a company's OpenID Connect provider, whose address the company chooses.
const providerTimeout = 5 * time.Second

// errNodeClosed is the cause with which feeds end.
var errNodeClosed = errors.New("control node closed")

// Open starts the node and returns when it answers as part of a cluster that has a leader (or ctx ends). A new
// data directory without others to join becomes a new cluster with its own authority and join secret.
func Open(ctx context.Context, cfg Config) (*Node, error) {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Seeds == nil {
		cfg.Seeds = func() []string { return nil }
	}
	if cfg.Dial == nil {
		cfg.Dial = (&net.Dialer{Timeout: 5 * time.Second}).DialContext
	}
	if cfg.Cluster == nil {
		return nil, errors.New("control: a cluster listener is required")
	}
	if cfg.Raft == nil && (cfg.BootstrapExpect > 1 || len(cfg.Join) > 0) {
		return nil, errors.New("control: several voters need a Raft listener")
	}
	if err := geo.ValidNodeID(string(cfg.NodeID)); err != nil {
		return nil, fmt.Errorf("control: %w", err)
	}
	n := &Node{cfg: cfg, log: cfg.Log, opened: make(chan struct{})}
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
	err := store.CheckFormat(n.raftDir())
	if err != nil { // first of all: nothing is to be written beside what an older version left
		return err
	}
	if n.authority, err = ca.Open(n.cfg.Dir, n.cfg.VoterSecret); err != nil {
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
	b, err := n.loadBirth()
	if err != nil {
		return err
	}
	if err := n.openHistory(ctx); err != nil {
		return err
	}
	if err := n.openNotifier(); err != nil {
		return err
	}
	n.serve(hub) // before there is a cluster: its members must find each other
	if err := n.form(ctx, b); err != nil {
		return err
	}
	if err := n.openStore(machine, hub); err != nil {
		return err
	}
	n.serveVoters()
	if err := n.catchUp(ctx); err != nil {
		return err
	}
	if err := n.initPlatform(ctx); err != nil {
		return err
	}
	signer, err := n.signer(ctx)
	if err != nil {
		return err
	}
	ledgers, err := SigningKey(n.cfg.Dir)
	if err != nil {
		return err
	}
	n.openSecretary(signer)
	native, err := api.New(api.Config{
		Store: n.store, Tokens: signer, Seal: n.sealer, Cluster: n, History: n.history, LedgerKey: ledgers,
		Deliveries: n.notifier, Letters: passwordLetters{n}, Providers: n.guard.Client(providerTimeout), Log: n.log, Registerer: n.cfg.Registerer,
	})
	if err != nil {
		return err
	}
	n.api, n.edges = native, n.decideForEdges(signer)
	n.gcore = &gcore.Statistics{Company: native.Company, History: n.history, Log: n.log.With("part", "gcore")}
	n.serving.Store(true)
	n.wg.Go(func() { native.Run(n.ctx) })
	n.wg.Go(n.renew)
	n.wg.Go(n.becomeVoter)
	n.wg.Go(n.takeEvents)
	n.wg.Go(n.retain)
	n.wg.Go(func() { n.whileLeading(n.notifyOutside) })
	return nil
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

// Handler serves the native API under /api/v1, wherever the leader is.
func (n *Node) Handler() http.Handler { return n.proxy }

// JoinSecret lets edges into the cluster. It is a secret; the file join-secret in the data directory has it too.
func (n *Node) JoinSecret() string { return n.authority.JoinSecret().Text() }

// Identity is the node's own certificate and gossip key.
func (n *Node) Identity() *ca.Identity { return n.identity }

// View is the state as this node knows it.
func (n *Node) View() *state.View { return n.store.View() }

// SealKey seals secrets in the state: 32 bytes, the same on every node of the cluster.
func (n *Node) SealKey() []byte { return n.authority.SealKey() }

// Ready reports why the node answers nothing that needs the cluster; nil when it does.
func (n *Node) Ready() error {
	if !n.serving.Load() {
		return errForming
	}
	if err := n.store.Ready(); err == nil || !n.store.Fresh(freshness) {
		return err
	}
	return nil
}

// Close ends feeds, then Raft, and releases the listeners and the disk. It is idempotent; ctx bounds the wait
// for answers under way.
func (n *Node) Close(ctx context.Context) error {
	n.close.Do(func() {
		n.cancel(errNodeClosed)
		errs := []error{shutdown(ctx, n.server), ignoreClosed(n.cfg.Cluster.Close())}
		if n.store != nil {
			errs = append(errs, n.store.Close()) // hands the lead over while the others can still ask us
		}
		errs = append(errs, shutdown(ctx, n.voters))
		if n.port != nil {
			errs = append(errs, ignoreClosed(n.port.Close()))
		} else if n.cfg.Raft != nil {
			errs = append(errs, ignoreClosed(n.cfg.Raft.Close()))
		}
		n.wg.Wait()
		if n.history != nil {
			errs = append(errs, n.history.Close())
		}
		if n.outside != nil {
			n.outside.CloseIdleConnections()
		}
		if n.proxy != nil {
			n.proxy.Close()
		}
		n.clErr = errors.Join(errs...)
	})
	return n.clErr
}

// shutdown ends a server, by force when ctx ends first.
func shutdown(ctx context.Context, s *http.Server) error {
	if s == nil {
		return nil
	}
	if err := s.Shutdown(ctx); err != nil {
		return errors.Join(err, s.Close())
	}
	return nil
}

func ignoreClosed(err error) error {
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// ClusterAddr is where edges reach the node.
func (n *Node) ClusterAddr() net.Addr { return n.cfg.Cluster.Addr() }
