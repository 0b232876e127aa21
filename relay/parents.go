package relay

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/meridian-video/meridian/geo"
)

// Times of the choice of parents.
const (
	// stagger is how long a parent may take to answer, while there is none, until the
	// next one is asked as well.
	stagger = 250 * time.Millisecond
	// answerWithin is how long an attempt lasts.
	answerWithin = 4 * time.Second
	// lookAgain is how often a well course looks for a better parent, and brisk how often
	// one that is not well, or changes its parent, looks at its branches.
	lookAgain = 2 * time.Second
	brisk     = 50 * time.Millisecond
	// overlapFor is how long both parents feed a course after it is certain that the new
	// one leaves no gap: a path shorter by less than that loses nothing of any encoding.
	overlapFor = 100 * time.Millisecond
	// linger is how long the old parent stays at most when the new one brings packets,
	// and proof how long the new one may bring nothing while the old one does.
	linger = time.Second
	proof  = 2 * time.Second
	// Backoff of parents that failed: doubled from first to last.
	retryFirst = 500 * time.Millisecond
	retryLast  = 5 * time.Second
	// maxAttempts bounds the parents asked at once.
	maxAttempts = 3
)

// try is what a course knows of a parent that failed it.
type try struct {
	failures int
	notUntil time.Time
	link     bool // it was the link that failed
}

// run decides where the track comes from until the course ends.
func (c *course) run() {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-c.wake:
		case <-timer.C:
		case <-c.ctx.Done():
			c.finish(ErrClosed) // unless it has a reason already
			c.farewell()
			return
		}
		timer.Reset(c.step())
	}
}

// step looks at the branches, changes them as need be, and says when to look again.
func (c *course) step() time.Duration {
	now := c.mesh.cfg.Now()
	parents := c.parents()
	c.mu.Lock()
	was := c.current
	wasRooted := was.rooted()
	failure := c.reap(now)
	if failure == nil {
		c.settle(now)
		c.adopt(now, parents)
		failure = c.choose(now, parents)
	}
	current := c.current
	c.mu.Unlock()
	if failure != nil {
		c.finish(failure)
		return lookAgain
	}
	if current != was && current != nil {
		c.changed(was, current, wasRooted)
	}
	c.tellLayers() // a parent may not have taken it at once
	c.warm(parents)
	return c.announce()
}

// changed follows a change of the parent.
func (c *course) changed(was, current *branch, wasRooted bool) {
	if was == nil && c.info.Load() == nil {
		c.live(current.info)
	}
	if was == nil {
		return
	}
	if !wasRooted {
		c.mesh.metrics.bypasses.Inc()
		c.refresh()
	}
	c.mesh.cfg.Log.Debug("relay track has another parent", "track", c.key.track, "origin", c.key.origin,
		"from", was.parent, "to", current.parent, "trace", c.request.Trace)
}

// announce tells who waits, and those behind, where the track comes from now.
func (c *course) announce() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		return lookAgain
	}
	rooted := c.current.rooted()
	var path []string
	switch {
	case rooted:
		path = c.current.path
	case len(c.pending) > 0:
		path = c.told // another way may be found
	}
	if !slices.Equal(path, c.told) {
		c.told = path
		for _, s := range *c.subs.Load() {
			if s.outlet != nil && s.admitted {
				s.outlet.reroute(path)
			}
		}
	}
	close(c.news)
	c.news = make(chan struct{})
	if rooted && len(c.pending) == 0 && c.previous == nil {
		return lookAgain
	}
	return brisk
}

// parents are the nodes to ask, best first, the origin among them.
func (c *course) parents() []geo.NodeID {
	var list []geo.NodeID
	if c.mesh.cfg.Route != nil {
		list = slices.Clone(c.mesh.cfg.Route(c.key.origin, c.request))
	}
	list = append(list, c.key.origin)
	var unique []geo.NodeID
	for _, id := range list {
		if id != c.mesh.cfg.Self && !slices.Contains(unique, id) {
			unique = append(unique, id)
		}
	}
	return unique
}

// reap forgets the branches that have ended. An error ends the course.
func (c *course) reap(now time.Time) error {
	for _, b := range slices.Clone(c.pending) {
		if b.err == nil && now.Sub(b.began) > answerWithin && !b.rooted() {
			b.err = ErrLinkDown
		}
		if b.err != nil {
			c.drop(b, now)
			if c.current == nil && b.parent == c.key.origin && final(b.err) {
				return b.err
			}
		}
	}
	if b := c.previous; b != nil && b.err != nil {
		c.drop(b, now)
	}
	if b := c.current; b != nil && b.err != nil {
		c.drop(b, now)
		if final(b.err) {
			return b.err
		}
	}
	return nil
}

// drop ends a branch that failed.
func (c *course) drop(b *branch, now time.Time) {
	t := c.tries[b.parent]
	if t == nil {
		t = &try{}
		c.tries[b.parent] = t
	}
	t.failures++
	t.notUntil = now.Add(min(retryFirst<<min(t.failures-1, 10), retryLast))
	t.link = errors.Is(b.err, ErrLinkDown) || errors.Is(b.err, ErrReplaced)
	if b.err != nil && (c.cause == nil || b.parent == c.key.origin) {
		c.cause = b.err
	}
	c.part(b)
}

// part ends a branch, whose place as the current one the previous one takes.
func (c *course) part(b *branch) {
	b.cancel()
	switch b {
	case c.current:
		c.current, c.previous = c.previous, nil
	case c.previous:
		c.previous = nil
	default:
		c.pending = slices.DeleteFunc(c.pending, func(other *branch) bool { return other == b })
	}
}

