package relay

import (
	"math"
	"time"

	"github.com/meridian-video/meridian/relay/congestion"
	"github.com/meridian-video/meridian/relay/wire"
)

// arrival turns what the other end says has arrived, which is since the beginning and on
// clocks that wrap, into reports.
type arrival struct {
	begun        bool
	last         wire.Arrived
	delay        time.Duration
	packets, hit uint64 // QUIC packets of all lanes: sent, lost
}

// report is about what came since the frame before; the first has none.
func (a *arrival) report(f wire.Arrived) (r congestion.Report, ok bool) {
	if f.Samples > 0 {
		a.delay += time.Duration(int32(f.Delay-a.last.Delay)) * time.Microsecond
	} else {
		f.Delay = a.last.Delay
	}
	r = congestion.Report{
		Interval: time.Duration(f.Clock-a.last.Clock) * time.Microsecond,
		Received: int(min(f.Bytes-a.last.Bytes, math.MaxInt32)),
		Delay:    a.delay, Samples: int(f.Samples),
	}
	ok = a.begun
	a.begun, a.last = true, f
	return r, ok
}

// lost counts the packets sent and lost since the last time. A lane that went takes its
// counts along.
func (a *arrival) lost(lanes []*lane) (lost, packets int) {
	var sent, hit uint64
	for _, c := range lanes {
		s := c.conn.ConnectionStats()
		sent += s.PacketsSent
		hit += s.PacketsLost
	}
	if sent >= a.packets && hit >= a.hit {
		packets, lost = int(sent-a.packets), int(hit-a.hit)
	}
	a.packets, a.hit = sent, hit
	return lost, packets
}
