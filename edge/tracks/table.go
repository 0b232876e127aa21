package tracks

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/meridian-video/meridian/edge/sfu"
	"github.com/meridian-video/meridian/geo"
	"github.com/meridian-video/meridian/relay"
	"github.com/meridian-video/meridian/relay/wire"
)

// Key names a published track across the network. Track ids are unique per
// attachment, so a publisher who comes back has new ones.
type Key struct{ Company, Room, Track string }

// Links subscribes to tracks of other nodes; the relay mesh does.
type Links interface {
	Subscribe(ctx context.Context, origin geo.NodeID, req wire.Subscribe, r relay.Receiver) (*relay.Subscription, error)
}

// Config is what a Table needs.
type Config struct {
	Self  geo.NodeID
	Now   func() time.Duration // node's monotonic clock
	Batch func() sfu.Batch     // makes what gathers packets for the node's transports; may be nil
	// Wanted says the most that any DownTrack of this node can use of a remote
	// track; it never blocks. Nil: everything.
	Wanted func(*sfu.UpTrack) sfu.Layer
	// Screen says whether a track is a shared screen, which a narrow link sheds after
	// cameras. Nil: none is.
	Screen  func(track string) bool
	Pace    func(*sfu.UpTrack) // see sfu.UpConfig; may be nil
	Metrics *sfu.Metrics
	Log     *slog.Logger
}

// Table holds the tracks of one node. Its lock guards the maps only.
type Table struct {
	cfg    Config
	ctx    context.Context
	cancel context.CancelFunc
	wg     sync.WaitGroup

	mu     sync.Mutex
	links  Links
	local  map[Key]*sfu.UpTrack
	remote map[Key]*remote
}

// New makes an empty table. Use gives it the links before the first lease.
func New(cfg Config) *Table {
	if cfg.Wanted == nil {
		cfg.Wanted = func(*sfu.UpTrack) sfu.Layer { return sfu.TopLayer }
	}
	if cfg.Screen == nil {
		cfg.Screen = func(string) bool { return false }
	}
	ctx, cancel := context.WithCancel(context.Background())
	t := &Table{cfg: cfg, ctx: ctx, cancel: cancel, local: map[Key]*sfu.UpTrack{}, remote: map[Key]*remote{}}
	t.wg.Go(t.tick)
	return t
}

// Use sets the links to other nodes.
func (t *Table) Use(l Links) {
	t.mu.Lock()
	t.links = l
	t.mu.Unlock()
}

// Close lets go of every remote track.
func (t *Table) Close() {
	t.mu.Lock() // Acquire starts nothing after this
	t.cancel()
	t.mu.Unlock()
	t.wg.Wait()
}

// Publish files the UpTrack of a publisher attached here. The returned function
// takes it out again.
func (t *Table) Publish(k Key, up *sfu.UpTrack) (unpublish func()) {
	t.mu.Lock()
	t.local[k] = up
	t.mu.Unlock()
	return func() {
		t.mu.Lock()
		if t.local[k] == up {
			delete(t.local, k)
		}
		t.mu.Unlock()
	}
}

// Lease is one claim on a track.
type Lease struct {
	up      *sfu.UpTrack
	release func()
	once    sync.Once
}

// Up is the UpTrack to switch a DownTrack to.
func (l *Lease) Up() *sfu.UpTrack { return l.up }

// Release ends the claim. The caller has switched its DownTracks elsewhere.
func (l *Lease) Release() { l.once.Do(l.release) }

// Acquire claims a track whose publisher is attached to origin. It never waits:
// a remote track's UpTrack exists at once and gets packets when the link does.
func (t *Table) Acquire(k Key, origin geo.NodeID, codec sfu.Codec, kind sfu.Kind, trace string) (*Lease, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if up, ok := t.local[k]; ok {
		return &Lease{up: up, release: func() {}}, true
	}
	if origin == t.cfg.Self || t.links == nil || t.ctx.Err() != nil {
		return nil, false
	}
	r, ok := t.remote[k]
	if !ok {
		r = newRemote(t, k, origin, kind, codec, trace)
		t.remote[k] = r
		t.wg.Go(r.run)
	}
	r.leases++
	return &Lease{up: r.up, release: func() { t.release(r) }}, true
}

func (t *Table) release(r *remote) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if r.leases--; r.leases == 0 {
		delete(t.remote, r.key)
		r.cancel()
	}
}

// Counts returns how many tracks are published here and how many come over links.
func (t *Table) Counts() (local, remote int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.local), len(t.remote)
}

// tick drives the timers of the UpTracks that no transport owns, and asks
// their origins for what is wanted of them.
func (t *Table) tick() {
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for {
		select {
		case <-t.ctx.Done():
			return
		case <-ticker.C:
		}
		now := t.cfg.Now()
		for _, r := range t.remotes() {
			r.up.Tick(now)
			r.want(now, t.cfg.Wanted(r.up))
		}
	}
}

func (t *Table) remotes() []*remote {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Collect(maps.Values(t.remote))
}
