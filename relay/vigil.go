package relay

import "time"

// vigil decides from the packets that come over a link whether this end is deaf. Pure.
type vigil struct {
	limit  time.Duration // silence that makes deaf
	last   time.Duration // the tick before
	heard  uint64
	silent time.Duration
}

// tick takes the clock, how long after the last tick this one was due, and how many
// packets have come so far. A tick that is late itself says nothing about the peer: the
// machine was busy, and what came meanwhile may not be counted yet. Three ticks without
// a packet are needed at least.
func (v *vigil) tick(now, due time.Duration, heard uint64) (deaf bool) {
	elapsed := now - v.last
	v.last = now
	switch {
	case heard != v.heard:
		v.heard, v.silent = heard, 0
	case elapsed <= due*3/2:
		v.silent += elapsed
	}
	return v.silent >= max(v.limit, 3*due)
}

// How long a peer must have been well, after it was not, before tracks return to it: the
// time doubles while it falters again and again. The last stays below 30 s, in which the
// direct path has to be back.
const (
	firstHold = 2 * time.Second
	lastHold  = 25 * time.Second
	// forgetAfter is how long a peer must be well until its past is forgotten.
	forgetAfter = time.Minute
)

// trust is how the links to a peer have behaved. The zero value trusts. Pure.
type trust struct {
	hold  time.Duration // 0: never lost
	since time.Time     // when it was well again; zero while it is not
}

// lose notes that the peer cannot be heard or does not hear.
func (t *trust) lose(now time.Time) {
	switch {
	case t.hold == 0, !t.since.IsZero() && now.Sub(t.since) >= forgetAfter:
		t.hold = firstHold
	case !t.since.IsZero():
		t.hold = min(2*t.hold, lastHold)
	}
	t.since = time.Time{}
}

// find notes that the peer is well.
func (t *trust) find(now time.Time) {
	if t.since.IsZero() {
		t.since = now
	}
}

// holds says whether the peer has been well for long enough.
func (t *trust) holds(now time.Time) bool {
	return t.hold == 0 || !t.since.IsZero() && now.Sub(t.since) >= t.hold
}

// lost says that the peer is not well now.
func (t *trust) lost() bool { return t.hold != 0 && t.since.IsZero() }
