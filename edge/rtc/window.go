package rtc

// windowSpan is how many numbers back one may still go out for the first time.
const windowSpan = 1024

// window knows which of the latest numbers have gone out.
type window struct {
	begun   bool
	highest uint64
	seen    [windowSpan / 64]uint64
}

// claim notes number i, unless it has gone out or is too old to tell.
func (w *window) claim(i uint64) bool {
	switch {
	case !w.begun || i >= w.highest+windowSpan:
		w.seen = [windowSpan / 64]uint64{}
		w.begun, w.highest = true, i
	case i > w.highest:
		for n := w.highest + 1; n < i; n++ {
			w.seen[n/64%uint64(len(w.seen))] &^= 1 << (n % 64)
		}
		w.highest = i
	case w.highest-i >= windowSpan || w.seen[i/64%uint64(len(w.seen))]&(1<<(i%64)) != 0:
		return false
	}
	w.seen[i/64%uint64(len(w.seen))] |= 1 << (i % 64)
	return true
}
