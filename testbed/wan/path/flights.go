package path

import "time"

// flight is a packet under way.
type flight struct {
	due      time.Time
	number   uint64 // in the order of sending, which equal times keep
	from, to Host
	packet   []byte
}

func (f flight) before(g flight) bool {
	if f.due.Equal(g.due) {
		return f.number < g.number
	}
	return f.due.Before(g.due)
}

// flights is a binary heap by time. It is written out because container/heap
// would allocate for every packet.
type flights []flight

func (h *flights) push(f flight) {
	*h = append(*h, f)
	a := *h
	for i := len(a) - 1; i > 0; {
		above := (i - 1) / 2
		if !a[i].before(a[above]) {
			return
		}
		a[i], a[above] = a[above], a[i]
		i = above
	}
}

// pop takes the earliest; there must be one.
func (h *flights) pop() flight {
	a := *h
	first, last := a[0], len(a)-1
	a[0], a[last] = a[last], flight{}
	*h = a[:last]
	h.sink()
	return first
}

func (h *flights) sink() {
	a := *h
	for i := 0; ; {
		least := i
		for _, below := range [2]int{2*i + 1, 2*i + 2} {
			if below < len(a) && a[below].before(a[least]) {
				least = below
			}
		}
		if least == i {
			return
		}
		a[i], a[least] = a[least], a[i]
		i = least
	}
}
