package rtc

import (
	"context"
	"sync"
	"time"

	"github.com/meridian-video/meridian/edge/sfu"
)

// paceEvery is how often tracks that hold packets back send the next few.
const paceEvery = 2 * time.Millisecond

// pacer has UpTracks work off what they hold back from slots: a new viewer's
// catch-up, resends, bursts of a source.
type pacer struct {
	wake chan struct{}

	mu   sync.Mutex
	busy map[*sfu.UpTrack]bool
}

func newPacer() *pacer {
	return &pacer{wake: make(chan struct{}, 1), busy: map[*sfu.UpTrack]bool{}}
}

// add has u.Work called until it is done.
func (p *pacer) add(u *sfu.UpTrack) {
	p.mu.Lock()
	p.busy[u] = true
	p.mu.Unlock()
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// take empties the list first, so that a track that becomes busy while it
// works is not forgotten.
func (p *pacer) take(into []*sfu.UpTrack) []*sfu.UpTrack {
	p.mu.Lock()
	defer p.mu.Unlock()
	for u := range p.busy {
		into = append(into, u)
	}
	clear(p.busy)
	return into
}

// run works until ctx is over; while nothing is held back it sleeps.
func (p *pacer) run(ctx context.Context, now func() time.Duration) {
	ticker := time.NewTicker(paceEvery)
	defer ticker.Stop()
	var ups []*sfu.UpTrack
	for {
		ticker.Stop()
		select {
		case <-ctx.Done():
			return
		case <-p.wake:
		}
		ticker.Reset(paceEvery)
		for more := true; more; {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
			}
			more = false
			ups = p.take(ups[:0])
			for _, u := range ups {
				if u.Work(now()) {
					p.add(u)
					more = true
				}
			}
			clear(ups)
		}
	}
}

// Pace is for sfu.UpConfig of tracks that no transport has made.
func (e *Engine) Pace(u *sfu.UpTrack) { e.pacer.add(u) }
