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
	// keyframeRepeats is how often a request is repeated while no keyframe
	// comes: the request may be lost, and a subscriber whose decoder stands
	// still asks again only after seconds (libwebrtc: 3).
	keyframeRepeats = 2
)

// A keyframeGate merges the keyframe requests of one encoding: the first
// goes out at once, those within keyframeInterval become one at its end
// unless a keyframe came. What stays without a keyframe is repeated.
type keyframeGate struct {
	asked   bool
	pending bool
	repeats int           // left, of the last request
	at      time.Duration // last request
}

// request reports whether to ask upstream now.
func (g *keyframeGate) request(now time.Duration) bool {
	if g.shut(now) {
		g.pending = true
		return false
	}
	g.asked, g.pending, g.repeats, g.at = true, false, keyframeRepeats, now
	return true
}

// shut reports whether the last request is so recent that none may follow.
func (g *keyframeGate) shut(now time.Duration) bool { return g.asked && now-g.at < keyframeInterval }

// arrived notes that a keyframe began.
func (g *keyframeGate) arrived() { g.pending, g.repeats = false, 0 }

// due reports whether the merged requests of the window, subscribers that
// still wait, or a request without an answer want one now.
func (g *keyframeGate) due(now time.Duration, waiting bool) bool {
	switch {
	case g.shut(now):
		return false
	case g.pending || waiting:
		return g.request(now)
	case g.repeats > 0:
		g.repeats--
		g.at = now
		return true
	}
	return false
}
