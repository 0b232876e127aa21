package relay

import (
	"sync"
	"time"

	"github.com/meridian-video/meridian/relay/congestion"
	"github.com/meridian-video/meridian/relay/wire"
)

// valve lets as much of a link's tracks pass as the link carries: a controller hears what
// the other end reports, and what exceeds its rate is shed by layers at the source. It
// paces what asks for a budget; streams do not, QUIC paces them. An end that reports
// nothing, being of an older build, is not controlled.
type valve struct {
	link *link
	wake chan struct{}

	mu      sync.Mutex
	control *congestion.Controller
	pacer   congestion.Pacer
	way     way           // that reports are about
	told    time.Duration // when the last came
	share   portion       // of what leaves that is the tracks' own
	shedded int           // tracks of which less is sent than wanted

	last arrival // the control stream's goroutine's
	shed congestion.Shed
}

// way is how media crosses a link.
type way uint8

const (
	byStreams way = iota
	byDatagrams
)

// takeover is for how long reports about datagrams keep those about streams from being
// heard: while media goes both ways one has to be believed.
const takeover = 300 * time.Millisecond

// valvePeriod is the time between two looks at the tracks.
const valvePeriod = 100 * time.Millisecond

func newValve(l *link) *valve {
	return &valve{link: l, wake: make(chan struct{}, 1), control: congestion.New(congestion.Config{})}
}

// look has run look at the tracks soon.
func (v *valve) look() {
	select {
	case v.wake <- struct{}{}:
	default:
	}
}

// now is the controller's time.
func (v *valve) now() time.Duration { return time.Since(v.link.epoch) }

// sent notes bytes that left. Those that leave another way than is reported about, probes
// for instance, need no answer.
func (v *valve) sent(w way, bytes int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.pacer.Sent(bytes)
	if w != v.way {
		return
	}
	v.control.Sent(v.now(), bytes)
	v.share.sent += float64(bytes)
}

// budget is how many bytes may leave now.
func (v *valve) budget() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.pacer.Budget(v.now(), v.control.Rate())
}

// arrived takes what the other end says of bundles.
func (v *valve) arrived(a wire.Arrived) {
	r, ok := v.last.report(a)
	if !ok {
		return
	}
	r.Lost, r.Packets = v.last.lost(*v.link.lanes.Load())
	r.RoundTrip = time.Duration(v.link.rtt.Load())
	v.report(byStreams, r)
}

// report gives the controller a report of one way. A lower rate takes effect at once.
func (v *valve) report(w way, r congestion.Report) {
	if v.lowers(w, r) {
		v.look()
	}
}

func (v *valve) lowers(w way, r congestion.Report) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	now := v.now()
	if w == byStreams && v.way == byDatagrams && now-v.told < takeover {
		return false
	}
	if w != v.way {
		v.way = w
		v.control.Moved()
	}
	v.told = now
	before := v.control.Rate()
	v.control.Report(now, r)
	return v.control.Rate() < before
}

// run looks at the tracks until the link ends, and rests while there are none.
func (v *valve) run() {
	if v.link.remote.Capabilities&wire.CapArrived == 0 {
		return
	}
	ticker := time.NewTicker(valvePeriod)
	defer ticker.Stop()
	for running := true; ; {
		select {
		case <-ticker.C:
		case <-v.wake:
		case <-v.link.ctx.Done():
			return
		}
		outlets := v.link.leaving()
		v.regulate(outlets)
		if busy := len(outlets) > 0; busy != running {
			running = busy
			if ticker.Stop(); busy {
				ticker.Reset(valvePeriod)
			}
		}
	}
}

// regulate lets pass what fits.
func (v *valve) regulate(outlets []*Outlet) {
	now := v.now()
	streams, given := v.measure(now, outlets)
	v.mu.Lock()
	v.control.Tick(now)
	rate := v.share.of(v.control.Rate(), float64(given))
	eager := v.control.State() == congestion.Starting
	v.mu.Unlock()
	for i, l := range v.shed.Update(now, rate, eager, streams) {
		if l == streams[i].Wanted {
			outlets[i].steering.pass(wire.AllLayers)
		} else {
			outlets[i].steering.pass(wire.Layers(l))
		}
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.control.Offer(v.share.whole(v.shed.Wanted()), v.share.whole(v.shed.Next()))
	v.shedded = v.shed.Shedding()
}

// measure describes the tracks, and counts the bytes given to their outlets since the
// last time.
func (v *valve) measure(now time.Duration, outlets []*Outlet) (streams []congestion.Stream, given uint64) {
	streams = make([]congestion.Stream, len(outlets))
	for i, o := range outlets {
		wish, bytes := o.steering.measure(now, o.counted())
		given += bytes
		streams[i] = congestion.Stream{
			ID: uint64(o.alias), Audio: class(o.class.Load()) == classAudio, Share: o.steering.screen,
			Wanted: congestion.Layers(wish), Rates: o.steering.gauge.Rates(),
		}
	}
	return streams, given
}

// measures tells what the controller knows, for people.
func (v *valve) measures() (m congestion.Measures, shed int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.control.Measures(v.now()), v.shedded
}
