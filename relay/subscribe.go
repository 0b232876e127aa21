package relay

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/meridian-video/meridian/geo"
	"github.com/meridian-video/meridian/relay/wire"
)

// trackKey names a track on a link.
type trackKey struct {
	company, room, track string
	epoch                uint32
}

func keyOf(s wire.Subscribe) trackKey { return trackKey{s.Company, s.Room, s.Track, s.Epoch} }

// Subscription is one local claim on a track of another node. Claims on the same track
// share what crosses the link.
type Subscription struct {
	up       *upstream
	receiver Receiver
	layers   wire.Layers // wanted; guarded by upstream.mu
}

// Subscribe asks origin for a track and waits for the answer; the track then arrives at
// r until Subscription.Close or Receiver.Closed. req.Path names the nodes from the first
// subscriber to this one; this node is appended when it is not the last. req.Layers are
// what this claim wants at first. It returns
// ErrNoTrack, ErrLoop, ErrTooManyHops, ErrBusy, ErrNotMember or ErrLinkDown.
func (m *Mesh) Subscribe(ctx context.Context, origin geo.NodeID, req wire.Subscribe, r Receiver) (*Subscription, error) {
	req.Path = slices.Clone(req.Path)
	if n := len(req.Path); n == 0 || req.Path[n-1] != string(m.cfg.Self) {
		req.Path = append(req.Path, string(m.cfg.Self))
	}
	sub, err := m.subscribe(ctx, origin, req, r)
	if err != nil {
		return nil, fmt.Errorf("subscribe to track %q at %q: %w", req.Track, origin, err)
	}
	return sub, nil
}

func (m *Mesh) subscribe(ctx context.Context, origin geo.NodeID, req wire.Subscribe, r Receiver) (*Subscription, error) {
	for _, name := range []string{req.Company, req.Room, req.Track, req.Trace} {
		if len(name) > wire.MaxName {
			return nil, ErrTooLarge
		}
	}
	if err := checkPath(req.Path, m.cfg.Self, origin); err != nil {
		return nil, err
	}
	p, err := m.peer(origin)
	if err != nil {
		return nil, err
	}
	l, err := p.connect(ctx)
	if err != nil {
		return nil, err
	}
	return l.subscribe(ctx, req, r)
}

// checkPath checks the path of a subscription on its way from the node last on the path
// to the node at.
func checkPath(path []string, last, at geo.NodeID) error {
	if len(path) == 0 || path[len(path)-1] != string(last) {
		return fmt.Errorf("path %q does not end at %q: %w", path, last, ErrLoop)
	}
	if len(path) > MaxHops {
		return fmt.Errorf("path %q: %w", path, ErrTooManyHops)
	}
	for i, node := range path {
		if node == string(at) || slices.Contains(path[:i], node) {
			return fmt.Errorf("path %q towards %q: %w", path, at, ErrLoop)
		}
	}
	return nil
}

// Info describes the track.
func (s *Subscription) Info() wire.TrackInfo { return s.up.info }

// RequestKeyframe asks the origin for a keyframe of a layer. It does not block.
func (s *Subscription) RequestKeyframe(layer uint8) {
	s.up.requestKeyframe(layer)
}

// SetLayers says how much of the track this claim wants from now on at most: the spatial
// and the temporal layer, both -1 for nothing. What several claims want is the most of
// each. It does not block, sends nothing when nothing changes, and is meant to be
// repeated: a wish that could not be sent at once goes with the next call.
func (s *Subscription) SetLayers(spatial, temporal int8) {
	s.up.want(s, wire.Layers{Spatial: spatial, Temporal: temporal})
}

// Close ends the claim; with the last one the track leaves the link. A call of the
// receiver may still be under way when it returns.
func (s *Subscription) Close() { s.up.leave(s) }

// upstreams are the tracks that arrive over a link.
type upstreams struct {
	mu      sync.RWMutex
	byKey   map[trackKey]*upstream
	byAlias map[uint32]*upstream
	alias   uint32
}

func (t *upstreams) init() {
	t.byKey = make(map[trackKey]*upstream)
	t.byAlias = make(map[uint32]*upstream)
}

func (t *upstreams) count() int {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return len(t.byAlias)
}

// media hands a packet to the track it belongs to; one that nobody wants any more is
// still on its way for a moment after the end and is dropped. It gives
// the class, and whether p is new.
func (t *upstreams) media(alias uint32, p *wire.Media) (c class, fresh bool) {
	t.mu.RLock()
	up := t.byAlias[alias]
	t.mu.RUnlock()
	if up == nil {
		return classVideo, true
	}
	return up.media(p)
}

// end closes all tracks of a link that is gone.
func (t *upstreams) end(cause error) {
	t.mu.RLock()
	all := make([]*upstream, 0, len(t.byAlias))
	for _, up := range t.byAlias {
		all = append(all, up)
	}
	t.mu.RUnlock()
	for _, up := range all {
		up.finish(cause)
	}
}

// join finds the shared track or makes it; fresh says that the caller has to start it.
func (t *upstreams) join(l *link, req wire.Subscribe, s *Subscription) (up *upstream, fresh bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	key := keyOf(req)
	if up = t.byKey[key]; up != nil && up.enter(s) {
		return up, false
	}
	for fresh := false; !fresh; {
		t.alias = t.alias%wire.MaxAlias + 1
		_, taken := t.byAlias[t.alias]
		fresh = !taken
	}
	up = &upstream{link: l, key: key, alias: t.alias, ready: make(chan struct{})}
	up.ctx, up.cancel = context.WithCancel(l.ctx)
	up.enter(s)
	t.byKey[key], t.byAlias[up.alias] = up, up
	return up, true
}

func (t *upstreams) remove(up *upstream) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.byKey[up.key] == up {
		delete(t.byKey, up.key)
	}
	delete(t.byAlias, up.alias)
}

func (l *link) subscribe(ctx context.Context, req wire.Subscribe, r Receiver) (*Subscription, error) {
	s := &Subscription{receiver: r, layers: req.Layers}
	up, fresh := l.tracks.join(l, req, s)
	s.up = up
	if fresh {
		l.mesh.metrics.trackCopies.WithLabelValues("in").Inc()
		if !l.start(func() { up.run(req) }) {
			up.finish(ErrLinkDown)
			return nil, linkCause(l)
		}
		l.prepare()
	}
	select {
	case <-up.ready:
	case <-ctx.Done():
		s.Close()
		return nil, context.Cause(ctx)
	case <-l.ctx.Done():
		s.Close()
		return nil, linkCause(l)
	}
	up.mu.Lock()
	err, live := up.err, up.info.Kind != 0
	up.mu.Unlock()
	if !live {
		s.Close()
		return nil, err
	}
	if !fresh {
		up.tellLayers()
		up.catchUp(s)
	}
	return s, nil
}

func linkCause(l *link) error {
	cause := context.Cause(l.ctx)
	if errors.Is(cause, ErrLinkDown) {
		return cause
	}
	return fmt.Errorf("%w: %w", ErrLinkDown, cause)
}
