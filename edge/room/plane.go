package room

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"io"
	"iter"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/meridian-video/meridian/control/history/record"
	"github.com/meridian-video/meridian/geo"
	"github.com/prometheus/client_golang/prometheus"
)

// Peers is the network between nodes. Send neither blocks nor keeps body; what
// is sent arrives in order while the link lives and is lost with it. Call may
// be made from any goroutine.
type Peers interface {
	Send(to geo.NodeID, topic string, body []byte) error
	Call(ctx context.Context, to geo.NodeID, topic string, body []byte) ([]byte, error)
}

// Config is what a plane needs. Self, Peers and Nodes are required; zero
// durations take the defaults named.
type Config struct {
	Self  geo.NodeID
	POP   string
	Peers Peers
	Nodes func() []geo.NodeID // living edge nodes including Self; must not block

	// Prefers says whether a node is where the room, by its configuration, should
	// have its home; nil: any node is as good. It must not block. Nodes that
	// answer differently for a while find each other as after a partition.
	Prefers func(Key, geo.NodeID) bool

	// Drains says whether a node is to be left: no room should have its home
	// there, whatever else speaks for it; nil: none is. It must not block.
	Drains func(geo.NodeID) bool

	Recorder Recorder                  // nil: nothing is kept
	Placer   Placer                    // nil: nobody is told
	Standing func(Key) Epoch           // of the home that control has for a room, zero: none; must not block. nil: not known
	Kind     func(Key) record.RoomKind // of a room, for its records; must not block. nil: a call

	Now        func() time.Time      // time.Now
	Rand       io.Reader             // crypto/rand.Reader; safe for concurrent use
	Log        *slog.Logger          // discarded
	Registerer prometheus.Registerer // nil: metrics are not registered

	PersonGrace time.Duration // reconnecting until lost, 30 s (L-19)
	RoomGrace   time.Duration // empty until forgotten, 60 s (L-20)
	LinkGrace   time.Duration // link down until its node counts as gone, 2.5 s
	Window      time.Duration // collecting copies at a takeover, 300 ms; at most 500 ms
	Beat        time.Duration // between a home's announcements, 2 s
	AskTimeout  time.Duration // of a question to another node, 600 ms
	Register    time.Duration // of a registration, which may wait for a takeover, 2.5 s
	JoinTimeout time.Duration // until Join gives up with ErrTryAgain, 10 s
	LobbyTime   time.Duration // in the lobby until it does, 4 h
}

func (c Config) withDefaults() Config {
	c.Now = orFunc(c.Now, time.Now)
	if c.Rand == nil {
		c.Rand = rand.Reader
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Drains == nil {
		c.Drains = func(geo.NodeID) bool { return false }
	}
	if c.Placer == nil {
		c.Placer = unplaced{}
	}
	c.PersonGrace = cmp.Or(c.PersonGrace, 30*time.Second)
	c.RoomGrace = cmp.Or(c.RoomGrace, 60*time.Second)
	c.LinkGrace = cmp.Or(c.LinkGrace, 2500*time.Millisecond)
	c.Window = min(cmp.Or(c.Window, 300*time.Millisecond), 500*time.Millisecond)
	c.Beat = cmp.Or(c.Beat, 2*time.Second)
	c.AskTimeout = cmp.Or(c.AskTimeout, 600*time.Millisecond)
	c.Register = cmp.Or(c.Register, 2500*time.Millisecond)
	c.JoinTimeout = cmp.Or(c.JoinTimeout, 10*time.Second)
	c.LobbyTime = cmp.Or(c.LobbyTime, 4*time.Hour)
	return c
}

func orFunc(f, otherwise func() time.Time) func() time.Time {
	if f == nil {
		return otherwise
	}
	return f
}

// Bounds of what waits at one node.
const (
	mailboxLimit = 4096 // messages from the network waiting for one room
	pendingLimit = 256  // joins and chat messages of one room without an answer
)

// Plane is the room plane of one node. All methods are safe for concurrent use.
type Plane struct {
	cfg     Config
	log     *slog.Logger
	clock   *hlc
	health  *health
	metrics *metrics

	ctx    context.Context
	cancel context.CancelCauseFunc
	wg     sync.WaitGroup

	mu     sync.Mutex
	closed bool
	rooms  map[Key]*owner
	homes  map[Key]announced // who is home, told to this node as directory
	swept  time.Time         // of homes
}

// New starts a plane. Close ends it.
func New(cfg Config) *Plane {
	cfg = cfg.withDefaults()
	ctx, cancel := context.WithCancelCause(context.Background())
	p := &Plane{
		cfg: cfg, log: cfg.Log, ctx: ctx, cancel: cancel,
		clock:  &hlc{self: cfg.Self, now: cfg.Now},
		health: newHealth(cfg),
		rooms:  map[Key]*owner{}, homes: map[Key]announced{},
	}
	p.metrics = newMetrics(p, cfg.Registerer)
	return p
}

// Close stops every room of this node and waits. It tells nobody: who is to be
// told has left before. Waiting calls return ErrClosed.
func (p *Plane) Close() {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	p.cancel(ErrClosed)
	p.wg.Wait()
	if p.cfg.Registerer != nil {
		for _, c := range p.metrics.all() {
			p.cfg.Registerer.Unregister(c)
		}
	}
}

// post hands f to the owner of a room, made for it if create says so. It
// reports whether f will run or the owner's end will be noticed otherwise.
func (p *Plane) post(k Key, create bool, limit int, f func(*owner)) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return false
	}
	o := p.rooms[k]
	if o == nil {
		if !create {
			return false
		}
		o = newOwner(p, k)
		p.rooms[k] = o
		p.wg.Go(o.run)
	}
	return o.box.put(f, limit)
}

