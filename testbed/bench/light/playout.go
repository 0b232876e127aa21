//go:build linux

package light

import "time"

// How audio is played: packets of 20 ms, behind a buffer of 200 ms.
const (
	audioPacket = 20 * time.Millisecond
	audioBuffer = 200 * time.Millisecond
	playWindow  = 1024 // packets remembered
)

// playout plays an audio stream on paper: a packet that has not come when its
// turn is over leaves a gap. It is on for clients that are told to listen.
type playout struct {
	on      bool
	have    [playWindow / 64]uint64
	next    uint32
	due     time.Time
	run     time.Duration
	longest time.Duration
	gaps    int // that were longer than 60 ms
}

// MaxGap is the longest gap that a listener is not to notice.
const MaxGap = 60 * time.Millisecond

// arrive notes a packet by its extended number.
func (p *playout) arrive(n uint32, at time.Time) {
	if !p.on {
		return
	}
	if p.due.IsZero() {
		p.next, p.due = n, at.Add(audioBuffer)
	}
	if n-p.next < playWindow {
		p.have[n%playWindow/64] |= 1 << (n % 64)
	}
}

// advance plays what is due.
func (p *playout) advance(now time.Time) {
	for p.on && !p.due.IsZero() && !p.due.After(now) {
		word, bit := &p.have[p.next%playWindow/64], uint64(1)<<(p.next%64)
		if *word&bit != 0 {
			p.run = 0
		} else {
			if p.run <= MaxGap && p.run+audioPacket > MaxGap {
				p.gaps++
			}
			p.run += audioPacket
			p.longest = max(p.longest, p.run)
		}
		*word &^= bit
		p.next++
		p.due = p.due.Add(audioPacket)
	}
}
