package relay

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/meridian-video/meridian/geo"
	"github.com/meridian-video/meridian/relay/wire"
)

// branch is one parent of a course: its track crossing the link from there, or the
// attempt at that.
type branch struct {
	course *course
	parent geo.NodeID
	ctx    context.Context
	cancel context.CancelFunc
	began  time.Time

	packets atomic.Int64 // that came
	copies  atomic.Int64 // of them, those that the other branch had brought

	// Guarded by course.mu.
	up    *upstream // nil while there is no link
	info  wire.TrackInfo
	path  []string // from the parent to the origin; empty while the parent has none
	taken time.Time
	err   error // why it ended
}

// attempt makes the link if need be and asks for the track.
func (b *branch) attempt(path []string) {
	c := b.course
	p, err := c.mesh.peer(b.parent)
	var l *link
	if err == nil {
		l, err = p.connect(b.ctx)
	}
	if err == nil && l.tunnelled() {
		err = ErrLinkDown // media has better ways than in somebody's messages
	}
	if err == nil {
		req := c.request
		req.Path = path
		err = l.carry(b, req)
	}
	if err != nil {
		b.lost(err)
	}
}

func (b *branch) set(up *upstream) {
	b.course.mu.Lock()
	b.up = up
	b.course.mu.Unlock()
}

// granted takes the answer of the parent; an error says that the track must not come
// this way.
func (b *branch) granted(info wire.TrackInfo, path []string) error {
	if err := b.check(path); err != nil {
		return err
	}
	b.course.mu.Lock()
	b.info, b.path, b.taken = info, path, b.course.mesh.cfg.Now()
	b.course.mu.Unlock()
	b.course.kick()
	return nil
}

// moved takes another path of a granted track; an empty one says that the parent has
// lost it and found no other yet.
func (b *branch) moved(path []string) error {
	if len(path) > 0 {
		if err := b.check(path); err != nil {
			return err
		}
	}
	b.course.mu.Lock()
	if b.info.Kind != 0 {
		b.path = path
	}
	b.course.mu.Unlock()
	b.course.kick()
	return nil
}

// check refuses a path that leads through this node, which would be a loop, or is too
// long.
func (b *branch) check(path []string) error {
	self := string(b.course.mesh.cfg.Self)
	n := len(path)
	switch {
	case n > MaxHops:
		return fmt.Errorf("path %q: %w", path, ErrTooManyHops)
	case n == 0, path[0] != string(b.parent), path[n-1] != string(b.course.key.origin), slices.Contains(path, self):
		return fmt.Errorf("path %q from %q: %w", path, b.parent, ErrLoop)
	}
	return nil
}

// lost notes why the branch ended.
func (b *branch) lost(cause error) {
	b.course.mu.Lock()
	if b.err == nil {
		b.err = cause
	}
	b.course.mu.Unlock()
	b.course.kick()
}

// rooted says whether packets can be expected of the branch: it is granted, its link is
// well, and the parent knows a way to the origin. The caller holds course.mu.
func (b *branch) rooted() bool {
	return b != nil && b.err == nil && len(b.path) > 0 && b.up != nil && !b.up.link.suspect()
}

func (b *branch) media(p *wire.Media) { b.course.media(b, p) }
