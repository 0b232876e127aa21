package relay

import (
	"math"
	"sync"

	"github.com/meridian-video/meridian/relay/wire"
)

// arrivals gathers how the media of a link came in, for the other end's controller.
type arrivals struct {
	mu      sync.Mutex
	bytes   uint64
	samples uint16
	least   uint32 // of the samples; wraps
}

// count notes bytes of bundles.
func (a *arrivals) count(n int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.bytes += uint64(max(n, 0))
}

// sample notes the one-way delay of a bundle: our clock less the sender's.
func (a *arrivals) sample(delay uint32) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.samples == 0 || int32(delay-a.least) < 0 {
		a.least = delay
	}
	if a.samples < math.MaxUint16 {
		a.samples++
	}
}

// take is the frame to send now; the next is about what comes from now on.
func (a *arrivals) take(clock uint32) wire.Arrived {
	a.mu.Lock()
	defer a.mu.Unlock()
	frame := wire.Arrived{Clock: clock, Bytes: a.bytes, Samples: a.samples, Delay: a.least}
	a.samples = 0
	return frame
}
