package signin

import (
	"hash/maphash"
	"time"
)

// generations remembers the latest values by key, at most twice as many as a generation holds: when one is full,
// the one before is forgotten. What is looked up stays.
type generations[V any] struct {
	seed       maphash.Seed
	young, old map[uint64]V
	most       int
}

func newGenerations[V any](most int) *generations[V] {
	return &generations[V]{seed: maphash.MakeSeed(), young: map[uint64]V{}, most: most}
}

// key is of one size, however long the parts are, and nobody outside can make two meet.
func (g *generations[V]) key(parts ...string) uint64 {
	var h maphash.Hash
	h.SetSeed(g.seed)
	for _, p := range parts {
		_, _ = h.WriteString(p) // never fails
		_ = h.WriteByte(0)
	}
	return h.Sum64()
}

func (g *generations[V]) get(key uint64) (V, bool) {
	if v, ok := g.young[key]; ok {
		return v, true
	}
	v, ok := g.old[key]
	if ok {
		g.put(key, v)
	}
	return v, ok
}

func (g *generations[V]) put(key uint64, v V) {
	if _, ok := g.young[key]; !ok && len(g.young) >= g.most {
		g.old, g.young = g.young, make(map[uint64]V, g.most/4)
	}
	g.young[key] = v
}

// bucket is a token bucket: so many at once, one more with each interval.
type bucket struct {
	spent float64   // of what may be had at once, at the time below
	at    time.Time // of the last look
}

// rate says what a bucket gives.
type rate struct {
	atOnce float64
	every  time.Duration // for one
}

// leak brings a bucket up to date.
func (r rate) leak(b bucket, now time.Time) bucket {
	if d := now.Sub(b.at); d > 0 {
		b.spent = max(0, b.spent-float64(d)/float64(r.every))
		b.at = now
	}
	return b
}

// wait is how long until one more may be had; 0 for now.
func (r rate) wait(b bucket) time.Duration {
	if over := b.spent + 1 - r.atOnce; over > 0 {
		return time.Duration(over * float64(r.every))
	}
	return 0
}
