package client

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/meridian-video/meridian/control/ca"
	"github.com/meridian-video/meridian/control/proxy"
	"github.com/meridian-video/meridian/control/state"
)

// Client holds the edge's copy and follows the feed. Lookups go to View from any goroutine; Run is called
// once and owns everything else.
type Client struct {
	cfg Config
	id  *Identity
	log *slog.Logger

	view      atomic.Pointer[View]
	connected atomic.Bool
	beat      atomic.Int64 // Unix nanoseconds of the last word from control; 0 = never in this process
	opened    time.Time

	api *proxy.Proxy

	replica replica
	disk    disk
	dirty   bool // the disk lacks something: write a snapshot

	mu        sync.Mutex
	listeners []listener
	pending   [][]byte // deltas not yet on the disk; Run's alone

	reconnects prometheus.Counter
	deltas     prometheus.Counter
	snapshots  prometheus.Counter
	diskErrors prometheus.Counter
}

// Open loads the copy from the disk, if there is a good one; a broken one is dropped and fetched again.
func Open(cfg Config, id *Identity) (*Client, error) {
	cfg = cfg.withDefaults()
	if err := os.MkdirAll(cfg.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("edge directory: %w", err)
	}
	c := &Client{cfg: cfg, id: id, log: cfg.Log, disk: disk{dir: cfg.Dir}, opened: time.Now()}
	c.api = proxy.New(proxy.Config{Route: &rotation{addrs: c.control}, Dial: c.dialControl, Log: c.log})
	if err := c.register(); err != nil {
		return nil, err
	}
	switch err := c.disk.load(&c.replica); {
	case err == nil:
		c.view.Store(c.replica.view())
		c.beat.Store(c.disk.heard.UnixNano())
		c.log.Info("copy loaded", "index", c.replica.index)
	case errors.Is(err, errNoCopy):
	case errors.Is(err, errCopy):
		c.log.Error("the copy on disk is dropped and will be fetched again", "err", err)
		c.replica = replica{}
		if err := c.disk.discard(); err != nil {
			return nil, fmt.Errorf("drop broken copy: %w", err)
		}
	default:
		return nil, err
	}
	return c, nil
}

func (c *Client) register() error {
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Name: "meridian_control_client_" + name, Help: help})
	}
	c.reconnects = counter("connects_total", "Connections made to the change feed.")
	c.deltas = counter("deltas_total", "Deltas applied.")
	c.snapshots = counter("snapshots_total", "Snapshots taken over the feed.")
	c.diskErrors = counter("disk_errors_total", "Writes of the copy that did not succeed.")
	gauge := func(name, help string, f func() float64) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "meridian_control_client_" + name, Help: help}, f)
	}
	if c.cfg.Registerer == nil {
		return nil
	}
	for _, m := range []prometheus.Collector{
		c.reconnects, c.deltas, c.snapshots, c.diskErrors,
		gauge("connected", "1 while the change feed is followed.", func() float64 {
			if c.Connected() {
				return 1
			}
			return 0
		}),
		gauge("age_seconds", "Seconds since control was last heard.", func() float64 { return c.Age().Seconds() }),
		gauge("index", "Log index of the copy.", func() float64 { return float64(c.View().Index()) }),
	} {
		if err := c.cfg.Registerer.Register(m); err != nil {
			return fmt.Errorf("register metrics: %w", err)
		}
	}
	return nil
}

// View is the copy as of now; nil (which answers like an empty one) before the first.
func (c *Client) View() *View { return c.view.Load() }

// Ready tells whether there is a copy to decide by, however old.
func (c *Client) Ready() bool { return c.view.Load() != nil }

// Connected tells whether the feed is being followed and the copy has all that control had when it began to be.
func (c *Client) Connected() bool { return c.connected.Load() }

// Age is the time since control was last heard, before a restart perhaps; since Open when never.
func (c *Client) Age() time.Duration {
	if at := c.beat.Load(); at != 0 {
		return time.Since(time.Unix(0, at))
	}
	return time.Since(c.opened)
}

