package trial

import (
	"fmt"

	"github.com/meridian-video/meridian/geo"
)

const (
	// failures in a row make a node gray: one may be a lost packet, two a link that
	// is down for a moment.
	failures = 3
	// successes in a row make it sound again.
	successes = 2
)

// Jury is what a node knows of its own media. The zero Jury knows nothing and
// finds the node sound. It is a pure value.
type Jury struct {
	failed    int
	callers   map[geo.NodeID]bool // who failed since the last success
	succeeded int
	ever      bool // some call has succeeded
	gray      bool
	cause     error
}

// Hear takes the outcome of a call by a node: nil, or why no media came through.
// others is how many nodes could have called.
//
// A caller that fails may have a fault of its own: where there are others, two
// different ones must have failed. A node that can only call itself believes a
// failure only if it has ever succeeded: behind NAT its own public address may be
// out of reach for it alone.
func (j *Jury) Hear(by, self geo.NodeID, others int, err error) (turned bool) {
	before := j.gray
	if err == nil {
		j.failed, j.callers, j.ever = 0, nil, true
		if j.succeeded++; j.succeeded >= successes {
			j.gray, j.cause = false, nil
		}
		return before != j.gray
	}
	if by == self && !j.ever {
		return false
	}
	if j.callers == nil {
		j.callers = map[geo.NodeID]bool{}
	}
	j.callers[by] = true
	j.failed, j.succeeded = j.failed+1, 0
	if j.failed >= failures && (len(j.callers) > 1 || others < 2) {
		j.gray, j.cause = true, fmt.Errorf("no media through the announced address: %d calls failed, the last by %s: %w", j.failed, by, err)
	}
	return before != j.gray
}

// Err is why the node is gray; nil while it is sound.
func (j *Jury) Err() error { return j.cause }
