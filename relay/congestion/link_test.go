package congestion

import (
	"math/rand/v2"
	"time"
)

const (
	ms  = time.Millisecond
	sec = time.Second
	// packetSize is that of all packets of the simulation, in bytes.
	packetSize = 1250
	mbit       = 1e6
)

// step is a rate from a time on.
type step struct {
	from time.Duration
	rate float64 // bit/s
}

// path is a bottleneck with a drop-tail queue, then a delay.
type path struct {
	rates  []step
	queue  time.Duration // at the rate of the moment
	delay  time.Duration // each way
	jitter time.Duration // up to this much more; order is kept
	loss   float64       // share of packets lost after the queue
	burst  int           // in runs of this length; 0: each by itself
	deaf   [2]time.Duration
	seed   uint64
}

// packet is one of a flow.
type packet struct {
	flow    int
	seq     int
	sent    time.Duration
	arrives time.Duration
}

// bottleneck carries packets in steps of a millisecond.
type bottleneck struct {
	path
	random *rand.Rand
	queued []packet
	credit float64 // bits that may still leave in this step
	last   time.Duration
	run    int // of losses to come
}

func newBottleneck(p path) *bottleneck {
	return &bottleneck{path: p, random: rand.New(rand.NewPCG(p.seed, 11))}
}

func (b *bottleneck) rate(now time.Duration) float64 {
	rate := b.rates[0].rate
	for _, s := range b.rates {
		if now >= s.from {
			rate = s.rate
		}
	}
	return rate
}

// enter queues a packet unless the queue is full.
func (b *bottleneck) enter(now time.Duration, p packet) {
	if float64(len(b.queued)*packetSize*8) < b.rate(now)*b.queue.Seconds()+packetSize*8 {
		b.queued = append(b.queued, p)
	}
}

// leave gives what gets through in the millisecond before now.
func (b *bottleneck) leave(now time.Duration, out func(packet)) {
	b.credit += b.rate(now) * ms.Seconds()
	for len(b.queued) > 0 && b.credit >= packetSize*8 {
		p := b.queued[0]
		b.queued = b.queued[1:]
		b.credit -= packetSize * 8
		if b.lose() {
			continue
		}
		p.arrives = now + b.delay
		if b.jitter > 0 {
			p.arrives += time.Duration(b.random.Float64() * float64(b.jitter))
		}
		p.arrives = max(p.arrives, b.last)
		b.last = p.arrives
		out(p)
	}
	if len(b.queued) == 0 {
		b.credit = min(b.credit, packetSize*8)
	}
}

func (b *bottleneck) lose() bool {
	if b.run > 0 {
		b.run--
		return true
	}
	length := max(b.burst, 1)
	if b.random.Float64() >= b.loss/float64(length) {
		return false
	}
	b.run = length - 1
	return true
}

// flow sends into a bottleneck and hears what came of it.
type flow interface {
	send(now time.Duration, enter func(seq int))
	// arrived is called when a packet is at the far end.
	arrived(now time.Duration, p packet)
	// tick is called after each millisecond.
	tick(now time.Duration)
}

// simulate runs flows over a bottleneck.
func simulate(p path, length time.Duration, flows ...flow) {
	b := newBottleneck(p)
	var flight []packet
	for now := time.Duration(0); now < length; now += ms {
		for i := range flows {
			f := (i + int(now/ms)) % len(flows) // nobody is always first at a full queue
			flows[f].send(now, func(seq int) { b.enter(now, packet{flow: f, seq: seq, sent: now}) })
		}
		b.leave(now, func(p packet) { flight = append(flight, p) })
		for len(flight) > 0 && flight[0].arrives <= now {
			flows[flight[0].flow].arrived(now, flight[0])
			flight = flight[1:]
		}
		for _, f := range flows {
			f.tick(now)
		}
	}
}
