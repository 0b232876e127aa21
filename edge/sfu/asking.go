package sfu

import (
	"slices"
	"time"
)

// askMissing requests what is due of the missing packets. Those of an encoding
// that nobody forwards are not worth asking for.
func (u *UpTrack) askMissing(layer uint8, e *encoding, now time.Duration) {
	if len(e.nacks.list) == 0 || now < e.nacks.due || !u.forwards(layer) {
		return
	}
	seqs, lost := e.nacks.take(now, time.Duration(u.rtt.Load()))
	u.lost(lost)
	if len(seqs) > 0 {
		u.counts.nacked.Add(uint64(len(seqs)))
		u.metrics.nacksUp.Add(float64(len(seqs)))
		seqs = slices.Clone(seqs)
		for i := range seqs {
			seqs[i] += e.skipped
		}
		u.errands.asks = append(u.errands.asks, request{layer, seqs})
	}
}

func (u *UpTrack) lost(n int) {
	if n > 0 {
		u.counts.lost.Add(uint64(n))
		u.metrics.lost.Add(float64(n))
	}
}

// requestKeyframe asks the source for a keyframe, merged with other requests.
func (u *UpTrack) requestKeyframe(layer uint8, now time.Duration) {
	if u.cfg.Kind == Video && u.encoding(layer).gate.request(now) {
		u.askKeyframe(layer)
	}
}

// askKeyframes sends the merged requests that are due.
func (u *UpTrack) askKeyframes(now time.Duration) {
	if u.cfg.Kind != Video {
		return
	}
	for layer, e := range u.encodings {
		if e == nil || e.gate.shut(now) {
			continue
		}
		waiting := now-e.latestAt < sourceSilent && u.anyWaiting(uint8(layer))
		if e.gate.due(now, waiting) {
			u.askKeyframe(uint8(layer))
		}
	}
}

func (u *UpTrack) askKeyframe(layer uint8) {
	u.counts.keyframeRequests.Add(1)
	u.metrics.keyframesUp.Inc()
	u.errands.asks = append(u.errands.asks, request{layer: layer})
}

// anyWaiting reports whether a DownTrack needs a keyframe of the layer.
func (u *UpTrack) anyWaiting(layer uint8) bool {
	for _, d := range u.downs {
		if d.wantsKeyframe(layer) {
			return true
		}
	}
	return false
}

// forwards reports whether a DownTrack passes an encoding on, or is about to.
func (u *UpTrack) forwards(layer uint8) bool {
	for _, d := range u.downs {
		s := &d.slot
		if !s.paused && (s.encoding == layer || s.goal == layer || (d.cfg.Verbatim && int8(layer) <= s.selector.want.Spatial)) {
			return true
		}
	}
	return false
}
