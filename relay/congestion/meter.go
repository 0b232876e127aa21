package congestion

import "time"

const (
	meterStep  = 20 * time.Millisecond
	meterSteps = 128 // 2.5 s: two round trips and a second
)

// meter measures a rate in steps of 20 ms.
type meter struct {
	bytes [meterSteps]int
	begun bool
	step  int64 // the latest
	first int64
}

// add counts bytes at a time.
func (m *meter) add(now time.Duration, bytes int) {
	m.turn(now)
	at := m.slot(m.step)
	m.bytes[at] = min(m.bytes[at]+max(bytes, 0), maxCount)
}

// turn goes to the step of now; a clock that goes back stays in the latest.
func (m *meter) turn(now time.Duration) {
	step := int64(max(now, 0) / meterStep)
	if !m.begun || step-m.step >= meterSteps {
		*m = meter{begun: true, step: step, first: step}
	}
	for m.step < step {
		m.step++
		m.bytes[m.slot(m.step)] = 0
	}
}

func (m *meter) slot(step int64) int { return int(step % meterSteps) }

// rate is the bit/s of the whole steps of the given length that ended lag ago.
func (m *meter) rate(now, lag, length time.Duration) float64 {
	m.turn(now)
	last := m.step - 1 - int64(lag/meterStep)
	first := max(last-int64(length/meterStep)+1, m.first, m.step-meterSteps+1)
	total := 0
	for step := first; step <= last; step++ {
		total += m.bytes[m.slot(step)]
	}
	if last < first {
		return 0
	}
	return float64(total) * 8 / (time.Duration(last-first+1) * meterStep).Seconds()
}

// arrivals measures what was received over the last reports, in the receiver's time.
type arrivals struct {
	parts [arrivalParts]struct {
		bytes    int
		interval time.Duration
	}
	at int
}

// arrivalParts are the reports that count: what three in a row complain about, and a few.
const arrivalParts = 5

func (a *arrivals) add(r Report) {
	if r.Interval == 0 {
		return
	}
	a.at = (a.at + 1) % arrivalParts
	a.parts[a.at].bytes, a.parts[a.at].interval = r.Received, r.Interval
}

// rate is in bit/s.
func (a *arrivals) rate() float64 {
	var bytes int
	var interval time.Duration
	for _, p := range a.parts {
		bytes += p.bytes
		interval += p.interval
	}
	if interval < time.Millisecond {
		return 0
	}
	return float64(bytes) * 8 / interval.Seconds()
}
