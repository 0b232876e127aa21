package congestion

import (
	"math"
	"slices"
	"time"
)

// sender is a flow of ours: it paces what is offered at the controller's rate and gets a
// report every 20 ms.
type sender struct {
	*Controller
	path    path
	offered []step
	from    time.Duration // nothing is sent before
	offset  func(time.Duration) time.Duration

	credit  float64
	seq     int
	reports []delayedReport

	// The receiving end.
	next     int // sequence expected
	received int
	lost     int
	burst    int
	samples  int
	least    time.Duration

	// What is measured.
	lates  []late
	counts []int // packets in each 100 ms of arrival
	rates  []float64
}

type late struct {
	at, by time.Duration
}

type delayedReport struct {
	at time.Duration
	Report
}

func newSender(p path, offered float64) *sender {
	return &sender{Controller: New(Config{}), path: p, offered: []step{{0, offered}},
		offset: func(time.Duration) time.Duration { return 0 }}
}

func (s *sender) wants(now time.Duration) float64 {
	wants := 0.0
	for _, o := range s.offered {
		if now >= o.from {
			wants = o.rate
		}
	}
	return wants
}

func (s *sender) send(now time.Duration, enter func(int)) {
	if now < s.from {
		return
	}
	s.Offer(s.wants(now), 0)
	s.credit = min(s.credit+min(s.wants(now), s.Rate())*ms.Seconds(), 100*packetSize*8)
	for ; s.credit >= packetSize*8; s.credit -= packetSize * 8 {
		enter(s.seq)
		s.seq++
		s.Sent(now, packetSize)
	}
}

func (s *sender) arrived(now time.Duration, p packet) {
	if gap := p.seq - s.next; gap > 0 {
		s.lost += gap
		s.burst = max(s.burst, gap)
	}
	s.next = p.seq + 1
	delay := p.arrives - p.sent
	s.lates = append(s.lates, late{now, delay - s.path.delay})
	seen := delay + s.offset(now)
	if s.samples == 0 || seen < s.least {
		s.least = seen
	}
	s.samples++
	s.received++
	for len(s.counts) <= int(now/(100*ms)) {
		s.counts = append(s.counts, 0)
	}
	s.counts[now/(100*ms)]++
}

func (s *sender) tick(now time.Duration) {
	if now%(20*ms) == 0 {
		deaf := now >= s.path.deaf[0] && now < s.path.deaf[1]
		if s.samples > 0 && !deaf {
			s.reports = append(s.reports, delayedReport{now + s.path.delay, Report{
				Interval: 20 * ms, Received: s.received * packetSize, Delay: s.least, Samples: s.samples,
				Lost: s.lost, Packets: s.received + s.lost, Burst: s.burst, RoundTrip: 2 * s.path.delay,
			}})
		}
		s.received, s.lost, s.burst, s.samples = 0, 0, 0, 0
		s.rates = append(s.rates, s.Rate())
	}
	for len(s.reports) > 0 && s.reports[0].at <= now {
		s.Report(now, s.reports[0].Report)
		s.reports = s.reports[1:]
	}
	if now%(50*ms) == 0 {
		s.Tick(now)
	}
}

// carried is the rate that arrived between two times, in Mbit/s.
func (s *sender) carried(from, to time.Duration) float64 { return carried(s.counts, from, to) }

func carried(counts []int, from, to time.Duration) float64 {
	n := 0
	for i := int(from / (100 * ms)); i < min(int(to/(100*ms)), len(counts)); i++ {
		n += counts[i]
	}
	return float64(n*packetSize*8) / (to - from).Seconds() / mbit
}

// late99 is the 99th percentile of the delay over the link's own.
func (s *sender) late99(from, to time.Duration) time.Duration {
	var by []time.Duration
	for _, l := range s.lates {
		if l.at >= from && l.at < to {
			by = append(by, l.by)
		}
	}
	if len(by) == 0 {
		return 0
	}
	slices.Sort(by)
	return by[len(by)*99/100]
}

// lowest is the least rate the controller gave between two times, in Mbit/s.
func (s *sender) lowest(from, to time.Duration) float64 {
	least := math.Inf(1)
	for i := int(from / (20 * ms)); i < min(int(to/(20*ms)), len(s.rates)); i++ {
		least = min(least, s.rates[i]/mbit)
	}
	return least
}
