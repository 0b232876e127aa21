package congestion

import "time"

const (
	// lossPackets and lossTime are how much a share of loss must be about: less and a
	// burst of five weighs as much as congestion.
	lossPackets = 500
	lossTime    = 500 * time.Millisecond
	// heavyLoss is more than a link loses by itself and can repair; without a queue it is
	// a policer or a very short buffer.
	heavyLoss = 0.05
)

// loss is the share of packets lost of late.
type loss struct {
	packets, lost int
	since         time.Duration
	share         float64 // of the last whole window
	fresh         bool    // it has just been completed
	burst         int     // longest run in the window
	bursts        int     // and in the last whole one
}

func (l *loss) add(now time.Duration, r Report) {
	if l.packets == 0 || now < l.since {
		l.since = now
	}
	l.packets += r.Packets
	l.lost += r.Lost
	l.burst = max(l.burst, r.Burst)
	l.fresh = l.packets >= lossPackets && now-l.since >= lossTime
	if l.fresh {
		l.share, l.bursts = float64(l.lost)/float64(l.packets), l.burst
		l.packets, l.lost, l.burst = 0, 0, 0
	}
}

// heavy says that a window has just ended with too much.
func (l *loss) heavy() bool { return l.fresh && l.share > heavyLoss }

// forget starts a new window after a reduction.
func (l *loss) forget() { l.packets, l.lost, l.burst = 0, 0, 0 }
