package sfu

import "time"

const (
	// keyframeInterval is the least time between two requests upstream.
	keyframeInterval = 500 * time.Millisecond
	// A cached keyframe serves a new subscriber only with every packet
	// since, while these are so few and young that it catches up at once.
	cachedKeyframeAge     = 500 * time.Millisecond
	cachedKeyframePackets = 64
	// sourceSilent is when a source is taken to send nothing, so that
	// asking it again for keyframes is pointless.
	sourceSilent = 2 * time.Second
)

// A keyframeGate merges the keyframe requests of one encoding: the first
// goes out at once, those within keyframeInterval become one at its end
// unless a keyframe came.
type keyframeGate struct {
	asked   bool
	pending bool
	at      time.Duration // last request
}

// request reports whether to ask upstream now.
func (g *keyframeGate) request(now time.Duration) bool {
	if g.shut(now) {
		g.pending = true
		return false
	}
	g.asked, g.pending, g.at = true, false, now
	return true
}

// shut reports whether the last request is so recent that none may follow.
func (g *keyframeGate) shut(now time.Duration) bool { return g.asked && now-g.at < keyframeInterval }

// arrived notes that a keyframe began.
func (g *keyframeGate) arrived() { g.pending = false }

// due reports whether the merged requests of the window, or subscribers that
// still wait, want a request now.
func (g *keyframeGate) due(now time.Duration, waiting bool) bool {
	if (!g.pending && !waiting) || g.shut(now) {
		return false
	}
	return g.request(now)
}