// retire forgets an owner unless something waits for it.
func (p *Plane) retire(o *owner) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !o.box.closeIfEmpty() {
		return false
	}
	delete(p.rooms, o.key)
	return true
}

func (p *Plane) owners() []*owner {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := make([]*owner, 0, len(p.rooms))
	for _, o := range p.rooms {
		all = append(all, o)
	}
	return all
}

// NodesChanged tells the plane that Config.Nodes gives another answer.
func (p *Plane) NodesChanged() {
	for _, o := range p.owners() {
		o.box.put((*owner).nodesChanged, 0)
	}
}

// LinkChanged tells the plane that the link to a node came up or went down.
// Messages that had not arrived when it went down are lost.
func (p *Plane) LinkChanged(peer geo.NodeID, up bool) {
	p.health.link(peer, up)
	for _, o := range p.owners() {
		o.box.put(func(o *owner) { o.linkChanged(peer, up) }, 0)
	}
}

// RoomInfo is one room as held by this node.
type RoomInfo struct {
	Company, Room string

	Home    geo.NodeID
	Leading bool // this node is the home
	People  int
}

// Rooms lists the rooms this node holds a copy of, in no order.
func (p *Plane) Rooms() iter.Seq[RoomInfo] {
	return func(yield func(RoomInfo) bool) {
		for _, o := range p.owners() {
			if info, ok := o.info(); ok && !yield(info) {
				return
			}
		}
	}
}

// Locate is this node's own copy of a room, be it home, leaf or standby.
func (p *Plane) Locate(company, room string) (Snapshot, bool) {
	p.mu.Lock()
	o := p.rooms[Key{company, room}]
	p.mu.Unlock()
	if o == nil {
		return Snapshot{}, false
	}
	return o.locate()
}

// Find is Locate, or else asks the nodes that should know. ErrNotFound means
// that none of them knows the room.
func (p *Plane) Find(ctx context.Context, company, room string) (Snapshot, error) {
	k := Key{company, room}
	if !k.valid() {
		return Snapshot{}, ErrInvalid
	}
	if s, ok := p.Locate(company, room); ok {
		return s, nil
	}
	candidates := p.health.rank(k)
	if a, ok := p.homeOf(k); ok {
		candidates = slices.Insert(candidates, 0, a.home)
	}
	asked := map[geo.NodeID]bool{p.cfg.Self: true}
	for tries := 0; len(candidates) > 0 && tries < 5; {
		to := candidates[0]
		candidates = candidates[1:]
		if asked[to] {
			continue
		}
		asked[to] = true
		tries++
		r, err := p.ask(ctx, to, k, &whoMsg{Copy: true, View: true})
		if ctx.Err() != nil {
			return Snapshot{}, context.Cause(ctx)
		}
		if err == nil && r.State != nil {
			return r.State.snapshot(), nil
		}
		if err == nil && r.Home != "" {
			candidates = slices.Insert(candidates, 0, r.Home)
		}
	}
	return Snapshot{}, ErrNotFound
}

func (p *Plane) ask(ctx context.Context, to geo.NodeID, k Key, m *whoMsg) (whoReply, error) {
	ctx, cancel := context.WithTimeout(ctx, p.cfg.AskTimeout)
	defer cancel()
	body, err := p.cfg.Peers.Call(ctx, to, topicWho, encode(k, m))
	if err != nil {
		return whoReply{}, err
	}
	var r whoReply
	if err := decode(body, &r); err != nil {
		return whoReply{}, err
	}
	return r, nil
}

// name makes a random identifier.
func (p *Plane) name() string {
	b := make([]byte, 12)
	if _, err := io.ReadFull(p.cfg.Rand, b); err != nil {
		_, _ = rand.Read(b) // crypto/rand.Read never fails
	}
	return hex.EncodeToString(b)
}
