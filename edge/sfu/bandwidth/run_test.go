package bandwidth_test

import (
	"math/rand/v2"
	"time"

	"github.com/meridian-video/meridian/edge/sfu/bandwidth"
)

// controller is what a run steers by: our estimator, or another for
// comparison.
type controller interface {
	SetWanted(int)
	SetRTT(time.Duration)
	Sent(seq uint16, size int, at time.Duration, probe uint8)
	Feedback(now time.Duration, receipts []bandwidth.Receipt)
	Tick(now time.Duration)
	Probe(now time.Duration) (bandwidth.Cluster, bool)
	Target() int
}

const (
	padding = 280 // bytes of a packet that is only padding
	tick    = 20 * ms
)

// A run is one sender over one path.
type run struct {
	link     *link
	receiver *receiver
	source   source
	control  controller
	rival    *neighbour

	seq       uint16
	cluster   bandwidth.Cluster
	left      int     // bytes of the cluster
	count     int     // packets of the cluster
	credit    float64 // bytes
	total     int     // packets
	window    window
	peak      float64  // of sent over the link
	delivered []sample // bytes of ours
	targets   []sample
	each      func(now time.Duration)
}

func newRun(p path, s source, c controller) *run {
	if p.feedback == 0 {
		p.feedback = 50 * ms
	}
	r := &run{link: newLink(p), source: s, control: c, seq: 65_000} // wraps soon
	r.receiver = &receiver{path: p, roll: rand.New(rand.NewPCG(p.seed, 8)).Float64}
	if p.neighbour {
		r.rival = newNeighbour(p.delay)
	}
	c.SetWanted(s.wanted())
	c.SetRTT(2 * p.delay)
	return r
}

// step moves the world on by a millisecond.
func (r *run) step(now time.Duration) {
	for _, m := range r.receiver.due(now) {
		r.control.Feedback(now, m.receipts)
	}
	if now%tick == 0 {
		r.control.Tick(now)
		if c, ok := r.control.Probe(now); ok {
			r.cluster, r.left, r.count, r.credit = c, c.Bytes, c.Packets, padding
		}
		r.targets = append(r.targets, sample{now, float64(r.control.Target())})
	}
	for _, size := range r.source.packets(now, r.control.Target()) {
		r.send(now, size)
	}
	r.pad(now)
	if r.rival != nil {
		r.rival.run(now, r.link)
	}
	for _, f := range r.link.serve(now) {
		if f.other {
			r.rival.arrived(f)
			continue
		}
		r.delivered = append(r.delivered, sample{f.arrives, float64(f.size)})
		r.receiver.take(f)
	}
	r.receiver.run(now)
	if rate := r.link.rate(now); rate >= r.link.rate(now-2*time.Second) { // none can foresee a fall
		r.peak = max(r.peak, r.window.rate(now)/rate)
	}
	if r.each != nil {
		r.each(now)
	}
}

// pad fills what media leaves of the cluster.
func (r *run) pad(now time.Duration) {
	if r.left <= 0 && r.count <= 0 {
		r.cluster.ID = 0
		return
	}
	r.credit += float64(r.cluster.Bitrate) * ms.Seconds() / 8
	if now%max(r.link.pace, ms) != 0 {
		return
	}
	for r.credit >= padding {
		r.send(now, padding)
		if r.left <= 0 && r.count <= 0 {
			return
		}
	}
}

func (r *run) send(now time.Duration, size int) {
	r.seq++
	r.total++
	r.window.add(now, size)
	r.control.Sent(r.seq, size, now, r.cluster.ID)
	r.link.send(flight{seq: r.seq, size: size, at: now})
	if r.cluster.ID != 0 {
		r.left -= size
		r.count--
		r.credit -= float64(size)
	}
}
