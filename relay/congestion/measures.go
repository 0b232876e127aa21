package congestion

import "time"

// State is what decides the rate.
type State uint8

// The states of a controller.
const (
	Starting  State = iota // doubling until the first sign of a limit
	Yielding               // keeping the queue short
	Competing              // holding a share beside a flow that fills the queue
	Silent                 // the other end does not report
)

func (s State) String() string {
	return [...]string{"starting", "yielding", "competing", "silent"}[min(s, Silent)]
}

// Measures is what a controller knows, for people.
type Measures struct {
	State     State
	Rate      float64       // bit/s that may be sent
	Sent      float64       // bit/s that were sent in the last second
	Received  float64       // bit/s that arrived of late
	Capacity  float64       // the most bit/s that arrived, fading
	RoundTrip time.Duration // as reported last
	Queue     time.Duration // one-way delay over its least
	Gradient  float64       // change of the delay in seconds per second, smoothed
	Loss      float64       // share of packets lost in the last half second or more
	Burst     int           // longest run of lost packets in it
}

// Measures returns them.
func (c *Controller) Measures(now time.Duration) Measures {
	return Measures{
		State: c.state, Rate: c.rate, Sent: c.sent.rate(now, 0, time.Second), Received: c.received(),
		Capacity: c.capacity, RoundTrip: c.roundTrip, Queue: c.base.queue, Gradient: c.gradient,
		Loss: c.loss.share, Burst: c.loss.bursts,
	}
}