// Identity is the one given to Open.
func (c *Client) Identity() *Identity { return c.id }

// listener is told of new views, of kinds alone if there are any.
type listener struct {
	tell  func(*View)
	kinds []state.Kind
}

// OnChange adds a function that is called with each new view, in order, by Run's goroutine: it must not block.
// With kinds it is called only where one of them may have changed, and when the copy has caught up with control
// after it was away.
func (c *Client) OnChange(f func(*View), kinds ...state.Kind) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.listeners = append(c.listeners, listener{f, kinds})
}

// OnTokens is OnChange for what decides on tokens: keys and revocations.
func (c *Client) OnTokens(f func(*View)) {
	c.OnChange(f, state.KindTenantKey, state.KindSigningKey, state.KindRevocation)
}

// publish shows what the replica holds, of which these kinds have changed; none: any may have.
func (c *Client) publish(kinds ...state.Kind) {
	v := c.replica.view()
	c.view.Store(v)
	c.tell(v, func(l listener) bool {
		return len(l.kinds) == 0 || len(kinds) == 0 || slices.ContainsFunc(kinds, func(k state.Kind) bool { return slices.Contains(l.kinds, k) })
	})
}

func (c *Client) tell(v *View, whom func(listener) bool) {
	c.mu.Lock()
	listeners := c.listeners
	c.mu.Unlock()
	for _, l := range listeners {
		if whom(l) {
			l.tell(v)
		}
	}
}

// caughtUp notes a beat: with the first of a stream, the copy has everything.
func (c *Client) caughtUp() {
	if !c.connected.Swap(true) {
		c.tell(c.View(), func(l listener) bool { return len(l.kinds) > 0 })
	}
}

// Run follows the feed until ctx ends, going from one control node to the next with backoff, and renews the
// identity at two thirds of its life. It returns the cause of the context's end.
func (c *Client) Run(ctx context.Context) error {
	if len(c.cfg.Control) == 0 {
		return ErrNoControl
	}
	var wg sync.WaitGroup
	wg.Go(func() { c.renew(ctx) })
	defer wg.Wait()
	defer c.disk.closeLog()
	defer c.api.Close()
	var wait backoff
	for n := rand.IntN(len(c.cfg.Control)); ; n++ { // not everybody with the first
		list := c.control()
		addr := list[n%len(list)]
		heard, err := c.follow(ctx, addr)
		c.connected.Store(false)
		c.save()
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		c.log.Warn("change feed ended; trying again", "control", addr, "err", err, "index", c.View().Index())
		if heard {
			wait.reset()
		}
		if wait.sleep(ctx) != nil {
			return context.Cause(ctx)
		}
	}
}

// renew asks for a new certificate in time. The old one serves meanwhile.
func (c *Client) renew(ctx context.Context) {
	secret, err := ca.ParseJoinSecret(c.cfg.JoinSecret)
	if err != nil {
		if c.cfg.JoinSecret != "" {
			c.log.Error("the identity will not be renewed", "err", err)
		}
		return
	}
	for n := 0; ; n++ {
		pause := max(time.Until(c.id.RenewAt()), 0)
		if n > 0 && pause == 0 {
			pause = renewRetry
		}
		t := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			t.Stop()
			return
		case <-t.C:
		}
		list := c.control()
		addr := list[n%len(list)]
		if err := c.id.Enrol(ctx, secret, addr, c.cfg.identityFile(), ca.DialFunc(c.cfg.Dial)); err != nil {
			c.log.Warn("renewal of the identity did not succeed; trying again", "control", addr, "until", c.id.Expires(), "err", err)
			continue
		}
		c.log.Info("identity renewed", "until", c.id.Expires())
	}
}

// renewRetry is the pause between tries; the last third of a certificate's life has room for thousands.
const renewRetry = time.Minute
