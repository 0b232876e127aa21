package sfu

import (
	"slices"
	"time"
)

// maxBurst is how many packets a slot gets beyond the one that just arrived:
// more at line rate are lost in small buffers on the way.
const maxBurst = 8

// Bursts to a slot are burstInterval apart, 4,000 packets a second, or
// burstArrivals packets of a source that is faster than that.
const (
	burstInterval = 2 * time.Millisecond
	burstArrivals = 256
)

// burst counts the packets of a source that arrive at once.
type burst struct {
	since time.Duration
	n     int
}

// over notes a packet and reports whether more have arrived within
// burstInterval than may be passed on at line rate.
func (b *burst) over(now time.Duration) bool {
	if now-b.since >= burstInterval {
		*b = burst{since: now}
	}
	b.n++
	return b.n > maxBurst
}

// startWaiting starts the DownTracks that wait for a keyframe, after packet
// ext filled a hole: it may have been all that was wanting, or the first
// packet of the keyframe, whose further holes are then the subscriber's to
// ask for.
func (u *UpTrack) startWaiting(e *encoding, ext uint64, layer uint8, now time.Duration) {
	if !e.hasKey || (ext != e.key && !u.cacheServes(e, now)) {
		return
	}
	for _, d := range u.downs {
		switch s := &d.slot; {
		case s.behind || s.paused:
		case d.cfg.Verbatim && s.pending(layer):
			u.replay(d, layer, e)
		case !d.cfg.Verbatim && s.goal == layer && (s.waiting || s.encoding != layer):
			u.follow(d, layer, e)
		}
	}
}

// startFromCache starts d with the latest keyframe of an encoding and every
// packet since, or reports that it cannot.
func (u *UpTrack) startFromCache(d *DownTrack, layer uint8, now time.Duration) bool {
	e := u.encodings[layer]
	if e == nil || !u.cacheServes(e, now) {
		return false
	}
	if d.cfg.Verbatim {
		u.replay(d, layer, e)
	} else {
		u.follow(d, layer, e)
	}
	u.metrics.cacheStarts.Inc()
	return true
}

// cacheServes reports whether the latest keyframe is fresh and cached without
// a gap up to the present.
func (u *UpTrack) cacheServes(e *encoding, now time.Duration) bool {
	if !e.hasKey || now-e.keyAt > cachedKeyframeAge ||
		e.log.highest-e.key >= cachedKeyframePackets {
		return false
	}
	for ext := e.key; ext <= e.log.highest; ext++ {
		if !e.cache.has(ext) {
			return false
		}
	}
	return true
}

// replay sends a link what is cached from the latest keyframe on.
func (u *UpTrack) replay(d *DownTrack, layer uint8, e *encoding) {
	for ext := e.key; ext <= e.log.highest; ext++ {
		if it, ok := u.recall(layer, e, ext); ok {
			d.pass(u, it)
		}
	}
}

// follow lets d run after the encoding, from its latest keyframe until it has
// caught up.
func (u *UpTrack) follow(d *DownTrack, layer uint8, e *encoding) {
	s := &d.slot
	s.encoding, s.waiting, s.behind, s.cursor = layer, true, true, e.key
	u.keepBusy(d)
}

// keepBusy notes that d has packets to get besides those that arrive.
func (u *UpTrack) keepBusy(d *DownTrack) {
	u.errands.pace = u.errands.pace || len(u.busy) == 0
	if !d.slot.busy {
		d.slot.busy = true
		u.busy = append(u.busy, d)
	}
}

// work gives every busy DownTrack its next few packets.
func (u *UpTrack) work(now time.Duration) {
	u.arrivals++
	if len(u.busy) == 0 || now-u.worked < burstInterval && u.arrivals < burstArrivals {
		return
	}
	u.worked, u.arrivals = now, 0
	u.busy = slices.DeleteFunc(u.busy, func(d *DownTrack) bool {
		burst := u.catchUp(d)
		d.resendOwed(u, now, maxBurst-burst)
		d.slot.busy = d.slot.behind || d.slot.owed > 0
		return !d.slot.busy
	})
}

// rest takes d off the busy ones.
func (u *UpTrack) rest(d *DownTrack) {
	if d.slot.busy {
		d.slot.busy, d.slot.behind, d.slot.owed = false, false, 0
		u.busy = slices.DeleteFunc(u.busy, func(x *DownTrack) bool { return x == d })
	}
}

// catchUp sends the next cached packets to a slot that is behind and returns
// how many it tried.
func (u *UpTrack) catchUp(d *DownTrack) (tried int) {
	s := &d.slot
	if !s.behind {
		return 0
	}
	e := u.encodings[s.encoding]
	burst := maxBurst
	if lag := int(e.log.highest - s.cursor); lag > cachedKeyframePackets {
		burst += lag - cachedKeyframePackets // a source faster than bursts must not be lost
	}
	for ; tried < burst && s.cursor <= e.log.highest; s.cursor++ {
		if it, ok := u.recall(s.encoding, e, s.cursor); ok {
			d.take(u, it)
			tried++
		}
	}
	s.behind = s.cursor <= e.log.highest
	return tried
}
