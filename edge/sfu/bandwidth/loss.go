package bandwidth

import "time"

const (
	// lossSpan and lossPackets are what one sample of loss takes at least.
	lossSpan    = 200 * time.Millisecond
	lossPackets = 40
	// lossMemory is how much of the old loss each sample keeps.
	lossMemory = 0.7
	// lossCalm is below which loss does not count, and lossHigh above which
	// it is congestion; between them, as with radio links, only probes raise
	// the target (draft-ietf-rmcat-gcc section 6).
	lossCalm = 0.02
	lossHigh = 0.10
)

// A sample is some packets whose fate was reported.
type sample struct{ total, missing int }

// A loss counts packets and smooths the fraction lost. A sample stays open
// for another one, so that what is only late does not count as lost.
type loss struct {
	open, closing  sample
	since          time.Duration
	begun          bool
	fraction       float64
	latest         float64
	received, lost uint64 // since the start
}

// arrived counts a packet; afterAll takes back that it was missing.
func (l *loss) arrived(afterAll bool) {
	l.received++
	switch {
	case !afterAll:
		l.open.total++
		return
	case l.closing.missing > 0:
		l.closing.missing--
	case l.open.missing > 0:
		l.open.missing--
	}
	l.lost--
}

func (l *loss) vanished() {
	l.lost++
	l.open.total++
	l.open.missing++
}

// settle ends a sample if the one after it is large enough, and says whether
// it did.
func (l *loss) settle(now time.Duration) bool {
	if l.open.total < lossPackets || now-l.since < lossSpan {
		return false
	}
	s := l.closing
	l.closing, l.open, l.since = l.open, sample{}, now
	if s.total == 0 {
		return false
	}
	l.take(float64(s.missing) / float64(s.total))
	return true
}

// take folds in a fraction.
func (l *loss) take(fraction float64) {
	l.latest = fraction
	if !l.begun {
		l.begun, l.fraction = true, fraction
	}
	l.fraction = lossMemory*l.fraction + (1-lossMemory)*fraction
}

// high reports loss that lasts.
func (l *loss) high() bool { return min(l.fraction, l.latest) > lossHigh }

// calm reports no loss to speak of.
func (l *loss) calm() bool { return l.fraction < lossCalm }
