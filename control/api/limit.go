package api

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"net/netip"
	"strconv"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"golang.org/x/time/rate"
)

const (
	callsPerSecond     = 100 // of a key that says nothing else; twice as many at once
	strangersPerSecond = 5   // failed tries of an address
	strangersAtOnce    = 50
	maxBuckets         = 20_000
)

// limits holds a token bucket for each name. Losing one gives its owner a fresh start, no more.
type limits struct {
	mu      sync.Mutex
	buckets map[string]*rate.Limiter
	others  *rate.Limiter // shared by those for whom there is no room
	swept   time.Time
}

func newLimits() *limits { return &limits{buckets: map[string]*rate.Limiter{}} }

// quota is what a bucket says to one call.
type quota struct {
	ok    bool
	most  int           // calls at once
	left  int           // that may be made now
	full  time.Duration // until all may be made again
	retry time.Duration // until the next may be made
	every time.Duration // in which the bucket fills
}

// take counts a call by name.
func (l *limits) take(name string, perSecond, atOnce int, now time.Time) quota {
	b := l.bucket(name, rate.Limit(perSecond), atOnce, now)
	q := quota{ok: b.AllowN(now, 1), most: atOnce, every: time.Duration(atOnce) * time.Second / time.Duration(perSecond)}
	tokens := max(0, b.TokensAt(now))
	q.left = int(tokens)
	second := float64(time.Second) / float64(perSecond)
	q.full = time.Duration((float64(atOnce) - tokens) * second)
	if tokens < 1 {
		q.retry = time.Duration((1 - tokens) * second)
	}
	return q
}

func (l *limits) bucket(name string, perSecond rate.Limit, atOnce int, now time.Time) *rate.Limiter {
	l.mu.Lock()
	defer l.mu.Unlock()
	b, ok := l.buckets[name]
	if !ok {
		if len(l.buckets) >= maxBuckets && now.Sub(l.swept) > time.Second { // sweeping is not to be an attack
			l.sweep(now)
		}
		if len(l.buckets) >= maxBuckets {
			if l.others == nil {
				l.others = rate.NewLimiter(perSecond, atOnce)
			}
			return l.others
		}
		b = rate.NewLimiter(perSecond, atOnce)
		l.buckets[name] = b
	}
	if b.Limit() != perSecond {
		b.SetLimitAt(now, perSecond)
		b.SetBurstAt(now, atOnce)
	}
	return b
}

// sweep forgets buckets that are full: new ones are like them.
func (l *limits) sweep(now time.Time) {
	l.swept = now
	for name, b := range l.buckets {
		if b.TokensAt(now) >= float64(b.Burst()) {
			delete(l.buckets, name)
		}
	}
}

// limit counts a call of a key and tells it what is left, by the fields of draft-ietf-httpapi-ratelimit-headers-10.
func (a *API) limit(ctx context.Context, c *call) error {
	perSecond := c.rate
	if perSecond == 0 {
		perSecond = callsPerSecond
	}
	q := a.keys.take(c.by, perSecond, 2*perSecond, c.at)
	c.header["Ratelimit-Policy"] = []string{fmt.Sprintf(`"key";q=%d;w=%d`, q.most, seconds(q.every))}
	c.header["Ratelimit"] = []string{fmt.Sprintf(`"key";r=%d;t=%d`, q.left, seconds(q.full))}
	if !q.ok {
		return tooMany(ctx, q)
	}
	return nil
}

func tooMany(ctx context.Context, q quota) error {
	p := problem(ctx, http.StatusTooManyRequests, "Too many calls; go on after the time in Retry-After.")
	return huma.ErrorWithHeaders(p, http.Header{"Retry-After": {strconv.Itoa(max(1, seconds(q.retry)))}})
}

// seconds rounds up.
func seconds(d time.Duration) int { return int(math.Ceil(d.Seconds())) }

// address is whom failed tries are counted by: an IPv6 subscriber has a whole /64.
func address(r *http.Request) string {
	at, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	ip := at.Addr().Unmap().WithZone("")
	if ip.Is6() {
		if p, err := ip.Prefix(64); err == nil {
			return p.String()
		}
	}
	return ip.String()
}
