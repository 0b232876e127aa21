package ca

import (
	"net"
	"sync"
	"time"
)

// maxTracked bounds the addresses a budget remembers; above it the oldest window is dropped as a whole.
const maxTracked = 10_000

// budget limits failed attempts per address and window. The secret has 256 bits, so the budget is not what
// keeps it: it keeps the noise and the signature checks down.
type budget struct {
	limit  int
	window time.Duration

	mu     sync.Mutex
	start  time.Time
	failed map[string]int
}

func newBudget(limit int, window time.Duration) *budget {
	return &budget{limit: limit, window: window, failed: map[string]int{}}
}

func (b *budget) roll(now time.Time) {
	if now.Sub(b.start) >= b.window || len(b.failed) >= maxTracked {
		b.start = now
		clear(b.failed)
	}
}

func (b *budget) allow(host string, now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.roll(now)
	return b.failed[host] < b.limit
}

func (b *budget) spend(host string, now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.roll(now)
	b.failed[host]++
}

// hostOf is the address without its port; an IPv6 client counts by its /64.
func hostOf(remote string) string {
	host, _, err := net.SplitHostPort(remote)
	if err != nil {
		return remote
	}
	if ip := net.ParseIP(host); ip != nil && ip.To4() == nil {
		return ip.Mask(net.CIDRMask(64, 128)).String()
	}
	return host
}
