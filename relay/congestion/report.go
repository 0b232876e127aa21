package congestion

import (
	"cmp"
	"time"
)

// Report is what the other end says of one interval, usually 20 ms.
type Report struct {
	Interval time.Duration // the time it is about, on the receiver's clock
	Received int           // bytes that arrived in it
	// Delay is the least one-way delay of what arrived: the receiver's clock less the
	// sender's. The clocks may be apart by any amount; only changes count.
	Delay   time.Duration
	Samples int // packets Delay is the least of; 0: it says nothing
	Lost    int // packets found lost
	Packets int // packets that should have arrived, the lost ones among them
	Burst   int // the longest run of lost ones
	// RoundTrip of the link, without the receiver's waiting; 0: not measured.
	RoundTrip time.Duration
}

// Bounds of what a report can say, so that a wild one does no lasting harm.
const (
	maxInterval  = 10 * time.Second
	maxRoundTrip = 2 * time.Second
	maxDelay     = 1 << 52 * time.Nanosecond // 52 days; sums of a few do not overflow
	maxCount     = 1 << 30
)

// bounded is the report without impossible values.
func (r Report) bounded() Report {
	r.Interval = within(r.Interval, 0, maxInterval)
	r.RoundTrip = within(r.RoundTrip, 0, maxRoundTrip)
	r.Delay = within(r.Delay, -maxDelay, maxDelay)
	r.Received = within(r.Received, 0, maxCount)
	r.Packets = within(r.Packets, 0, maxCount)
	r.Lost = within(r.Lost, 0, r.Packets)
	r.Burst = within(r.Burst, 0, r.Lost)
	return r
}

func within[T cmp.Ordered](v, least, most T) T { return min(max(v, least), most) }
