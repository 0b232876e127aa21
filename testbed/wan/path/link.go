package path

import (
	"errors"
	"fmt"
	"time"
)

// Link describes one direction between two hosts. The zero value is perfect.
type Link struct {
	// Delay is added to every packet, one way.
	Delay time.Duration

	// Jitter is added on top of Delay, evenly spread over [0, Jitter]. Packets
	// keep their order all the same, unless Reorder says otherwise.
	Jitter time.Duration

	// Loss is the share of packets that is lost, 0 to 1.
	Loss float64

	// Burst is the mean number of packets lost in a row, by Gilbert's model; up
	// to 1: each is lost or not on its own.
	Burst float64

	// Duplicate is the share of packets that arrive twice, 0 to 1.
	Duplicate float64

	// Reorder lets Jitter change the order.
	Reorder bool

	// Rate is the speed in bits a second; 0 has no limit.
	Rate int64

	// Queue is the longest wait for Rate; a packet that would wait longer is
	// dropped at the tail. 0: DefaultQueue.
	Queue time.Duration

	// MTU is the largest IP packet in bytes; 0: what the hosts' devices take.
	MTU int
}

// DefaultQueue is the buffer of a typical router.
const DefaultQueue = 200 * time.Millisecond

// The bounds of a link: what nothing on Earth is beyond, so that a slip of the
// finger is found and no sum overflows.
const (
	maxDelay = time.Minute
	maxBurst = 10_000
	maxRate  = 1_000_000_000_000
	minMTU   = 68 // RFC 791 section 3.2
	maxMTU   = 65_535
)

// Validate says everything that is wrong with a link.
func (l Link) Validate() error {
	var errs []error
	wrong := func(bad bool, format string, args ...any) {
		if bad {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	wrong(l.Delay < 0 || l.Delay > maxDelay, "delay %v is not 0 to %v", l.Delay, maxDelay)
	wrong(l.Jitter < 0 || l.Jitter > maxDelay, "jitter %v is not 0 to %v", l.Jitter, maxDelay)
	wrong(l.Queue < 0 || l.Queue > maxDelay, "queue %v is not 0 to %v", l.Queue, maxDelay)
	wrong(!isShare(l.Loss), "loss %v%% is not 0 to 100%%", 100*l.Loss)
	wrong(!isShare(l.Duplicate), "dup %v%% is not 0 to 100%%", 100*l.Duplicate)
	wrong(!(l.Burst >= 0 && l.Burst <= maxBurst), "burst %v is not 0 to %d packets", l.Burst, maxBurst)
	wrong(l.Burst > 1 && isShare(l.Loss) && !(l.toBad() <= 1), "bursts of %v packets cannot make a loss of %v%%", l.Burst, 100*l.Loss)
	wrong(l.Rate < 0 || l.Rate > maxRate, "rate %d is not 0 to %d bit/s", l.Rate, int64(maxRate))
	wrong(l.MTU != 0 && (l.MTU < minMTU || l.MTU > maxMTU), "mtu %d is not %d to %d bytes", l.MTU, minMTU, maxMTU)
	return errors.Join(errs...)
}

func isShare(x float64) bool { return x >= 0 && x <= 1 }

// toBad is the chance to begin a burst with a packet that is not in one: a share
// of Loss is in bursts of length Burst in the mean. It is infinite where all is lost.
func (l Link) toBad() float64 { return l.Loss / (l.Burst * (1 - l.Loss)) }
