package congestion

import (
	"math"
	"testing"
	"time"
)

// TestPacerKeepsItsRate when there is always more to send.
func TestPacerKeepsItsRate(t *testing.T) {
	for _, rate := range []float64{3 * mbit, 100 * mbit, 1000 * mbit} {
		var p Pacer
		sent, most := 0, 0
		for now := time.Duration(0); now < 10*sec; now += ms {
			n := 0
			for p.Budget(now, rate) >= packetSize {
				p.Sent(packetSize)
				n += packetSize
			}
			sent += n
			if now > 0 {
				most = max(most, n)
			}
		}
		if got := float64(sent) * 8 / 10 / rate; math.Abs(got-haste) > 0.01 {
			t.Errorf("%.0f Mbit/s: %.2f of it left", rate/mbit, got)
		}
		if limit := haste*rate/8/1000 + packetSize; float64(most) > limit {
			t.Errorf("%.0f Mbit/s: %d bytes in a millisecond, want at most %.0f", rate/mbit, most, limit)
		}
	}
}

func TestPacerForgivesNothing(t *testing.T) {
	var p Pacer
	if got := p.Budget(0, 8*mbit); got != burstLeast {
		t.Errorf("%d bytes at first", got)
	}
	p.Sent(burstLeast + 12_500)
	if got := p.Budget(5*ms, 8*mbit); got != -12_500+6_250 {
		t.Errorf("%d bytes 5 ms after an excess", got)
	}
	if got := p.Budget(0, 8*mbit); got != -12_500+6_250 {
		t.Errorf("%d bytes when the clock goes back", got)
	}
	if got := p.Budget(sec, 8*mbit); got != burstLeast {
		t.Errorf("%d bytes after a pause", got)
	}
	p.Sent(math.MaxInt)
	p.Sent(-5)
	if got := p.Budget(2*sec, math.NaN()); got != -maxCount {
		t.Errorf("%d bytes at no rate", got)
	}
}
