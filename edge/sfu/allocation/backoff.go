package allocation

import "time"

const (
	firstBackoff = time.Second
	lastBackoff  = 16 * time.Second
	// trial is how long an upgrade has to hold to count as one that did.
	trial = 5 * time.Second
)

// backoff holds upgrades of a slot back after it had to come down. It doubles
// while upgrades fail soon and begins anew after one that held.
type backoff struct {
	pause   time.Duration // 0 before the first
	until   time.Duration
	tried   time.Duration // the last upgrade
	growing bool          // the slot was upgraded since it last came down
}

// active says whether the slot has to wait.
func (b *backoff) active(now time.Duration) bool { return b.pause > 0 && now < b.until }

func (b *backoff) raised(now time.Duration) { b.tried, b.growing = now, true }

func (b *backoff) lowered(now time.Duration) {
	failed := b.growing && now-b.tried < trial
	switch {
	case failed && b.pause > 0:
		b.pause = min(2*b.pause, lastBackoff)
	case b.growing || b.pause == 0:
		b.pause = firstBackoff
	}
	b.until, b.growing = now+b.pause, false
}
