package client

import (
	"net/http"
	"slices"
	"sync"
)

// API passes requests for the native API on to a control node, to the next when one is gone. Control knows
// their clients by the addresses that this node saw.
func (c *Client) API() http.Handler { return c.api }

// control is every control node known: those configured first.
func (c *Client) control() []string {
	list := slices.Clone(c.cfg.Control)
	for _, addr := range c.cfg.Discover() {
		if !slices.Contains(list, addr) {
			list = append(list, addr)
		}
	}
	return list
}

// rotation stays with one control node while it can be reached.
type rotation struct {
	addrs func() []string

	mu sync.Mutex
	at string
}

// Pick implements proxy.Route.
func (r *rotation) Pick() (addr string, local bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if list := r.addrs(); r.at == "" && len(list) > 0 {
		r.at = list[0]
	}
	return r.at, false
}

// Failed implements proxy.Route.
func (r *rotation) Failed(addr string) {
	list := r.addrs()
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.at == addr && len(list) > 0 {
		r.at = list[(slices.Index(list, addr)+1)%len(list)]
	}
}

// Changed implements proxy.Route.
func (r *rotation) Changed() <-chan struct{} { return nil }
