package relay

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/meridian-video/meridian/geo"
	"github.com/meridian-video/meridian/relay/wire"
)

// course is how a track of another node comes to this one: over which branch, and to
// which subscriptions, those of this node and those of nodes behind it. Its run decides
// where it leads; packets pass it on the goroutines of links.
type course struct {
	mesh    *Mesh
	key     trackKey
	request wire.Subscribe // what is asked of parents, without the path
	first   []string       // path of who asked first
	ctx     context.Context
	cancel  context.CancelFunc
	wake    chan struct{}

	mu       sync.Mutex // the members below; not held while a receiver is called
	err      error      // why it ended, nil before
	begun    bool
	news     chan struct{} // closes when something changed for who waits to be admitted
	current  *branch
	previous *branch // stays until current brings packets
	switched time.Time
	pending  []*branch // attempts under way
	tries    map[geo.NodeID]*try
	cause    error // of the latest failure, of the origin's if that failed
	// Of the previous branch when it was left, and when both were seen to overlap.
	packets, copies int64
	overlapped      time.Time

	told   []string // path that those behind know
	subs   atomic.Pointer[[]*Subscription]
	merger merger

	telling sync.Mutex // orders what parents are told to be wanted

	deliver   sync.Mutex // serialises calls of the receivers
	info      atomic.Pointer[wire.TrackInfo]
	early     []wire.Media // packets that overtook the first answer
	histories map[uint8]*history
	reports   reports // the last ones, for who joins later
}

// maxEarly bounds the packets kept until the answer arrives: a keyframe's worth.
const maxEarly = 64

func newCourse(m *Mesh, key trackKey, req wire.Subscribe) *course {
	c := &course{
		mesh: m, key: key, request: req, first: req.Path, wake: make(chan struct{}, 1),
		news: make(chan struct{}), tries: make(map[geo.NodeID]*try), histories: make(map[uint8]*history),
	}
	c.request.Origin = string(key.origin)
	c.ctx, c.cancel = context.WithCancel(m.ctx)
	c.subs.Store(&[]*Subscription{})
	return c
}

func (c *course) kick() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// enter adds a subscription and hands it the reports of before; false when the course
// has ended.
func (c *course) enter(s *Subscription) bool {
	c.deliver.Lock()
	defer c.deliver.Unlock()
	c.mu.Lock()
	ended, begin := c.err != nil, !c.begun
	if !ended {
		subs := append(slices.Clone(*c.subs.Load()), s)
		c.subs.Store(&subs)
		c.begun = true
	}
	c.mu.Unlock()
	if ended {
		return false
	}
	for _, r := range c.reports {
		s.receiver.Report(r)
	}
	if begin && !c.mesh.start(c.run) {
		c.finish(ErrClosed)
	}
	return true
}

// leave removes a subscription; the track leaves its link with the last one.
func (c *course) leave(s *Subscription) {
	c.mu.Lock()
	subs := slices.DeleteFunc(slices.Clone(*c.subs.Load()), func(other *Subscription) bool { return other == s })
	c.subs.Store(&subs)
	last := len(subs) == 0 && c.err == nil
	if last {
		c.err = context.Canceled
	}
	c.mu.Unlock()
	if last {
		c.cancel()
		c.mesh.courses.remove(c)
	} else {
		c.tellLayers()
	}
}

// finish ends the course for cause.
func (c *course) finish(cause error) {
	c.mu.Lock()
	ended := c.err != nil
	if !ended {
		c.err = cause
		close(c.news)
	}
	c.mu.Unlock()
	c.cancel()
	c.mesh.courses.remove(c)
}

// farewell tells the subscriptions why the course has ended.
func (c *course) farewell() {
	c.deliver.Lock()
	defer c.deliver.Unlock()
	c.mu.Lock()
	var told []*Subscription
	for _, s := range *c.subs.Load() {
		if s.admitted {
			told = append(told, s)
		}
	}
	cause := c.err
	c.subs.Store(&[]*Subscription{})
	c.mu.Unlock()
	for _, s := range told {
		s.receiver.Closed(cause)
	}
}

