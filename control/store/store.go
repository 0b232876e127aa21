package store

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/raft"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/meridian-video/meridian/control/state"
)

var (
	// ErrNotLeader is returned when this node cannot decide, because another one leads or nobody does.
	ErrNotLeader = errors.New("this control node is not the leader")
	// ErrClosed is returned after Close.
	ErrClosed = errors.New("store closed")
	// ErrUnknownOutcome is returned when the caller stopped waiting for a command that may still be applied.
	ErrUnknownOutcome = errors.New("outcome of the command is unknown")
)

// fileLog is the log and the votes.
const fileLog = "raft.db"

// maxBatch bounds the log entries that are written, sent and applied together. A disk that takes 5 ms for a
// sync, twice for a batch, is not to be what bounds the writes of some hundred clients.
const maxBatch = 256

// Config of a Store.
type Config struct {
	Dir string // data directory; created when absent
	ID  string // this voter's id, for life

	// Listener takes Raft streams of other voters, over TLS and of Protocol(Cluster) alone; nil for a voter that
	// stays alone.
	Listener  net.Listener
	Advertise string // address other voters dial; empty = the listener's
	ClientTLS *tls.Config
	Dial      DialFunc // nil = net.Dialer

	// Cluster names the cluster, for life. Empty for a voter that stays alone.
	Cluster string
	// Founders are the voters of a new cluster, the same on each of them; nil = this node alone. They count
	// only for a directory without a Raft configuration.
	Founders []Member
	// Join starts a directory without a Raft configuration empty, for a node that a leader has admitted.
	Join bool

	// State is the machine to replicate; nil = a new one.
	State *state.State

	// ElectionTimeout is Raft's heartbeat and election timeout: at least ten round trips between voters.
	// 0 = 150 ms alone, 300 ms with a listener.
	ElectionTimeout time.Duration
	// SnapshotThreshold is the number of log entries after which a snapshot is taken; 0 = 8192.
	SnapshotThreshold uint64
	// TrailingLogs is how many entries stay in the log behind a snapshot, for voters that lag; 0 = 10240.
	TrailingLogs uint64
	// DiskStall is how long one write may take before the disk counts as dead; 0 = 10 s.
	DiskStall time.Duration

	// OnFatal is called once when the disk failed; it must end the process. Nil = exit with status 3.
	OnFatal func(error)
	// OnApply is called in the order of the log with every applied entry, by Raft's goroutine: it must not block.
	OnApply func(state.Result)
	// OnRestore is called when the state was replaced by a snapshot. Same goroutine as OnApply.
	OnRestore func()

	Log        *slog.Logger
	Registerer prometheus.Registerer // nil = no metrics
}

// Store is one voter: Raft, its disk and the state.
type Store struct {
	cfg   Config
	log   *slog.Logger
	logs  *logStore
	state *state.State
	raft  *raft.Raft
	trans io.Closer

	cancel  context.CancelFunc
	wg      sync.WaitGroup
	close   sync.Once
	closeEr error

	applies watermark     // every entry up to it is applied, commands or not
	leading atomic.Uint64 // the term that this node leads, with all earlier ones applied; 0 = none
	reads   *rounds
	metrics storeMetrics

	mu      sync.Mutex
	changed chan struct{} // closed and replaced when leading, or the known leader, changes
	closed  bool
}

// Open starts the voter. A directory without a Raft configuration is bootstrapped with the founders, or left
// empty for a leader to fill; the same call on a directory that has one goes on with it.
func Open(cfg Config) (*Store, error) {
	cfg = withDefaults(cfg)
	if cfg.Dir == "" || cfg.ID == "" {
		return nil, errors.New("store: Dir and ID are required")
	}
	if err := os.MkdirAll(cfg.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("data directory: %w", err)
	}
	if err := syncDir(filepath.Dir(cfg.Dir)); err != nil { // the directory's own name
		return nil, fmt.Errorf("data directory: %w", err)
	}
	s := &Store{cfg: cfg, log: cfg.Log, state: cfg.State, reads: newRounds(), changed: make(chan struct{})}
	var err error
	if s.metrics, err = newStoreMetrics(cfg.Registerer, s); err != nil {
		return nil, err
	}
	s.logs, err = openLogStore(filepath.Join(cfg.Dir, fileLog), cfg.DiskStall, s.fatal)
	if err != nil {
		return nil, err
	}
	if err := s.start(); err != nil {
		return nil, errors.Join(err, s.logs.Close())
	}
	return s, nil
}

