package sealed

// windowSize is how far behind the highest counter a datagram may come: half a second
// at 150 Mbit/s.
const windowSize = 8192

// settled is how far behind the highest a missing counter is lost rather than late.
const settled = 32

// maxBurst is the longest burst told apart; longer ones count as it.
const maxBurst = 8

// window knows which counters have arrived. Counters begin at 1.
type window struct {
	highest uint64
	arrived uint64 // how many
	scanned uint64 // bursts up to here are counted
	run     int    // missing counters that end at scanned
	bits    [windowSize / 64]uint64
}

func (w *window) has(counter uint64) bool {
	i := counter % windowSize
	return w.bits[i/64]&(1<<(i%64)) != 0
}

// fresh says whether counter may be taken: not seen yet, and not too old to tell.
func (w *window) fresh(counter uint64) bool {
	if counter == 0 || counter > maxCounter {
		return false
	}
	return counter > w.highest || (w.highest-counter < windowSize && !w.has(counter))
}

// mark takes counter, which is fresh.
func (w *window) mark(counter uint64) {
	if counter > w.highest {
		if counter-w.highest >= windowSize {
			w.bits = [windowSize / 64]uint64{}
		} else {
			for c := w.highest + 1; c < counter; c++ {
				w.bits[c%windowSize/64] &^= 1 << (c % 64)
			}
		}
		w.highest = counter
	}
	w.bits[counter%windowSize/64] |= 1 << (counter % 64)
	w.arrived++
}

// lost is how many counters up to the highest have not arrived.
func (w *window) lost() uint64 { return w.highest - w.arrived }

// bursts adds the runs of lost counters since the last call to their lengths:
// bursts[n-1] is of length n.
func (w *window) bursts(bursts *[maxBurst]uint16) {
	if w.highest < settled {
		return
	}
	until := w.highest - settled
	if until > w.scanned+windowSize/2 {
		w.scanned, w.run = until-windowSize/2, 0
	}
	for ; w.scanned < until; w.scanned++ {
		if !w.has(w.scanned + 1) {
			w.run++
		} else if w.run > 0 {
			bursts[min(w.run, maxBurst)-1]++
			w.run = 0
		}
	}
}
