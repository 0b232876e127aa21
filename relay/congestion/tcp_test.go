package congestion

import (
	"math"
	"time"
)

// tcp is a greedy TCP flow with fast recovery and no timeouts: Reno (RFC 5681) or CUBIC
// (RFC 9438), in packets.
type tcp struct {
	delay time.Duration // back
	cubic bool
	from  time.Duration

	window, threshold float64
	most              float64 // window before the last reduction
	reducedAt         time.Duration
	seq               int
	flying            int
	recover           int // loss of packets before this one has been answered
	next              int // expected at the far end
	acks              []ack
	counts            []int
}

type ack struct {
	at   time.Duration
	seq  int
	lost int
	rtt  time.Duration
}

func newTCP(p path, cubic bool, from time.Duration) *tcp {
	return &tcp{delay: p.delay, cubic: cubic, from: from, window: 10, threshold: math.Inf(1)}
}

func (f *tcp) send(now time.Duration, enter func(int)) {
	if now < f.from {
		return
	}
	if f.flying == 0 && f.seq > 0 && len(f.acks) == 0 && now-f.reducedAt > sec {
		f.window, f.reducedAt = 2, now // everything was lost
	}
	for n := 0; float64(f.flying) < f.window && n < 40; n++ {
		enter(f.seq)
		f.seq++
		f.flying++
	}
}

func (f *tcp) arrived(now time.Duration, p packet) {
	f.acks = append(f.acks, ack{now + f.delay, p.seq, p.seq - f.next, now + f.delay - p.sent})
	f.next = p.seq + 1
	for len(f.counts) <= int(now/(100*ms)) {
		f.counts = append(f.counts, 0)
	}
	f.counts[now/(100*ms)]++
}

func (f *tcp) tick(now time.Duration) {
	for len(f.acks) > 0 && f.acks[0].at <= now {
		f.acked(now, f.acks[0])
		f.acks = f.acks[1:]
	}
	// The tail of a window that was lost would else fly for ever.
	if f.flying > 0 && len(f.acks) == 0 && now > f.from+sec && f.counts != nil && carried(f.counts, now-sec, now) == 0 {
		f.flying, f.window, f.threshold = 0, 2, f.window/2
	}
}

func (f *tcp) acked(now time.Duration, a ack) {
	f.flying -= 1 + a.lost
	f.flying = max(f.flying, 0)
	if a.lost > 0 && a.seq >= f.recover {
		f.lose(now)
		return
	}
	if a.lost > 0 || a.seq < f.recover {
		return
	}
	switch {
	case f.window < f.threshold:
		f.window++
	case f.cubic:
		f.grow(now, a.rtt)
	default:
		f.window += 1 / f.window
	}
}

func (f *tcp) lose(now time.Duration) {
	keep := 0.5
	if f.cubic {
		keep = 0.7
	}
	f.most = f.window
	f.window = max(f.window*keep, 2)
	f.threshold = f.window
	f.recover, f.reducedAt = f.seq, now
}

// grow is CUBIC's window growth.
func (f *tcp) grow(now, rtt time.Duration) {
	const c, beta = 0.4, 0.7
	k := math.Cbrt(f.most * (1 - beta) / c)
	t := (now - f.reducedAt + rtt).Seconds()
	target := c*math.Pow(t-k, 3) + f.most
	if friendly := f.most*beta + 3*(1-beta)/(1+beta)*t/rtt.Seconds(); target < friendly {
		target = friendly
	}
	if target > f.window {
		f.window += min(target-f.window, f.window/2) / f.window
	}
}

func (f *tcp) carried(from, to time.Duration) float64 { return carried(f.counts, from, to) }
