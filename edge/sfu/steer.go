package sfu

import (
	"math/bits"
	"time"
)

// encodingSilent is when an encoding counts as gone: longer than a slow share
// takes between two pictures, shorter than a person waits.
const encodingSilent = time.Second

// watch looks at what arrives and at what is wanted, and steers the
// DownTracks by both.
func (u *UpTrack) watch(now time.Duration) {
	u.alive = u.arriving(now)
	u.flow.measure(now, u.layered(0))
	wanted := NoLayer
	for _, d := range u.downs {
		u.steer(d, now)
		if t := d.Target(); t.Spatial >= 0 && t.Temporal >= 0 {
			wanted = Layer{max(wanted.Spatial, t.Spatial), max(wanted.Temporal, t.Temporal)}
		}
	}
	u.wanted.Store(wanted.pack())
}

// arriving tells which encodings arrive. While none does they stay what they were.
func (u *UpTrack) arriving(now time.Duration) (alive uint8) {
	for layer, e := range u.encodings {
		if e != nil && e.codec != NoCodec && now-e.latestAt < encodingSilent {
			alive |= 1 << layer
		}
	}
	if alive == 0 {
		return u.alive
	}
	return alive
}

// Wanted returns the highest layer that any DownTrack forwards at most, NoLayer
// while none is attached or all are paused. It follows within a Tick.
func (u *UpTrack) Wanted() Layer { return unpackLayer(u.wanted.Load()) }

// steer moves d towards its target if that or what arrives has changed.
func (u *UpTrack) steer(d *DownTrack, now time.Duration) {
	s, target := &d.slot, d.Target()
	s.short = u.short(s)
	if target == s.seen && u.alive == s.alive || s.behind && target != NoLayer {
		return // a slot that is behind is steered when it has caught up
	}
	s.seen, s.alive = target, u.alive
	was := s.paused
	s.paused = target.Spatial < 0 || target.Temporal < 0
	if s.paused {
		s.waiting, s.behind, s.short = false, false, false
		d.show()
		return
	}
	s.selector.want = target
	s.short = u.short(s)
	s.goal = u.choose(target.Spatial)
	if was {
		d.await()
	}
	u.approach(d, now)
}

// choose returns the highest encoding that arrives and is not above spatial,
// else the lowest that arrives.
func (u *UpTrack) choose(spatial int8) uint8 {
	if u.alive == 0 {
		return 0
	}
	if below := u.alive & (2<<spatial - 1); below != 0 {
		return uint8(bits.Len8(below) - 1)
	}
	return uint8(bits.TrailingZeros8(u.alive))
}

// layered reports whether spatial layers share an encoding.
func (u *UpTrack) layered(layer uint8) bool {
	e := u.encodings[layer]
	return e != nil && e.layered
}

// top is the highest spatial layer that arrives within an encoding.
func (u *UpTrack) top(layer uint8) int8 {
	if u.layered(layer) {
		return u.flow.top
	}
	return 0
}

// short reports whether a keyframe would bring s a spatial layer that it may
// have; one that is under way may yet.
func (u *UpTrack) short(s *slot) bool {
	return !s.selector.rising && s.selector.cur.Spatial < min(s.selector.want.Spatial, u.top(s.encoding))
}

// approach takes d to its goal: at once where the cache serves, else with the
// next keyframe, which it asks for.
func (u *UpTrack) approach(d *DownTrack, now time.Duration) {
	s := &d.slot
	switch {
	case u.cfg.Kind != Video:
	case d.cfg.Verbatim:
		u.approachAll(d, now)
	case s.waiting && !s.behind:
		s.encoding = s.goal
		if u.startFromCache(d, s.goal, now) {
			return
		}
		u.requestKeyframe(s.goal, now)
		for lower := int(s.goal) - 1; lower >= 0; lower-- { // better than nothing meanwhile
			if u.startFromCache(d, uint8(lower), now) {
				return
			}
		}
	case s.encoding != s.goal && !s.behind:
		if !u.startFromCache(d, s.goal, now) {
			u.requestKeyframe(s.goal, now)
		}
	case s.short:
		u.requestKeyframe(s.encoding, now)
	}
}

// approachAll starts the wanted encodings of a link, and forgets that those
// above began.
func (u *UpTrack) approachAll(d *DownTrack, now time.Duration) {
	s := &d.slot
	s.started &= uint8(2<<s.selector.want.Spatial - 1)
	for layer := range uint8(MaxLayers) {
		arrives := u.alive&(1<<layer) != 0 || u.alive == 0 && layer == 0
		if arrives && s.pending(layer) && !u.startFromCache(d, layer, now) {
			u.requestKeyframe(layer, now)
		}
	}
}
