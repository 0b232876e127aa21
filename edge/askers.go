package edge

import (
	"net/netip"
	"sync"
	"time"
)

// What one address may ask about entries: an office opens its pages at once, and
// nobody tries out the names of rooms. A refusal costs more than an admission,
// so that somebody who guesses has 20 guesses a minute (L-50).
const (
	askRate    = 2 // a second
	askBurst   = 100
	askRefused = 6
	askMost    = 20_000 // addresses that are remembered
)

// askers counts what was asked by address; of IPv6 by /64, which is one
// household.
type askers struct {
	mu    sync.Mutex
	spent map[netip.Prefix]spent
}

// spent is what an address has asked, as of a moment; it is forgotten at the rate.
type spent struct {
	cost float64
	at   time.Time
}

func (s spent) left(now time.Time) float64 { return max(0, s.cost-askRate*now.Sub(s.at).Seconds()) }

func newAskers() *askers { return &askers{spent: map[netip.Prefix]spent{}} }

// may says whether an address may ask now.
func (a *askers) may(from netip.Addr, now time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.spent[household(from)].left(now) < askBurst
}

// spend counts what an address has asked.
func (a *askers) spend(from netip.Addr, cost float64, now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.spent) >= askMost {
		a.forget(now)
	}
	key := household(from)
	a.spent[key] = spent{a.spent[key].left(now) + cost, now}
}

// forget drops addresses that owe nothing, and all of them if none is of that
// kind: a flood from everywhere is no reason to refuse anybody.
func (a *askers) forget(now time.Time) {
	for key, s := range a.spent {
		if s.left(now) == 0 {
			delete(a.spent, key)
		}
	}
	if len(a.spent) >= askMost {
		clear(a.spent)
	}
}

func household(a netip.Addr) netip.Prefix {
	a = a.Unmap().WithZone("")
	bits := a.BitLen()
	if a.Is6() {
		bits = 64
	}
	p, _ := a.Prefix(bits) // the zero Addr has the zero Prefix
	return p
}
