package sealed

import "time"

// State says where media is to go.
type State uint8

// The states of a path.
const (
	Down     State = iota // datagrams do not arrive: by QUIC
	Doubtful              // no word for a moment: by both
	Up                    // they arrive: by sealed datagrams
)

func (s State) String() string { return [...]string{"down", "doubtful", "up"}[s] }

// Times of a path beyond its round trip.
const (
	doubtAfter = 60 * time.Millisecond // without a receipt, three of which were due
	downAfter  = 300 * time.Millisecond
	trialFirst = 40 * time.Millisecond // for which probes arrive before media follows
	trialAgain = time.Second           // the same after a fall, doubled by each
	trialMost  = 30 * time.Second
	forgive    = time.Minute // up, after which falls are forgotten

	probeFirst = 20 * time.Millisecond  // while trying
	probeIdle  = 250 * time.Millisecond // while up and there is nothing to send
	probeDown  = 500 * time.Millisecond
	probeTries = 50                     // at probeFirst, until the path counts as blocked
	growEvery  = 250 * time.Millisecond // full-size probes while only small datagrams are known to pass
	shrunkFor  = 10 * time.Second
)

// large is what counts as full size: a datagram of data is a little shorter than one of
// its parity.
const large = FullSize - 8

// never is before all times.
const never = time.Duration(-1 << 62)

// wait is a datagram sent that no receipt has answered.
type wait struct {
	since time.Duration
	on    bool
}

func (w *wait) begin(now time.Duration) {
	if !w.on {
		*w = wait{now, true}
	}
}

func (w *wait) over(now, limit time.Duration) bool { return w.on && now-w.since > limit }

// reach learns from what is sent and answered whether datagrams arrive, and how large
// they may be. It begins Down.
type reach struct {
	state   State
	size    int // of the largest datagram to send
	any     wait
	full    wait          // of full-size datagrams, where media leaves in them
	good    wait          // on while Down and answered
	came    time.Duration // up since
	falls   int
	tries   int // probes since the path went down, unanswered
	sent    time.Duration
	growing time.Duration // when the last full-size probe left
	shrunk  time.Duration
}

func newReach() reach {
	return reach{size: BaseSize, sent: never, growing: never, shrunk: never}
}

// left notes a datagram that asks for a receipt.
func (r *reach) left(now time.Duration, size int) {
	if size >= large && r.size < FullSize {
		return // a try, which may well not arrive
	}
	r.sent = now
	r.any.begin(now)
	if size >= large {
		r.full.begin(now)
	}
}

// heard notes a receipt; largest is the largest datagram it covers.
func (r *reach) heard(now time.Duration, largest int) {
	r.any.on = false
	r.tries = 0
	if largest >= large {
		r.full.on = false
		if now-r.shrunk > shrunkFor {
			r.size = FullSize
		}
	}
	if r.state == Down {
		r.good.begin(now)
		if now-r.good.since >= r.trial() {
			r.state, r.came, r.good.on = Up, now, false
		}
	}
}

// trial is how long probes must arrive before media does.
func (r *reach) trial() time.Duration {
	if r.falls == 0 {
		return trialFirst
	}
	return min(trialAgain<<min(r.falls-1, 6), trialMost)
}

// tick draws the conclusions of silence.
func (r *reach) tick(now, rtt time.Duration) State {
	if r.full.over(now, downAfter+rtt) {
		r.size, r.full.on, r.shrunk = BaseSize, false, now
	}
	switch {
	case r.any.over(now, downAfter+rtt):
		r.good.on = false
		if r.state != Down {
			if now-r.came > forgive {
				r.falls = 0
			}
			r.falls++
			r.state = Down
		}
	case r.state == Up && (r.any.over(now, doubtAfter+rtt) || r.full.over(now, doubtAfter+rtt)):
		r.state = Doubtful
	case r.state == Doubtful && !r.any.over(now, doubtAfter+rtt) && !r.full.over(now, doubtAfter+rtt):
		r.state = Up
	}
	return r.state
}

// next is when tick or probe has something to do.
func (r *reach) next(rtt time.Duration) time.Duration {
	at := r.probeAt()
	for _, w := range []wait{r.any, r.full} {
		switch {
		case w.on && r.state == Up:
			at = min(at, w.since+doubtAfter+rtt+1)
		case w.on && r.state == Doubtful:
			at = min(at, w.since+downAfter+rtt+1)
		}
	}
	return at
}

// probeAt is when a probe is due if nothing else is sent.
func (r *reach) probeAt() time.Duration {
	switch {
	case r.state != Down:
		return r.sent + probeIdle
	case r.good.on, r.tries < probeTries && r.falls == 0:
		return r.sent + probeFirst
	default:
		return r.sent + probeDown
	}
}

// probe is the size of the probe to send now, 0 for none.
func (r *reach) probe(now time.Duration) int {
	grow := r.size == BaseSize && now-r.growing >= growEvery && now-r.shrunk > shrunkFor
	if now < r.probeAt() && !grow {
		return 0
	}
	if r.state == Down {
		r.tries++
	}
	if grow {
		r.growing = now
		return FullSize
	}
	if r.state == Down {
		return BaseSize
	}
	return overhead + clockSize + 6
}
