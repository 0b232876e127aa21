package geo

import (
	"context"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/memberlist"
	"github.com/hashicorp/serf/coordinate"
)

// ErrClosed is returned when a member is used that has been closed.
var ErrClosed = errors.New("geo: closed")

// ErrSkewed is returned for a clock that most of the others contradict: the node
// is no member to the others until it is right.
var ErrSkewed = errors.New("clock is wrong by more than 500 ms")

// errClosing is the cause the member's own goroutines end with.
var errClosing = errors.New("closing")

// Members is this node's part in the gossip and its view of the others. All
// methods may be called by any goroutine.
type Members struct {
	log     *slog.Logger
	self    Node
	meta    []byte
	seeds   func() []string
	metrics *metrics

	roster *roster
	queue  *memberlist.TransmitLimitedQueue
	coords *coordinate.Client
	list   *memberlist.Memberlist
	ring   *memberlist.Keyring
	addr   string

	offset      atomic.Int64  // of the clock that is told, ns; tests set it wrong
	measured    atomic.Bool   // the own coordinate rests on a measurement
	contestedAt atomic.Int64  // when the own id was last seen elsewhere, ns
	changed     chan struct{} // 1 slot: something to tell the watchers
	urgent      chan struct{} // 1 slot: own state to announce now

	cancel context.CancelCauseFunc
	wg     sync.WaitGroup

	mu        sync.Mutex    // guards what is below
	own       state         // as it is
	clocks    clocks        // of the others
	behind    time.Duration // of the own clock, while it is skewed
	announced state         // as it was last sent
	watchers  []func()

	life   sync.Mutex // serialises Leave, Close and UseKeys
	left   bool
	closed bool
}

