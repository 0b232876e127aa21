package allocation

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/meridian-video/meridian/edge/sfu"
)

// headroom is the part of the budget, in percent, that has to be left over
// for an upgrade: twice the noise of bitrates and estimates, and some.
const headroom = 13

// Allocator divides the bandwidth of one subscriber. Its memory is what it
// granted before, by the position of the slot. The zero value is ready; one
// goroutine at a time calls it.
type Allocator struct {
	places []place
	order  []*place // most wanted first
	grants []Grant
}

// place is a slot with its memory.
type place struct {
	held    sfu.Layer     // granted in the last round
	since   time.Duration // when it was last shown after a pause
	backoff backoff

	index    int
	priority Priority
	urgent   bool // a shared screen, read before others are seen
	ladder   ladder
	level    int  // of held
	reach    int  // level that the budget allows
	stuck    bool // no further in this round
}

// Allocate divides budget, in bits per second for video alone. now is any
// clock that does not go back. A slot is known by its position: the caller
// keeps it there as long as its layout does. A cap set by hand is the caller's
// min. The result is valid until the next call.
func (a *Allocator) Allocate(now time.Duration, budget int, slots []Slot) Division {
	a.resize(len(slots))
	held := 0
	for i := range slots {
		p := &a.places[i]
		p.see(&slots[i])
		held += p.ladder.cost(p.level)
	}
	a.rank()
	a.divide(newPurse(budget, held), now)
	return a.settle(slots, now)
}

// resize fits the memory to n slots; new ones begin paused.
func (a *Allocator) resize(n int) {
	for len(a.places) < n {
		a.places = append(a.places, place{held: sfu.NoLayer})
	}
	a.places = a.places[:n]
	a.grants = slices.Grow(a.grants[:0], n)[:n]
	a.order = a.order[:0]
	for i := range a.places {
		a.places[i].index = i
		a.order = append(a.order, &a.places[i])
	}
}

// see takes in what a slot shows now.
func (p *place) see(s *Slot) {
	p.priority, p.urgent = s.Priority, s.Screen && s.Priority == Share
	p.reach, p.stuck = 0, false
	if !s.Visible || s.Source == "" {
		p.ladder = ladder{}
		p.held = sfu.NoLayer
	} else {
		p.ladder.set(s)
	}
	p.level = p.ladder.level(p.held)
}

// rank orders by priority; among equals who is shown stays before who is not,
// who is shown longer before others, and the rest is the order of the slots.
func (a *Allocator) rank() {
	slices.SortFunc(a.order, func(p, q *place) int {
		return cmp.Or(cmp.Compare(q.priority, p.priority), cmp.Compare(p.seniority(), q.seniority()), p.index-q.index)
	})
}

func (p *place) seniority() time.Duration {
	if p.level == 0 {
		return math.MaxInt64
	}
	return p.since
}

// divide climbs all ladders: shared screens until they can be read, then
// everyone by one rung at a time.
func (a *Allocator) divide(m purse, now time.Duration) {
	for _, p := range a.order {
		for p.urgent && p.reach < p.ladder.readable && a.climb(p, &m, now) {
		}
	}
	for level := 1; level <= maxRungs; level++ {
		for _, p := range a.order {
			if p.reach < level {
				a.climb(p, &m, now)
			}
		}
	}
}

// climb pays for the next rung of p. What is beyond one step above the last
// round is paid for too, so that nobody else grows into it meanwhile.
func (a *Allocator) climb(p *place, m *purse, now time.Duration) bool {
	if p.stuck || p.reach == p.ladder.top {
		return false
	}
	next := p.reach + 1
	rise := p.ladder.cost(next) - p.ladder.cost(p.reach)
	switch {
	case next <= p.level:
		p.stuck = !m.keep(rise)
	case p.backoff.active(now):
		m.reserve(rise)
		p.stuck = true
	default:
		p.stuck = !m.grow(rise) && !m.move(rise, a.fixed(p, next))
	}
	if !p.stuck {
		p.reach = next
	}
	return !p.stuck
}

// fixed is what others hold, have not got back yet in this round and p may
// not take for its step to a level: all that is wanted more, and of equals
// what is not above that level.
func (a *Allocator) fixed(p *place, level int) (sum int) {
	for _, q := range a.order {
		keeps := q.level
		switch {
		case q.priority < p.priority:
			return sum
		case q.priority == p.priority:
			keeps = min(keeps, level)
		}
		if !q.stuck && keeps > q.reach {
			sum += q.ladder.cost(keeps) - q.ladder.cost(q.reach)
		}
	}
	return sum
}

// settle turns what the budget allows into grants: down at once, up by one.
func (a *Allocator) settle(slots []Slot, now time.Duration) Division {
	d := Division{Grants: a.grants}
	for i := range a.places {
		p := &a.places[i]
		level := min(p.reach, p.level+1)
		p.note(level, now)
		a.grants[i] = Grant{Target: p.held, Reason: p.reason(&slots[i]), Bitrate: p.ladder.cost(level)}
		d.Used += p.ladder.cost(level)
		d.Wanted += p.ladder.cost(p.ladder.top)
	}
	return d
}

// note remembers what is granted.
func (p *place) note(level int, now time.Duration) {
	switch {
	case level < p.level:
		p.backoff.lowered(now)
	case level > p.level:
		p.backoff.raised(now)
		if p.level == 0 {
			p.since = now
		}
	}
	p.held = p.ladder.layer(level)
}

func (p *place) reason(s *Slot) Reason {
	switch {
	case s.Source == "":
		return NoSource
	case !s.Visible:
		return Hidden
	case p.reach < p.ladder.top:
		return Bandwidth
	}
	return Enough
}
