package bandwidth_test

import (
	"time"

	"github.com/meridian-video/meridian/edge/sfu/bandwidth"
)

// A receiver gathers arrivals and reports them as a browser does: from the
// first number not reported yet, or the first that came late, to the highest.
type receiver struct {
	path
	pending []flight // delivered, perhaps in the future
	arrived map[uint16]time.Duration
	begun   bool
	from    uint16 // first to report
	highest uint16
	next    time.Duration
	mail    []message
	roll    func() float64
}

type message struct {
	at       time.Duration
	receipts []bandwidth.Receipt
}

func (r *receiver) take(f flight) { r.pending = append(r.pending, f) }

// run moves the receiver to now.
func (r *receiver) run(now time.Duration) {
	kept := r.pending[:0]
	for _, f := range r.pending {
		if f.arrives <= now {
			r.arrive(f)
		} else {
			kept = append(kept, f)
		}
	}
	r.pending = kept
	if now >= r.next {
		r.next = now + r.feedback
		r.report(now)
	}
}

func (r *receiver) arrive(f flight) {
	if !r.begun {
		r.begun, r.from, r.highest = true, f.seq, f.seq
		r.arrived = map[uint16]time.Duration{}
	}
	// The receiver's stamps are multiples of 250 µs.
	r.arrived[f.seq] = f.arrives.Truncate(250*time.Microsecond) + r.clock
	if int16(f.seq-r.from) < 0 {
		r.from = f.seq
	}
	if int16(f.seq-r.highest) > 0 {
		r.highest = f.seq
	}
}

func (r *receiver) report(now time.Duration) {
	if !r.begun || int16(r.highest-r.from) < 0 {
		return
	}
	var list []bandwidth.Receipt
	for seq := r.from; ; seq++ {
		at, ok := r.arrived[seq]
		list = append(list, bandwidth.Receipt{Seq: seq, Received: ok, Arrival: at})
		if seq == r.highest {
			break
		}
	}
	r.from = r.highest + 1
	for seq := range r.arrived { // what is long reported need not be known
		if int16(r.highest-seq) > 2000 {
			delete(r.arrived, seq)
		}
	}
	deaf := now >= r.deaf[0] && now < r.deaf[1]
	if !deaf && r.roll() >= r.lostBack {
		r.mail = append(r.mail, message{now + r.delay, list})
	}
}

// due returns the feedback that has reached the sender.
func (r *receiver) due(now time.Duration) (out []message) {
	for len(r.mail) > 0 && r.mail[0].at <= now {
		out = append(out, r.mail[0])
		r.mail = r.mail[1:]
	}
	return out
}
