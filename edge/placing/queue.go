package placing

import (
	"slices"
	"time"

	"github.com/meridian-video/meridian/edge/room"
)

const (
	// maxRooms bounds the rooms of which control waits to be told, and those
	// that are told again: a node serves fewer.
	maxRooms = 10_000
	// renewAfter is when a placement is told again. Control forgets one after a
	// day, since a node may die without a word.
	renewAfter = 12 * time.Hour
)

// word is what control is to be told of a room: the latest counts.
type word struct {
	placement room.Placement
	over      bool
	tried     bool // control may have heard it
}

func (w word) key() room.Key { return room.Key{Company: w.placement.Company, Room: w.placement.Room} }

// queue is what control is to be told, one word a room, in the order in which
// rooms first had something to tell. It is pure; Placer guards it.
type queue struct {
	order   []room.Key
	waiting map[room.Key]word
	told    map[room.Key]told
	dropped int
}

// told is a placement that control has.
type told struct {
	placement room.Placement
	at        time.Time
}

func newQueue() *queue {
	return &queue{waiting: map[room.Key]word{}, told: map[room.Key]told{}}
}

// put takes a word. A session that ended before control could hear of it leaves
// nothing to tell.
func (q *queue) put(w word) {
	k := w.key()
	before, waits := q.waiting[k]
	if w.over {
		delete(q.told, k)
	}
	switch {
	case waits && w.over && !before.over && !before.tried && before.placement.Session == w.placement.Session:
		delete(q.waiting, k)
		q.order = slices.DeleteFunc(q.order, func(o room.Key) bool { return o == k })
		return
	case waits:
		w.tried = before.tried
	case len(q.waiting) >= maxRooms:
		q.dropped++
		return
	default:
		q.order = append(q.order, k)
	}
	q.waiting[k] = w
}

// take gives the first n words, which stay with who takes them.
func (q *queue) take(n int) (words []word) {
	for len(q.order) > 0 && len(words) < n {
		k := q.order[0]
		q.order = q.order[1:]
		words = append(words, q.waiting[k])
		delete(q.waiting, k)
	}
	return words
}

// back takes words back that control may not have heard, but for those of rooms
// with a later one. They go first, as before.
func (q *queue) back(words []word) {
	var order []room.Key
	for _, w := range words {
		k := w.key()
		later, waits := q.waiting[k]
		if w.tried = true; waits {
			w, later.tried = later, true
			q.waiting[k] = later
			continue
		}
		q.waiting[k] = w
		order = append(order, k)
	}
	q.order = append(order, q.order...)
}

// heard notes that control has a word.
func (q *queue) heard(w word, now time.Time) {
	k := w.key()
	if _, later := q.waiting[k]; !later && !w.over && len(q.told) < maxRooms {
		q.told[k] = told{w.placement, now}
	}
}

// renew puts the placements again that control would forget, as far as they
// hold; the others are forgotten here.
func (q *queue) renew(now time.Time, holds func(room.Placement) bool) {
	for k, t := range q.told {
		if now.Sub(t.at) < renewAfter {
			continue
		}
		delete(q.told, k)
		if _, waits := q.waiting[k]; !waits && holds(t.placement) {
			q.put(word{placement: t.placement})
		}
	}
}
