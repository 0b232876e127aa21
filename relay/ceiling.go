package relay

import (
	"time"

	"github.com/meridian-video/meridian/relay/sealed"
)

// ceiling is a pacer that only bounds: a bucket that fills at a rate far above what one
// link is asked for.
type ceiling struct {
	filled time.Duration
	bytes  float64
}

const (
	ceilingRate  = 1e9 / 8 // bytes a second
	ceilingBurst = 1 << 20 // bytes
)

func newCeiling() pacer { return &ceiling{bytes: ceilingBurst} }

// Budget implements pacer.
func (c *ceiling) Budget(now time.Duration) int {
	c.bytes = min(c.bytes+ceilingRate*(now-c.filled).Seconds(), ceilingBurst)
	c.filled = now
	return int(c.bytes)
}

// Sent implements pacer.
func (c *ceiling) Sent(_ time.Duration, bytes int) { c.bytes -= float64(bytes) }

// Feedback implements pacer.
func (c *ceiling) Feedback(sealed.Feedback) {}
