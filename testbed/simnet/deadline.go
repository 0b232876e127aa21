package simnet

import (
	"sync"
	"time"
)

// deadline wakes the waiters of a condition when it passes. The condition's
// lock guards it.
type deadline struct {
	at    time.Time
	timer *time.Timer
}

func (d *deadline) set(at time.Time, wake *sync.Cond) {
	if d.timer != nil {
		d.timer.Stop()
		d.timer = nil
	}
	d.at = at
	if wait := time.Until(at); !at.IsZero() && wait > 0 {
		d.timer = time.AfterFunc(wait, func() {
			wake.L.Lock()
			defer wake.L.Unlock()
			wake.Broadcast()
		})
	}
	wake.Broadcast()
}

func (d *deadline) passed() bool {
	return !d.at.IsZero() && !time.Now().Before(d.at)
}

func (d *deadline) stop() {
	if d.timer != nil {
		d.timer.Stop()
	}
}