// settle ends the previous branch when the current one has taken over, or the current
// one when it has not.
func (c *course) settle(now time.Time) {
	old := c.previous
	if old == nil {
		return
	}
	since := now.Sub(c.switched)
	brings := c.current.packets.Load() > 0
	if c.overlapped.IsZero() && (c.current.copies.Load() > 0 || old.copies.Load() > c.copies) {
		c.overlapped = now
	}
	switch {
	case !c.current.rooted() && old.rooted(), since >= proof && !brings && old.rooted() && old.packets.Load() > c.packets:
		c.drop(c.current, now)
	case !c.overlapped.IsZero() && now.Sub(c.overlapped) >= overlapFor, brings && since >= linger, since >= proof:
		c.part(old)
	}
}

// adopt makes the best granted attempt the current branch where that is a gain. The
// other attempts end, the old branch stays for a moment.
func (c *course) adopt(now time.Time, parents []geo.NodeID) {
	var best *branch
	for _, b := range c.pending {
		if b.rooted() && (best == nil || rank(parents, b.parent) < rank(parents, best.parent)) {
			best = b
		}
	}
	if best == nil {
		return
	}
	for _, b := range slices.Clone(c.pending) {
		if b != best {
			c.part(b)
		}
	}
	if c.current.rooted() && rank(parents, best.parent) >= rank(parents, c.current.parent) {
		c.part(best) // the old one has recovered meanwhile
		return
	}
	c.pending = nil
	if c.previous != nil {
		c.part(c.previous)
	}
	c.previous, c.current = c.current, best
	c.switched, c.overlapped = now, time.Time{}
	if c.previous != nil {
		c.packets, c.copies = c.previous.packets.Load(), c.previous.copies.Load()
	}
	if t := c.tries[best.parent]; t != nil {
		t.notUntil = time.Time{}
	}
}

// rank is the place of a parent in the order of preference, behind all when it has none.
func rank(parents []geo.NodeID, id geo.NodeID) int {
	if at := slices.Index(parents, id); at >= 0 {
		return at
	}
	return len(parents)
}

// choose begins attempts: at a better parent, or, while no packets can be expected, at
// one after the other. An error says that nobody is left to be asked.
func (c *course) choose(now time.Time, parents []geo.NodeID) error {
	if c.current.rooted() {
		if len(c.pending) == 0 && c.previous == nil {
			if id := c.better(now, parents); id != "" {
				c.ask(id, now)
			}
		}
		return nil
	}
	n := len(c.pending)
	if n >= maxAttempts || n > 0 && now.Sub(c.pending[n-1].began) < stagger {
		return nil
	}
	if id := c.next(now, parents); id != "" {
		c.ask(id, now)
		return nil
	}
	if n > 0 || c.current != nil {
		return nil
	}
	if c.cause == nil {
		return ErrLinkDown
	}
	return c.cause
}

// better is a parent that is preferred to the current one and well for long enough.
func (c *course) better(now time.Time, parents []geo.NodeID) geo.NodeID {
	for _, id := range parents[:rank(parents, c.current.parent)] {
		if c.mesh.standing(id, now) == standingGood && c.free(id, now, standingGood) {
			return id
		}
	}
	return ""
}

// next is the parent to ask now: the most preferred one of those in the best state.
func (c *course) next(now time.Time, parents []geo.NodeID) geo.NodeID {
	best, state := geo.NodeID(""), standingNone
	for _, id := range parents {
		if s := c.mesh.standing(id, now); s < state && c.free(id, now, s) {
			best, state = id, s
		}
	}
	return best
}

// backup is the parent that would be asked if the current one failed now.
func (c *course) backup(parents []geo.NodeID) geo.NodeID {
	return c.next(c.mesh.cfg.Now(), parents)
}

// free says whether a parent may be asked: it is no branch yet, not behind this node, and
// has not just refused.
func (c *course) free(id geo.NodeID, now time.Time, s standing) bool {
	for _, b := range append([]*branch{c.current, c.previous}, c.pending...) {
		if b != nil && b.parent == id {
			return false
		}
	}
	for _, sub := range *c.subs.Load() {
		if sub.outlet != nil && sub.outlet.link.peer.id == id {
			return false
		}
	}
	t := c.tries[id]
	return t == nil || !now.Before(t.notUntil) || t.link && s == standingGood
}

// ask begins an attempt.
func (c *course) ask(id geo.NodeID, now time.Time) {
	b := &branch{course: c, parent: id, began: now}
	b.ctx, b.cancel = context.WithCancel(c.ctx)
	path := []string{string(c.mesh.cfg.Self)}
	if c.first != nil {
		path, c.first = c.first, nil
	}
	c.pending = append(c.pending, b)
	if !c.mesh.start(func() { b.attempt(path) }) {
		b.err = ErrClosed
	}
}

// warm keeps links to the parents that are preferred to the current one, and to the one
// that would take its place.
func (c *course) warm(parents []geo.NodeID) {
	if len(parents) < 2 {
		return
	}
	c.mu.Lock()
	well := c.current.rooted()
	n := len(parents)
	if well {
		n = rank(parents, c.current.parent) + 2
	}
	c.mu.Unlock()
	if well {
		for _, id := range parents[:min(n, len(parents))] {
			c.mesh.warm(id)
		}
	}
}
