package bandwidth

import "time"

// A Config bounds an Estimator, in bit/s. Zero stands for the default.
type Config struct {
	// Initial is the target until something is known.
	Initial int
	// Min is never gone below: what keeps audio alive.
	Min int
	// Max is never exceeded.
	Max int
	// Pace is the time between the bursts in which the transport sends a
	// Cluster, at most 20 ms. Up to 4 ms clusters are as short as can be.
	Pace time.Duration
}

// The defaults of Config, in bit/s.
const (
	DefaultInitial = 300_000
	DefaultMin     = 40_000
	DefaultMax     = 50_000_000
)

// A Receipt is what transport-wide feedback says of one packet
// (draft-holmer-rmcat-transport-wide-cc-extensions-01 section 3.1).
type Receipt struct {
	Seq      uint16
	Received bool
	// Arrival is on the receiver's clock, from any beginning.
	Arrival time.Duration
}

// An Estimator estimates what one subscriber's path bears. Whoever owns the
// subscriber calls it, one call at a time; now and at never go back.
type Estimator struct {
	history history
	acked   meter
	out     meter
	delay   delay
	drain   drain
	loss    loss
	rate    rate
	probes  probes
	contact contact
	wanted  float64
	cap     float64
	lowered Cause // why the last step down was
}

// New returns an Estimator.
func New(c Config) *Estimator {
	or := func(v, d int) float64 {
		if v > 0 {
			return float64(v)
		}
		return float64(d)
	}
	e := &Estimator{}
	e.contact.rtt = defaultRTT
	e.probes.pace = c.Pace
	e.rate.least, e.rate.most = or(c.Min, DefaultMin), or(c.Max, DefaultMax)
	e.rate.set(or(c.Initial, DefaultInitial))
	return e
}

// SetWanted says what the subscriber would be sent if there were no limit, in
// bit/s, with the headroom the allocator keeps. No probe goes above it, and
// there is none while the target reaches it.
func (e *Estimator) SetWanted(bitrate int) {
	e.wanted = float64(bitrate)
}

// SetCap limits the target in bit/s, as REMB and operators ask; 0 lifts it.
func (e *Estimator) SetCap(bitrate int) { e.cap = float64(max(0, bitrate)) }

// SetRTT tells the round trip to the subscriber.
func (e *Estimator) SetRTT(rtt time.Duration) {
	if rtt > 0 {
		e.contact.rtt = min(rtt, maxRTT)
	}
}

// Sent notes a packet that left with a transport-wide sequence number. size is
// in bytes, probe the ID of the Cluster it was sent for, or 0.
func (e *Estimator) Sent(seq uint16, size int, at time.Duration, probe uint8) {
	probe = e.probes.sent(seq, size, at, probe)
	// A subscriber that says nothing is not worth more memory.
	e.history.add(seq, size, at, probe, !e.contact.unfed(at))
	e.out.add(at, size)
	e.contact.sent(at)
}

// Feedback takes the receipts of one feedback message, in its order.
func (e *Estimator) Feedback(now time.Duration, receipts []Receipt) {
	if e.history.ring == nil || len(receipts) == 0 {
		return
	}
	known := false
	for _, r := range receipts {
		if p := e.history.find(r.Seq); p != nil {
			known = true
			e.receipt(p, r)
		}
	}
	if !known {
		return
	}
	e.contact.fed, e.contact.last = true, now
	e.heard(now)
	if e.probes.answered(receipts[len(receipts)-1].Seq) {
		e.measure(now)
	}
	e.step(now)
}

// receipt counts a packet's fate once, and a late arrival after all.
func (e *Estimator) receipt(p *packet, r Receipt) {
	e.history.skipped(p.number, e.assume)
	was := p.outcome
	switch {
	case r.Received && was != received:
		p.outcome = received
		e.loss.arrived(was == lost)
		e.arrived(p, r.Arrival, was == assumed)
	case !r.Received && was <= assumed:
		p.outcome = lost
		e.loss.vanished()
	}
}

func (e *Estimator) arrived(p *packet, at time.Duration, counted bool) {
	if !counted {
		e.acked.add(at, int(p.size))
	}
	e.probes.arrived(p, at)
	e.delay.add(p.at, at)
}

