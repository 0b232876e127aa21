package bandwidth

import "time"

// Probe returns a wish if it is time for one. It is asked as often as Tick; a
// wish that is not carried out within half a second is void.
func (e *Estimator) Probe(now time.Duration) (Cluster, bool) {
	if !e.mayProbe(now) {
		return Cluster{}, false
	}
	to := e.rung()
	if to < worthwhile*e.rate.target {
		return Cluster{}, false
	}
	return e.probes.wish(now, to, e.delay.jitter), true
}

// mayProbe says whether a probe could be measured, the path is calm, and the
// last one is long enough ago.
func (e *Estimator) mayProbe(now time.Duration) bool {
	return !e.probes.asked && now >= e.probes.due && !e.contact.silent && !e.contact.unfed(now) &&
		!e.drain.on && !e.loss.high() && (e.lowered == Starting || now-e.rate.lowered >= calmTime) &&
		(e.delay.queue.standing(now) < probeQueue || now >= e.probes.due+overdue)
}

// rung is the bitrate to try: twice the target, but three times at the start
// and while climbing back to what was; at most what is wanted.
func (e *Estimator) rung() float64 {
	to := nextFactor * e.rate.target
	if e.probes.climbing {
		to = max(to, min(e.rate.previous, firstFactor*e.rate.target))
	}
	if e.probes.id == 0 {
		to = firstFactor * e.rate.target
	}
	limit := min(e.wanted, e.rate.most)
	if e.cap > 0 {
		limit = min(limit, e.cap)
	}
	return min(to, limit)
}

// measure ends a probe and takes what it proved.
func (e *Estimator) measure(now time.Duration) {
	bitrate, full := e.probes.train.proved(float64(e.probes.cluster.Bitrate))
	e.probes.finish(now, full, bitrate > gain*e.rate.target)
	switch {
	case full && bitrate > 0: // what is delivered already is borne in any case
		e.rate.link = max(bitrate/kept, e.acked.slow())
	case !full && bitrate > e.rate.link:
		e.rate.link = 0
	}
	e.rate.proved(now, bitrate)
}