// Start takes part in the network. It returns at once; nodes are found in the
// background through the seeds.
func Start(c Config) (*Members, error) {
	if c.Self.Started.IsZero() {
		c.Self.Started = time.Now()
	}
	if err := c.Validate(); err != nil {
		return nil, err
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Seeds == nil {
		c.Seeds = func() []string { return nil }
	}
	coords, err := coordinate.NewClient(coordinate.DefaultConfig())
	if err != nil {
		return nil, fmt.Errorf("start coordinates: %w", err)
	}
	conf, err := c.memberlist()
	if err != nil {
		return nil, err
	}
	c.Self.Load, c.Self.Full, c.Self.Draining, c.Self.Gray, c.Self.Coordinate = 0, false, false, false, nil
	m := &Members{
		log:     c.Log.With("component", "geo"),
		self:    c.Self,
		meta:    appendMeta(nil, c.Self),
		seeds:   c.Seeds,
		roster:  newRoster(),
		ring:    conf.Keyring,
		coords:  coords,
		changed: make(chan struct{}, 1),
		urgent:  make(chan struct{}, 1),
		clocks:  clocks{},
		// A restarted node has to be believed over what is remembered of it.
		own: state{id: c.Self.ID, version: uint64(max(c.Self.Started.UnixMicro(), 1))},
	}
	m.queue = &memberlist.TransmitLimitedQueue{NumNodes: m.roster.count, RetransmitMult: retransmitMult}
	m.metrics = newMetrics(
		func() float64 { return float64(m.roster.count()) },
		func() float64 { return float64(m.list.GetHealthScore()) })
	d := &delegate{m}
	conf.Delegate, conf.Events, conf.Alive, conf.Ping, conf.Conflict = d, d, d, d, d
	conf.Logger = log.New(&logWriter{m.log}, "", 0)

	m.announce()
	if m.list, err = memberlist.Create(conf); err != nil {
		return nil, fmt.Errorf("start gossip on %s: %w", c.Bind, err)
	}
	if err := m.metrics.register(c.Registerer); err != nil {
		return nil, errors.Join(fmt.Errorf("register metrics: %w", err), m.list.Shutdown())
	}
	m.addr = m.list.LocalNode().Address()
	ctx, cancel := context.WithCancelCause(context.Background())
	m.cancel = cancel
	m.wg.Go(func() { m.notify(ctx) })
	m.wg.Go(func() { m.keepAnnouncing(ctx) })
	m.wg.Go(func() { m.rejoin(ctx) })
	return m, nil
}

// Addr is the gossip address others reach this node at.
func (m *Members) Addr() string { return m.addr }

// Self is this node as it described itself, with its present load.
func (m *Members) Self() Node {
	n := m.self
	m.mu.Lock()
	defer m.mu.Unlock()
	n.Load, n.Full, n.Draining, n.Gray = m.own.load, m.own.full, m.own.draining, m.own.gray || m.own.skewed
	return n
}

// Nodes returns the living nodes, this one included until it has left, sorted
// by id. Others whose clock is skewed are not among them; this one is gray then.
// The caller owns the result.
func (m *Members) Nodes() []Node { return m.roster.nodes(m.self.ID) }

// Lookup finds a living node, one that Nodes lists.
func (m *Members) Lookup(id NodeID) (Node, bool) { return m.roster.lookup(m.self.ID, id) }

// OnChange has f called after nodes came, went or changed. Calls come from one
// goroutine of their own, one for any number of changes at a time; f must not
// call Close. There is no call after Close has returned.
func (m *Members) OnChange(f func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.watchers = append(m.watchers, f)
}

// SetLoad tells the others how busy this node is: load from 0 to 1, full when
// it refuses new joins. A change of full travels at once, of load within a
// second and by steps of 2 %.
func (m *Members) SetLoad(load float64, full bool) {
	if math.IsNaN(load) {
		load = 1
	}
	m.mu.Lock()
	m.own.load = min(max(load, 0), 1)
	turned := m.own.full != full
	m.own.full = full
	m.mu.Unlock()
	if turned {
		wake(m.urgent)
	}
}

// SetDraining tells the others that this node takes nothing new, or does again.
func (m *Members) SetDraining(draining bool) {
	m.mu.Lock()
	turned := m.own.draining != draining
	m.own.draining = draining
	m.mu.Unlock()
	if turned {
		wake(m.urgent)
	}
}

// SetGray tells the others that this node passes no media, or does again.
func (m *Members) SetGray(gray bool) {
	m.mu.Lock()
	turned := m.own.gray != gray
	m.own.gray = gray
	m.mu.Unlock()
	if turned {
		wake(m.urgent)
	}
}

// RTT estimates the round trip between two nodes from their coordinates; false
// while one of them is unknown or has measured nothing. An estimate is a hint:
// usually within 20 % after a minute, and never a reason to refuse anything.
func (m *Members) RTT(from, to NodeID) (time.Duration, bool) {
	a, ok := m.Lookup(from)
	if !ok {
		return 0, false
	}
	b, ok := m.Lookup(to)
	if !ok {
		return 0, false
	}
	if from == to {
		return 0, true
	}
	if a.Coordinate == nil || b.Coordinate == nil {
		return 0, false
	}
	return a.Coordinate.DistanceTo(b.Coordinate), true
}

// Leave tells the others that this node goes, and waits until it has been said
// or the timeout is over, which is no error: the others then find out by probing,
// as they do without Leave.
func (m *Members) Leave(timeout time.Duration) error {
	m.life.Lock()
	defer m.life.Unlock()
	if m.closed {
		return ErrClosed
	}
	if m.left {
		return nil
	}
	m.left = true
	m.stop() // a rejoin on the way would invite the others to suspect us
	// The library fails only when the timeout is over, which is what happens when
	// the others leave at the same time and nobody is left to be told.
	if err := m.list.Leave(timeout); err != nil {
		m.log.Info("left without telling everybody", "err", err)
	}
	return nil
}

// Close ends this node's part without a word. It waits for its goroutines, at
// most for a stream exchange on the way (2 s).
func (m *Members) Close() error {
	m.life.Lock()
	defer m.life.Unlock()
	if m.closed {
		return nil
	}
	m.closed = true
	m.stop()
	if err := m.list.Shutdown(); err != nil {
		return fmt.Errorf("stop gossip: %w", err)
	}
	return nil
}

func (m *Members) stop() {
	m.cancel(errClosing)
	m.wg.Wait()
}

// notify calls the watchers.
func (m *Members) notify(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-m.changed:
			m.mu.Lock()
			watchers := slices.Clone(m.watchers)
			m.mu.Unlock()
			for _, f := range watchers {
				if ctx.Err() == nil {
					f()
				}
			}
		}
	}
}

// wake fills a one-slot channel.
func wake(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
