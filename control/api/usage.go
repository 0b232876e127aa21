package api

import (
	"context"
	"sync"
	"time"

	"github.com/meridian-video/meridian/control/state"
)

const (
	usedEvery = time.Minute // between two notes of when keys were used
	maxUsed   = 10_000      // keys in one note
)

// usage remembers when keys were used until it is noted in the state: no log entry a call. A crash loses a minute.
type usage struct {
	mu sync.Mutex
	at map[string]time.Time
}

func newUsage() *usage { return &usage{at: map[string]time.Time{}} }

// note remembers a use, to the minute as the state does.
func (u *usage) note(k state.APIKey, now time.Time) {
	now = now.Truncate(usedEvery).UTC()
	if k.LastUsed != nil && !now.After(*k.LastUsed) {
		return
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if _, known := u.at[k.ID]; known || len(u.at) < maxUsed {
		u.at[k.ID] = now
	}
}

// take hands over what was remembered.
func (u *usage) take() map[string]time.Time {
	u.mu.Lock()
	defer u.mu.Unlock()
	at := u.at
	u.at = map[string]time.Time{}
	return at
}

// Run notes in the state when keys were used, once a minute, and sends links to who asked, until ctx ends.
func (a *API) Run(ctx context.Context) {
	var wg sync.WaitGroup
	defer wg.Wait()
	wg.Go(func() { a.signin.Run(ctx) })
	t := time.NewTicker(usedEvery)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
			a.noteUsage(ctx)
		}
	}
}

func (a *API) noteUsage(ctx context.Context) {
	at := a.usage.take()
	if len(at) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, callDeadline)
	defer cancel()
	if _, err := a.store.ProposeOn(ctx, &state.UseAPIKeys{At: at}, state.Terms{}); err != nil {
		a.log.Warn("when API keys were used is not noted", "keys", len(at), "err", err)
	}
}
