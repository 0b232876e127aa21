package edge

import (
	"net/netip"
	"sync"
	"time"
)

// How often an address may be wrong about the secrets of one room (L-49). Each
// node counts what it compares.
const (
	mostTries  = 5
	triesPause = time.Minute
	triesMost  = 20_000 // doors that are remembered
)

// door is a room as one household stands before it.
type door struct {
	room roomKey
	from netip.Prefix
}

// tries counts wrong secrets by door. A try counts as wrong until it is known to
// be right, so that tries made at once count as well.
type tries struct {
	mu   sync.Mutex
	made map[door]tried
}

// tried is what was tried at a door. It is forgotten a pause after the last try.
type tried struct {
	wrong int
	last  time.Time
}

func (t tried) over(now time.Time) bool { return now.Sub(t.last) >= triesPause }

func newTries() *tries { return &tries{made: map[door]tried{}} }

// take counts a try, or says how long none counts.
func (t *tries) take(at door, now time.Time) (pause time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	was := t.made[at]
	if was.over(now) {
		was = tried{}
	}
	if was.wrong >= mostTries {
		return triesPause - now.Sub(was.last)
	}
	if len(t.made) >= triesMost {
		t.forget(now)
	}
	t.made[at] = tried{was.wrong + 1, now}
	return 0
}

// back gives a try back that was not wrong.
func (t *tries) back(at door) {
	t.mu.Lock()
	defer t.mu.Unlock()
	was := t.made[at]
	if was.wrong--; was.wrong > 0 {
		t.made[at] = was
		return
	}
	delete(t.made, at)
}

// forget drops doors at which no try counts any more, and all of them if none is
// of that kind: a flood from everywhere is no reason to refuse anybody.
func (t *tries) forget(now time.Time) {
	for at, was := range t.made {
		if was.over(now) {
			delete(t.made, at)
		}
	}
	if len(t.made) >= triesMost {
		clear(t.made)
	}
}
