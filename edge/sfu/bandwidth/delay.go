package bandwidth

import "time"

const (
	// noise is a queue that may be chance; probeNoise is what a probe leaves.
	noise      = 10 * time.Millisecond
	probeNoise = 60 * time.Millisecond
	// tooLong is a queue that must go even if it does not grow (a full one
	// has no slope), and lingering one that must go if it stays for patient.
	tooLong   = 150 * time.Millisecond
	lingering = 60 * time.Millisecond
	patient   = time.Second
	// enough is a queue that need not grow: it keeps the link busy.
	enough = 40 * time.Millisecond
	// feigned is how many times the jitter the shortest way of 100 ms may vary.
	feigned = 4
	// clockJump is a change of a packet's way that only a clock makes.
	clockJump = 3 * time.Second
	// jitterGain is how much each group changes the jitter.
	jitterGain = 0.02
)

// delay is what the arrival times say.
type delay struct {
	groups groups
	trend  trend
	queue  queue
	jitter time.Duration
	way    time.Duration // of the latest packet
	begun  bool
	short  time.Duration // when the queue was last less than lingering
}

// add takes a packet that arrived.
func (d *delay) add(sent, arrived time.Duration) {
	way := arrived - sent
	if d.begun && (way-d.way).Abs() > clockJump {
		*d = delay{jitter: d.jitter}
	}
	d.way, d.begun = way, true
	d.queue.add(arrived, way)
	if v, ok := d.groups.add(sent, arrived); ok {
		d.trend.add(v)
		d.vary(v.delay)
	}
}

// vary smooths the jitter of groups; what a queue adds is none.
func (d *delay) vary(by time.Duration) {
	if d.trend.usage == normal {
		d.jitter += time.Duration(jitterGain * float64(by.Abs()-d.jitter))
	}
}

// overused reports that queues grow, or are too long already. A trend without
// a queue is chance.
func (d *delay) overused(now, least time.Duration, probed bool) bool {
	queued := d.queue.standing(now)
	if queued < lingering {
		d.short = now
	}
	if probed {
		return d.trend.usage == over && queued > probeNoise
	}
	return d.trend.usage == over && queued > least || queued > tooLong || now-d.short > patient
}
