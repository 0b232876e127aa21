package rtc

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/rtcp"
)

// egress is the congestion control of what a transport sends: it numbers the
// packets of all slots in one sequence (draft-holmer-rmcat-transport-wide-cc-
// extensions-01) and takes the client's answers. Its methods may be called
// from any goroutine.
type egress struct {
	mu   sync.Mutex
	next uint16

	limit atomic.Uint64 // bit/s that a REMB of the client allows; 0: no limit
}

// number takes the transport-wide number of a packet of size bytes, the
// header included, that is sent now.
func (e *egress) number(size int, now time.Duration) uint16 {
	e.mu.Lock()
	defer e.mu.Unlock()
	seq := e.next
	e.next++
	e.sent(seq, size, now)
	return seq
}

// sent notes a packet. e.mu is held. There is no estimator yet.
func (e *egress) sent(uint16, int, time.Duration) {}

// feedback takes the client's report of what has arrived. There is no
// estimator yet.
func (e *egress) feedback(*rtcp.TransportLayerCC, time.Duration) {}

// capped takes the client's own estimate (draft-alvestrand-rmcat-remb-03) in
// bit/s.
func (e *egress) capped(bitrate float32) {
	if bitrate > 0 && bitrate < 1e12 {
		e.limit.Store(uint64(bitrate))
	}
}