// admit waits until s may have the track: a subscription of this node needs somebody to
// have granted it; one of a node behind this one needs a known way to the origin as
// well, on which that node is not.
func (c *course) admit(ctx context.Context, s *Subscription, path []string) error {
	for {
		c.mu.Lock()
		done, err := c.admissible(s, path)
		if s.admitted = done && err == nil; s.admitted && s.outlet != nil {
			s.outlet.reroute(c.current.path)
		}
		news := c.news
		c.mu.Unlock()
		if done {
			return err
		}
		select {
		case <-news:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// admissible decides now if it can; the caller holds mu.
func (c *course) admissible(s *Subscription, path []string) (done bool, err error) {
	switch {
	case c.err != nil:
		return true, c.err
	case s.outlet == nil:
		return c.info.Load() != nil, nil
	case c.info.Load() != nil && c.current.rooted():
		return true, joinable(path, c.current.path)
	}
	for _, b := range c.pending {
		if slices.Contains(path, string(b.parent)) {
			// Both wait for each other; a node that gets the track will be found later.
			return true, loopError(path, b.parent)
		}
	}
	return false, nil
}

// joinable checks whether who comes by the path down may share a track that comes by the
// path up.
func joinable(down, up []string) error {
	for _, node := range down {
		if slices.Contains(up, node) {
			return loopError(up, geo.NodeID(node))
		}
	}
	if len(down)+len(up) > MaxHops {
		return hopsError(append(slices.Clone(down), up...))
	}
	return nil
}

// media takes a packet off a link and hands it on unless the other branch has brought
// it.
func (c *course) media(b *branch, p *wire.Media) {
	c.deliver.Lock()
	defer c.deliver.Unlock()
	h := c.histories[p.Layer]
	if h == nil {
		h = new(history)
		c.histories[p.Layer] = h
	}
	if b.packets.Add(1) == 1 {
		c.kick()
	}
	if !h.first(p.SequenceNumber) {
		c.mesh.metrics.duplicates.Inc()
		if b.copies.Add(1) == 1 {
			c.kick()
		}
		return
	}
	if c.info.Load() != nil {
		c.hand(p)
		return
	}
	if len(c.early) < maxEarly {
		kept := *p
		kept.Payload, kept.Descriptor = slices.Clone(p.Payload), slices.Clone(p.Descriptor)
		c.early = append(c.early, kept)
	}
}

// hand gives p to every subscription.
func (c *course) hand(p *wire.Media) {
	for _, s := range *c.subs.Load() {
		s.receiver.Media(p)
	}
}

// live begins to hand on what came before the first answer.
func (c *course) live(info wire.TrackInfo) {
	c.deliver.Lock()
	defer c.deliver.Unlock()
	c.info.Store(&info)
	for i := range c.early {
		c.hand(&c.early[i])
	}
	c.early = nil
}

func (c *course) report(r wire.Report) {
	c.deliver.Lock()
	defer c.deliver.Unlock()
	c.reports.keep(r)
	for _, s := range *c.subs.Load() {
		s.receiver.Report(r)
	}
}

// want notes what one subscription wants.
func (c *course) want(s *Subscription, l wire.Layers) {
	c.mu.Lock()
	s.layers = l
	c.mu.Unlock()
	c.tellLayers()
}

// wanted is the most that any subscription wants.
func (c *course) wanted() wire.Layers {
	c.mu.Lock()
	defer c.mu.Unlock()
	most := wire.NoLayers
	for _, s := range *c.subs.Load() {
		most = most.Max(s.layers)
	}
	return most
}

// tellLayers tells the parents what is wanted if they do not know.
func (c *course) tellLayers() {
	c.telling.Lock()
	defer c.telling.Unlock()
	l := c.wanted()
	for _, up := range c.upstreams() {
		up.tell(l)
	}
}

// upstreams are those of all branches.
func (c *course) upstreams() (all []*upstream) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, b := range append([]*branch{c.current, c.previous}, c.pending...) {
		if b != nil && b.up != nil {
			all = append(all, b.up)
		}
	}
	return all
}

// requestKeyframe passes a request on, merged with others.
func (c *course) requestKeyframe(layer uint8) {
	c.mu.Lock()
	send, wait := c.merger.ask(c.mesh.cfg.Now(), layer)
	c.mu.Unlock()
	switch {
	case send:
		c.sendKeyframe(layer)
	case wait > 0:
		time.AfterFunc(wait, func() {
			c.mu.Lock()
			c.merger.due(c.mesh.cfg.Now(), layer)
			c.mu.Unlock()
			c.sendKeyframe(layer)
		})
	}
}

func (c *course) sendKeyframe(layer uint8) {
	c.mu.Lock()
	var up *upstream
	if c.current != nil && c.err == nil {
		up = c.current.up
	}
	c.mu.Unlock()
	if up != nil {
		up.requestKeyframe(layer)
	}
}

// refresh asks for keyframes of every encoding that came so far.
func (c *course) refresh() {
	c.deliver.Lock()
	layers := make([]uint8, 0, len(c.histories))
	for layer := range c.histories {
		layers = append(layers, layer)
	}
	c.deliver.Unlock()
	for _, layer := range layers {
		c.requestKeyframe(layer)
	}
}

// final says whether cause ends the track itself rather than the way it came.
func final(cause error) bool {
	return errors.Is(cause, ErrTrackEnded) || errors.Is(cause, ErrNoTrack)
}
