//go:build linux

package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/meridian-video/meridian/control/client"
	"github.com/meridian-video/meridian/control/state"
	"github.com/meridian-video/meridian/testbed/voters"
)

// revocation is a key on its way out of all edges' views.
type revocation struct {
	mu    sync.Mutex
	key   string // empty between two
	began time.Time
	gone  int             // edges that do not have it any more
	took  []time.Duration // of all keys and edges
}

// begin begins the next one.
func (r *revocation) begin(key string) time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.key, r.began, r.gone = key, time.Now(), 0
	return r.began
}

// look notes the first view of an edge without the key; seen is what the edge noted last.
func (r *revocation) look(v *client.View, seen *string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.key == "" || *seen == r.key {
		return
	}
	if _, there := state.Get[state.TenantKey](v.State(), r.key); there {
		return
	}
	*seen = r.key
	r.gone++
	r.took = append(r.took, time.Since(r.began))
}

// everywhere waits until so many edges are without the key.
func (r *revocation) everywhere(ctx context.Context, edges int) error {
	return voters.Wait(ctx, time.Minute, func() error {
		r.mu.Lock()
		defer r.mu.Unlock()
		if r.gone < edges {
			return fmt.Errorf("%d of %d edges took notice", r.gone, edges)
		}
		return nil
	})
}