func withDefaults(cfg Config) Config {
	if cfg.ElectionTimeout == 0 {
		cfg.ElectionTimeout = 300 * time.Millisecond
		if cfg.Listener == nil {
			cfg.ElectionTimeout = 150 * time.Millisecond
		}
	}
	if cfg.SnapshotThreshold == 0 {
		cfg.SnapshotThreshold = 8192
	}
	if cfg.TrailingLogs == 0 {
		cfg.TrailingLogs = 10240
	}
	if cfg.DiskStall == 0 {
		cfg.DiskStall = 10 * time.Second
	}
	if cfg.State == nil {
		cfg.State = state.New()
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.OnFatal == nil {
		cfg.OnFatal = func(error) { os.Exit(3) }
	}
	if cfg.OnApply == nil {
		cfg.OnApply = func(state.Result) {}
	}
	if cfg.OnRestore == nil {
		cfg.OnRestore = func() {}
	}
	return cfg
}

func (s *Store) fatal(cause error) {
	s.log.Error("the disk of the control node failed; ending", "dir", s.cfg.Dir, "cause", cause)
	s.cfg.OnFatal(cause)
}

func (s *Store) start() error {
	logger := newRaftLogger(s.log)
	snaps, err := newSnapshotStore(s.cfg.Dir, logger)
	if err != nil {
		return err
	}
	trans, release := s.transport()
	conf := raft.DefaultConfig()
	conf.LocalID = raft.ServerID(s.cfg.ID)
	conf.Logger = logger
	conf.HeartbeatTimeout, conf.ElectionTimeout = s.cfg.ElectionTimeout, s.cfg.ElectionTimeout
	conf.LeaderLeaseTimeout = s.cfg.ElectionTimeout // reads ask a majority: the lease only ends a lonely lead
	conf.CommitTimeout = min(conf.CommitTimeout, s.cfg.ElectionTimeout/10)
	conf.SnapshotThreshold = s.cfg.SnapshotThreshold
	conf.TrailingLogs = s.cfg.TrailingLogs
	conf.BatchApplyCh = true
	conf.MaxAppendEntries = maxBatch
	conf.ShutdownOnRemove = false // a removed node says so rather than seeming dead
	conf.NoLegacyTelemetry = true
	cache, err := raft.NewLogCache(512, s.logs)
	if err != nil {
		return errors.Join(err, release.Close())
	}
	if err := s.bootstrap(conf, cache, snaps, trans); err != nil {
		return errors.Join(err, release.Close())
	}
	machine := &fsm{state: s.state, applied: s.applied, reached: s.applies.reach, reset: s.cfg.OnRestore}
	if s.raft, err = raft.NewRaft(conf, machine, cache, s.logs, snaps, trans); err != nil {
		return errors.Join(fmt.Errorf("start raft: %w", err), release.Close())
	}
	s.trans = release
	ctx, cancel := context.WithCancel(context.Background())
	s.cancel = cancel
	s.wg.Go(func() { s.watchLeadership(ctx) })
	s.wg.Go(func() { s.watchLeader(ctx) })
	s.wg.Go(func() { s.reads.run(ctx, s.confirm) })
	return nil
}

func (s *Store) transport() (raft.Transport, io.Closer) {
	if s.cfg.Listener == nil {
		_, t := raft.NewInmemTransport(raft.ServerAddress(s.cfg.ID))
		return t, t
	}
	t := raft.NewNetworkTransportWithConfig(&raft.NetworkTransportConfig{
		Stream:  newStreamLayer(s.cfg),
		MaxPool: 3, Timeout: 10 * time.Second, Logger: newRaftLogger(s.log),
	})
	return t, closer(func() error {
		t.CloseStreams() // Close leaves them to the other ends
		return t.Close()
	})
}

// closer is a function as io.Closer.
type closer func() error

// Close implements io.Closer.
func (c closer) Close() error { return c() }

func (s *Store) bootstrap(conf *raft.Config, logs raft.LogStore, snaps raft.SnapshotStore, t raft.Transport) error {
	has, err := raft.HasExistingState(logs, s.logs, snaps)
	if err != nil {
		return fmt.Errorf("read raft state: %w", err)
	}
	if has || s.cfg.Join {
		return nil
	}
	servers := []raft.Server{{Suffrage: raft.Voter, ID: conf.LocalID, Address: t.LocalAddr()}}
	if len(s.cfg.Founders) > 0 {
		servers = serversOf(s.cfg.Founders)
	}
	if err := raft.BootstrapCluster(conf, logs, s.logs, snaps, t, raft.Configuration{Servers: servers}); err != nil {
		return fmt.Errorf("bootstrap raft: %w", err)
	}
	s.log.Info("new control cluster", "node", s.cfg.ID, "voters", len(servers))
	return nil
}

// watchLeadership marks the node as able to decide once everything of earlier terms is applied.
func (s *Store) watchLeadership(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case leads := <-s.raft.LeaderCh():
			if !leads {
				s.leading.Store(0)
				s.signal()
				s.log.Warn("leadership lost")
				continue
			}
			term := s.Term()
			if err := s.runBarrier(); err != nil {
				s.log.Warn("barrier after election", "err", err)
				continue
			}
			s.leading.Store(term)
			s.signal()
			s.log.Info("leading", "node", s.cfg.ID, "index", s.AppliedIndex())
		}
	}
}

