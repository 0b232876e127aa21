package uses

import (
	"time"

	"github.com/meridian-video/meridian/control/client"
	"github.com/meridian-video/meridian/control/token"
)

const (
	// maxKnown bounds each of two generations of what is remembered; what was
	// not asked for while one filled up is forgotten, and asked for again.
	maxKnown = 50_000
	// maxOwed bounds the uses of which control has yet to be told.
	maxOwed = 10_000
)

// hash names a token.
type hash = [32]byte

// table is the first uses that a node knows, and those that control does not
// know yet. It is pure; Uses guards it.
type table struct {
	young, old map[hash]token.FirstUse
	owed       map[hash]client.UseRequest
	dropped    int
}

func newTable() *table {
	return &table{young: map[hash]token.FirstUse{}, owed: map[hash]client.UseRequest{}}
}

func (t *table) get(h hash) (token.FirstUse, bool) {
	u, ok := t.young[h]
	if !ok {
		if u, ok = t.old[h]; ok {
			t.set(h, u)
		}
	}
	return u, ok
}

func (t *table) set(h hash, u token.FirstUse) {
	if len(t.young) >= maxKnown {
		t.old, t.young = t.young, map[hash]token.FirstUse{}
	}
	t.young[h] = u
}

// claim takes a use as this node sees it, and gives the first one that it knows.
// Control is owed it.
func (t *table) claim(r client.UseRequest, now time.Time) token.FirstUse {
	h := hash(r.Hash)
	u := of(r, now)
	if before, ok := t.get(h); ok {
		u = before.Merge(u)
	}
	t.set(h, u)
	t.owe(h, r, u)
	return u
}

func (t *table) owe(h hash, r client.UseRequest, u token.FirstUse) {
	if _, known := t.owed[h]; !known && len(t.owed) >= maxOwed {
		t.dropped++
		return
	}
	r.At, r.By, r.LifetimeMS = u.At, u.By, u.Lifetime.Milliseconds()
	t.owed[h] = r
}

// take gives a use that control is owed; it stays owed until paid.
func (t *table) take() (client.UseRequest, bool) {
	for _, r := range t.owed {
		return r, true
	}
	return client.UseRequest{}, false
}

// paid notes what control said of a use.
func (t *table) paid(h hash, u token.FirstUse) {
	delete(t.owed, h)
	t.set(h, u)
}

// of is the use that a request tells.
func of(r client.UseRequest, now time.Time) token.FirstUse {
	at := r.At
	if at.IsZero() || at.After(now) {
		at = now
	}
	return token.FirstUse{At: at.UTC(), Lifetime: time.Duration(r.LifetimeMS) * time.Millisecond, By: r.By}
}

// use is the first use that an answer tells.
func use(a client.UseAnswer) token.FirstUse {
	return token.FirstUse{At: a.At, Lifetime: time.Duration(a.LifetimeMS) * time.Millisecond, By: a.By}
}