// assume counts a packet whose feedback got lost as delivered: else half the
// feedback would seem half the link.
func (e *Estimator) assume(p *packet) {
	if e.delay.begun {
		p.outcome = assumed
		e.acked.add(p.at+e.delay.way, int(p.size))
	}
}

// Report takes a receiver report (RFC 3550 section 6.4.1): the fraction lost,
// 0 to 1. It counts while there is no transport-wide feedback.
func (e *Estimator) Report(now time.Duration, fraction float64) {
	if !e.contact.unfed(now) {
		return
	}
	e.heard(now)
	e.loss.take(min(max(fraction, 0), 1))
	if e.loss.calm() {
		e.rate.raise(now, e.out.slow(), e.contact.rtt)
	} else {
		e.lossy(now, e.out.slow()*(1-e.loss.latest))
	}
}

// heard notes an answer. After silence the old target is soon tried again.
func (e *Estimator) heard(now time.Duration) {
	if e.contact.answered() {
		e.probes.hasten(now, now+calmTime)
	}
}

// step moves the target after feedback.
func (e *Estimator) step(now time.Duration) {
	sampled := e.loss.settle(now)
	queued := e.delay.queue.standing(now)
	if e.drain.settle(now, queued) {
		e.delay.queue.tolerate(now)
	}
	switch {
	case e.delay.overused(now, e.noise(), e.probes.recent(now)):
		e.overused(now, queued)
	case sampled && !e.loss.calm():
		e.lossy(now, e.acked.slow())
	case e.delay.trend.usage == normal && queued < enough && !e.drain.on && e.loss.calm():
		e.rate.raise(now, e.acked.slow(), e.contact.rtt)
	default:
		e.rate.hold(now)
	}
}

// noise is a queue that may be chance. Away from what the link is known to bear
// that is what jitter can feign.
func (e *Estimator) noise() time.Duration {
	if e.rate.near() {
		return noise
	}
	return min(max(noise, feigned*e.delay.jitter), lingering)
}

// overused lowers the target, once per round trip and feedback. While a queue
// drains only growth counts: what is delivered then is what we let through.
func (e *Estimator) overused(now, queued time.Duration) {
	if e.reacting(now) || e.drain.on && e.delay.trend.usage != over {
		e.rate.hold(now)
		return
	}
	e.rate.overused(now, min(e.acked.quick(), e.acked.slow()))
	e.drain.begin(now, queued)
	e.fell(now, Overuse)
}

// lossy lowers the target if loss is high, or the link is known to be full.
func (e *Estimator) lossy(now time.Duration, delivered float64) {
	e.rate.hold(now)
	switch {
	case e.reacting(now):
	case e.loss.high():
		e.rate.lossy(now, e.loss.fraction, delivered)
		e.fell(now, Loss)
	case e.rate.crowded():
		e.rate.uncrowd(now)
		e.fell(now, Loss)
	}
}

// reacting says that the last step down cannot have shown yet.
func (e *Estimator) reacting(now time.Duration) bool {
	return e.rate.lowered > 0 && now-e.rate.lowered < e.contact.rtt+reaction
}

// fell notes a step down; after a deep one a probe comes soon.
func (e *Estimator) fell(now time.Duration, why Cause) {
	e.lowered = why
	if e.rate.previous > gain*e.rate.target {
		e.probes.hasten(now, now+calmTime)
	}
}

// Tick is due every 20 to 100 ms, whether or not anything happens.
func (e *Estimator) Tick(now time.Duration) {
	if e.contact.missed(now) {
		e.rate.lower(now, e.rate.target/2)
		e.lowered = Silence
	}
	if e.probes.asked && now > e.probes.expires+e.contact.rtt {
		e.measure(now)
	}
}

// Target returns how much may be sent, in bit/s, with audio, repairs and
// padding.
func (e *Estimator) Target() int {
	t := e.rate.target * e.drain.factor(e.delay.queue.whole())
	if e.cap > 0 {
		t = min(t, e.cap)
	}
	return int(max(t, e.rate.least))
}