// watchLeader wakes those who wait for a leader, wherever it is.
func (s *Store) watchLeader(ctx context.Context) {
	seen := make(chan raft.Observation, 1) // one is enough: what counts is that something changed
	o := raft.NewObserver(seen, false, func(o *raft.Observation) bool {
		_, ok := o.Data.(raft.LeaderObservation)
		return ok
	})
	s.raft.RegisterObserver(o)
	defer s.raft.DeregisterObserver(o)
	for {
		select {
		case <-ctx.Done():
			return
		case <-seen:
			s.signal()
		}
	}
}

func (s *Store) runBarrier() error {
	f := s.raft.Barrier(0)
	if err := f.Error(); err != nil {
		return err
	}
	if i, ok := f.(raft.IndexFuture); ok {
		s.applies.reach(i.Index())
	}
	return nil
}

func (s *Store) applied(r state.Result) {
	if r.Err != nil {
		s.log.Debug("command refused", "index", r.Index, "err", r.Err)
	}
	s.cfg.OnApply(r)
}

func (s *Store) signal() {
	s.mu.Lock()
	defer s.mu.Unlock()
	close(s.changed)
	s.changed = make(chan struct{})
}

// track runs fn in a goroutine that Close waits for; false after Close.
func (s *Store) track(fn func()) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.wg.Go(fn)
	return true
}

// WaitReady blocks until the node can decide.
func (s *Store) WaitReady(ctx context.Context) error {
	for {
		changed := s.Changed()
		if s.leading.Load() != 0 {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("wait for a leader: %w", context.Cause(ctx))
		}
	}
}

// Changed is closed when this node begins or ceases to lead, or learns of another leader.
func (s *Store) Changed() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.changed
}

// Ready reports why the node takes no writes; nil when it does.
func (s *Store) Ready() error {
	if err := s.logs.latched(); err != nil {
		return err
	}
	if s.leading.Load() == 0 {
		return s.notLeader()
	}
	return nil
}

// Fresh tells whether the state is as new as the cluster's: the node leads, or heard from the leader within
// the given time.
func (s *Store) Fresh(within time.Duration) bool {
	if s.leading.Load() != 0 {
		return s.logs.latched() == nil
	}
	contact := s.raft.LastContact()
	return s.raft.State() == raft.Follower && !contact.IsZero() && time.Since(contact) < within
}

// View returns the state as this node knows it, without asking anyone.
func (s *Store) View() *state.View { return s.state.View() }

// AppliedIndex is the index up to which every log entry is in View, commands or not.
func (s *Store) AppliedIndex() uint64 { return s.applies.index.Load() }

// Close stops Raft and releases the disk. It is idempotent.
func (s *Store) Close() error {
	s.close.Do(func() {
		s.mu.Lock()
		s.closed = true
		s.mu.Unlock()
		s.handOver()
		err := s.raft.Shutdown().Error()
		s.cancel()
		s.wg.Wait()
		s.leading.Store(0)
		s.signal()
		s.closeEr = errors.Join(err, s.trans.Close(), s.logs.Close(), s.metrics.unregister())
	})
	return s.closeEr
}
