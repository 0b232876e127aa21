package client

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/meridian-video/meridian/control/ca"
	"github.com/meridian-video/meridian/geo"
)

// Config of an edge's side of the control plane.
type Config struct {
	Dir     string   // on the edge's disk; created when absent
	Control []string // host:port of the cluster listeners of control nodes
	// Discover gives more of them, as gossip knows them; nil = none. What answers there must show a control
	// node's certificate all the same.
	Discover   func() []string
	JoinSecret string     // mrd1.…; needed for the first enrolment and for renewals
	NodeID     geo.NodeID // this edge
	// Dial opens streams to control; nil = net.Dialer.
	Dial       func(ctx context.Context, network, addr string) (net.Conn, error)
	Log        *slog.Logger
	Registerer prometheus.Registerer // nil = no metrics
}

// Identity is what the edge is in the cluster. Client.Run renews it.
type Identity = ca.Identity

var (
	// ErrRefused is returned by Enroll when control does not accept the join secret.
	ErrRefused = ca.ErrRefused
	// ErrWrongCluster is returned by Enroll when the control node is not of the join secret's cluster.
	ErrWrongCluster = ca.ErrWrongCluster
	// ErrJoinSecret is returned when the join secret is malformed.
	ErrJoinSecret = ca.ErrJoinSecret
	// ErrNoControl is returned when no control address is configured.
	ErrNoControl = errors.New("no control address is configured")
)

func (c Config) withDefaults() Config {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Discover == nil {
		c.Discover = func() []string { return nil }
	}
	if c.Dial == nil {
		c.Dial = (&net.Dialer{Timeout: 5 * time.Second, KeepAlive: 15 * time.Second}).DialContext
	}
	return c
}

func (c Config) identityFile() string { return filepath.Join(c.Dir, "identity.json") }

// Enroll returns the identity on the disk if it is still valid and of the join secret's cluster. Otherwise it
// asks the control nodes in turn, with backoff until ctx ends; what will not heal by waiting (a refused
// secret, another cluster) is returned at once.
func Enroll(ctx context.Context, cfg Config) (*Identity, error) {
	cfg = cfg.withDefaults()
	if err := os.MkdirAll(cfg.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("edge directory: %w", err)
	}
	if err := geo.ValidNodeID(string(cfg.NodeID)); err != nil {
		return nil, err
	}
	secret, serr := ca.ParseJoinSecret(cfg.JoinSecret)
	id, err := ca.LoadIdentity(cfg.identityFile(), cfg.NodeID)
	switch {
	case err == nil && (serr != nil && cfg.JoinSecret == "" || serr == nil && secret.Pins(id.Authority())):
		return id, nil
	case err == nil && serr == nil:
		cfg.Log.Warn("the identity on disk is of another cluster; enrolling anew")
	case err != nil && !errors.Is(err, os.ErrNotExist):
		cfg.Log.Warn("the identity on disk is unusable; enrolling anew", "err", err)
	}
	if serr != nil {
		return nil, serr
	}
	if len(cfg.Control) == 0 {
		return nil, ErrNoControl
	}
	var wait backoff
	for n := rand.IntN(len(cfg.Control)); ; n++ {
		addr := cfg.Control[n%len(cfg.Control)]
		id, err := ca.Enrol(ctx, secret, cfg.NodeID, addr, cfg.identityFile(), ca.DialFunc(cfg.Dial))
		if err == nil {
			cfg.Log.Info("enrolled", "control", addr, "until", id.Expires())
			return id, nil
		}
		if errors.Is(err, ErrRefused) || errors.Is(err, ErrWrongCluster) {
			return nil, err
		}
		cfg.Log.Warn("enrolment did not succeed; trying again", "control", addr, "err", err)
		if wait.sleep(ctx) != nil {
			return nil, fmt.Errorf("enrol: %w (last: %w)", context.Cause(ctx), err)
		}
	}
}

// backoff doubles from 100 ms to 5 s, with full jitter so that a thousand edges do not come back together.
type backoff struct{ next time.Duration }

func (b *backoff) reset() { b.next = 0 }

func (b *backoff) sleep(ctx context.Context) error {
	b.next = min(max(2*b.next, 100*time.Millisecond), 5*time.Second)
	t := time.NewTimer(b.next/4 + rand.N(b.next*3/4))
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
