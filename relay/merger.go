package relay

import "time"

// mergeGap is the least time between two keyframe requests for one layer of a track.
const mergeGap = 500 * time.Millisecond

// merger makes one keyframe request of many: the first goes on at once, those that come
// within mergeGap of it together at the end of that time, since the keyframe on its way
// may be older than who asks. Pure.
type merger struct {
	layers map[uint8]*merged
}

type merged struct {
	last    time.Time
	waiting bool
}

// ask notes a request: it goes on now, or after wait where that is not 0, or with the one
// that waits already.
func (m *merger) ask(now time.Time, layer uint8) (send bool, wait time.Duration) {
	if m.layers == nil {
		m.layers = make(map[uint8]*merged)
	}
	l := m.layers[layer]
	switch {
	case l == nil:
		m.layers[layer] = &merged{last: now}
		return true, 0
	case l.waiting:
		return false, 0
	case now.Sub(l.last) >= mergeGap:
		l.last = now
		return true, 0
	default:
		l.waiting = true
		return false, mergeGap - now.Sub(l.last)
	}
}

// due is called when the wait is over and the request goes on.
func (m *merger) due(now time.Time, layer uint8) {
	if l := m.layers[layer]; l != nil {
		l.waiting, l.last = false, now
	}
}
