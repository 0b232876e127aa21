package callers

import (
	"sync"
	"time"

	"golang.org/x/time/rate"
)

const (
	callsPerSecond = 100 // of a caller that says nothing else; twice as many at once
	maxBuckets     = 20_000
)

// Rates holds a token bucket for each caller. The zero Rates is ready for use.
type Rates struct {
	mu      sync.Mutex
	buckets map[string]*rate.Limiter
}

// Take counts a call; ErrTooMany is returned for one beyond the rate.
func (l *Rates) Take(c Caller, now time.Time) error {
	perSecond := c.Rate
	if perSecond == 0 {
		perSecond = callsPerSecond
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.buckets[c.Name]
	if b == nil || b.Limit() != rate.Limit(perSecond) {
		if l.buckets == nil || len(l.buckets) >= maxBuckets { // a fresh start for all, no more
			l.buckets = map[string]*rate.Limiter{}
		}
		b = rate.NewLimiter(rate.Limit(perSecond), 2*perSecond)
		l.buckets[c.Name] = b
	}
	if !b.AllowN(now, 1) {
		return ErrTooMany
	}
	return nil
}
