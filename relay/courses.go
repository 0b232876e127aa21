package relay

import (
	"cmp"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/meridian-video/meridian/geo"
	"github.com/meridian-video/meridian/relay/wire"
)

// courses are the tracks of other nodes that come to this one, by name.
type courses struct {
	passing atomic.Int64 // subscriptions of nodes behind this one

	mu    sync.Mutex
	byKey map[trackKey]*course
}

// find gives the course of a track, a new one where there is none.
func (t *courses) find(m *Mesh, key trackKey, req wire.Subscribe) *course {
	t.mu.Lock()
	defer t.mu.Unlock()
	if c := t.byKey[key]; c != nil && !c.over() {
		return c
	}
	if t.byKey == nil {
		t.byKey = make(map[trackKey]*course)
	}
	c := newCourse(m, key, req)
	t.byKey[key] = c
	return c
}

func (t *courses) remove(c *course) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.byKey[c.key] == c {
		delete(t.byKey, c.key)
	}
}

func (t *courses) all() []*course {
	t.mu.Lock()
	defer t.mu.Unlock()
	list := make([]*course, 0, len(t.byKey))
	for _, c := range t.byKey {
		list = append(list, c)
	}
	return list
}

// over says whether the course has ended.
func (c *course) over() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err != nil
}

// Reroute looks again where every track should come from. It is called when something
// has changed that Config.Route goes by; links that fail need no call.
func (m *Mesh) Reroute() {
	for _, c := range m.courses.all() {
		c.kick()
	}
}

// TrackRoute is how one track comes to this node at one moment.
type TrackRoute struct {
	Origin               geo.NodeID
	Company, Room, Track string
	Epoch                uint32
	Path                 []geo.NodeID // from the parent to the origin; empty while there is none
	Backup               geo.NodeID   // the next parent to ask; empty: there is none
	Local, Transit       int          // claims of this node, and of nodes behind it
}

// Routes lists the tracks of other nodes that come to this one.
func (m *Mesh) Routes() []TrackRoute {
	var list []TrackRoute
	for _, c := range m.courses.all() {
		list = append(list, c.route())
	}
	slices.SortFunc(list, func(a, b TrackRoute) int {
		return cmp.Or(cmp.Compare(a.Origin, b.Origin), cmp.Compare(a.Company, b.Company),
			cmp.Compare(a.Room, b.Room), cmp.Compare(a.Track, b.Track), cmp.Compare(a.Epoch, b.Epoch))
	})
	return list
}

func (c *course) route() TrackRoute {
	parents := c.parents()
	c.mu.Lock()
	defer c.mu.Unlock()
	r := TrackRoute{Origin: c.key.origin, Company: c.key.company, Room: c.key.room, Track: c.key.track, Epoch: c.key.epoch}
	if c.current.rooted() {
		for _, node := range c.current.path {
			r.Path = append(r.Path, geo.NodeID(node))
		}
	}
	r.Backup = c.backup(parents)
	for _, s := range *c.subs.Load() {
		if s.outlet == nil {
			r.Local++
		} else {
			r.Transit++
		}
	}
	return r
}
