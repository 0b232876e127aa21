package loudness

import (
	"slices"
	"strings"
	"time"
)

const (
	// clearly is by how many dB somebody must be louder to pass another who
	// has spoken within Hold. Less is a question of microphones.
	clearly = 6
	// steady is how many tenths of the last second somebody must have spoken
	// in to pass so: longer than a cough.
	steady = 5
	// maxQuiet is how many microphones that have fallen silent a Ranking
	// remembers: more than any subscriber has places for.
	maxQuiet = 64
)

// A Voice is an Active microphone as a Ranking sees it.
type Voice struct {
	ID    string
	Level uint8 // of the speech, -dBov
	Activity
}

// A Ranking orders the microphones of a meeting, first those that are worth
// hearing. The order sticks: whoever speaks stays before those who come later,
// unless one of them is clearly louder for a while or becomes dominant. So the
// first N hardly change for any N, and subscribers with more or fewer places
// hear the same people first. The zero Ranking is ready.
type Ranking struct {
	order []standing
}

// standing is one microphone in the order.
type standing struct {
	id     string
	level  uint8
	steady bool
	active bool
	since  time.Duration // it became active or passed another
}

// Update takes who is Active at an instant that is not before that of the last
// Update, and who is dominant ("" for nobody). It says whether the order has
// changed.
func (r *Ranking) Update(now time.Duration, voices []Voice, dominant string) (changed bool) {
	before := len(r.order)
	r.refresh(now, voices)
	changed = len(r.order) != before
	for i := range r.order {
		changed = r.rise(i, now, dominant) || changed
	}
	return r.forget() || changed
}

// refresh takes the readings in and appends who is new, the loudest first.
func (r *Ranking) refresh(now time.Duration, voices []Voice) {
	byID := make(map[string]*Voice, len(voices))
	for i := range voices {
		byID[voices[i].ID] = &voices[i]
	}
	for i := range r.order {
		s := &r.order[i]
		v, active := byID[s.id]
		if active && !s.active {
			s.since = now
		}
		if s.active = active; active {
			s.level, s.steady = v.Level, v.Long >= steady
			delete(byID, s.id)
		}
	}
	known := len(r.order)
	for _, v := range byID {
		r.order = append(r.order, standing{v.ID, v.Level, v.Long >= steady, true, now})
	}
	slices.SortFunc(r.order[known:], func(a, b standing) int {
		return 2*min(max(int(a.level)-int(b.level), -1), 1) + strings.Compare(a.id, b.id)
	})
}

// rise moves the i-th up past all that it passes.
func (r *Ranking) rise(i int, now time.Duration, dominant string) (moved bool) {
	s := r.order[i]
	for ; i > 0 && s.passes(&r.order[i-1], now, dominant); i-- {
		r.order[i] = r.order[i-1]
		moved = true
	}
	if moved {
		s.since = now
	}
	r.order[i] = s
	return moved
}

// passes says whether s overtakes t, who is before it. Who has just come or
// passed somebody is safe for a while, lest two pass each other in turns.
func (s *standing) passes(t *standing, now time.Duration, dominant string) bool {
	switch {
	case !s.active || t.id == dominant && t.active:
		return false
	case !t.active || s.id == dominant:
		return true
	}
	return s.steady && int(s.level)+clearly <= int(t.level) && now-t.since >= Hold
}

// forget drops whoever has been silent behind too many others.
func (r *Ranking) forget() bool {
	active := 0
	for active < len(r.order) && r.order[active].active {
		active++
	}
	keep := min(active+maxQuiet, len(r.order))
	gone := keep < len(r.order)
	clear(r.order[keep:])
	r.order = r.order[:keep]
	return gone
}

// Loudest returns who should be heard: the pinned ones, and the first n others
// who may be heard at all (nil for everyone). Nobody is in it twice.
func (r *Ranking) Loudest(n int, pinned []string, may func(id string) bool) []string {
	out := make([]string, 0, max(n, 0)+len(pinned))
	for _, id := range pinned {
		if !slices.Contains(out, id) && (may == nil || may(id)) {
			out = append(out, id)
		}
	}
	for i := 0; i < len(r.order) && n > 0; i++ {
		id := r.order[i].id
		if !slices.Contains(out, id) && (may == nil || may(id)) {
			out = append(out, id)
			n--
		}
	}
	return out
}
