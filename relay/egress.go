package relay

import (
	"sync"
	"time"

	"github.com/meridian-video/meridian/relay/wire"
)

// egress gathers the packets of all outlets of a link into bundles by class and sends
// each on a stream of its own, unless sealed datagrams carry them. add may be called from any goroutine and never blocks;
// one goroutine (run) sends.
//
// A bundle of several tracks stays within one QUIC packet, so that one lost datagram
// hits no track that was not in it; packets of a single track may fill a longer bundle,
// since a frame with a hole cannot be shown anyway.
type egress struct {
	link  *link
	wake  chan struct{}
	timer *time.Timer // fires wake at alarm
	// reports arms the feedback about received bundles.
	reports *time.Timer

	mu     sync.Mutex
	queues [2]queue // audio, video
	last   time.Time
	turn   int
	alarm  time.Time // zero: timer is not set
	armed  bool      // reports is running
	due    bool      // reports has fired
}

// queue is what one class has to send.
type queue struct {
	open  *bundle   // still growing, nil when empty
	ready []*bundle // oldest first
	bytes int       // of ready
}

// bundle is a run of records.
type bundle struct {
	buf     []byte
	class   class
	alias   uint32
	mixed   bool // holds more than one track
	packets int
	at      time.Time // of its first packet
}

// queueBytes bounds what waits for a lane in each class, beside the stale time.
const queueBytes = 4 << 20

var bundles = sync.Pool{New: func() any { return &bundle{buf: make([]byte, 0, wire.MaxBundle)} }}

func newEgress(l *link) *egress {
	e := &egress{link: l, wake: make(chan struct{}, 1)}
	e.timer = time.AfterFunc(time.Hour, e.kick)
	e.timer.Stop()
	e.reports = time.AfterFunc(time.Hour, e.feedbackDue)
	e.reports.Stop()
	return e
}

func (e *egress) stop() {
	e.timer.Stop()
	e.reports.Stop()
}

func (e *egress) kick() {
	select {
	case e.wake <- struct{}{}:
	default:
	}
}

// arm wakes run at the latest at the time given; the caller holds mu.
func (e *egress) arm(now, at time.Time) {
	if e.alarm.IsZero() || at.Before(e.alarm) {
		e.alarm = at
		e.timer.Reset(max(at.Sub(now), 0))
	}
}

// add appends a packet to the bundle of its class.
func (e *egress) add(alias uint32, c class, p *wire.Media) {
	if e.link.path.carry(alias, c, p) {
		return
	}
	now := time.Now()
	size := p.Size(alias)
	e.mu.Lock()
	q := &e.queues[c]
	kick := false
	if q.open != nil && !e.fits(q.open, alias, size) {
		kick = e.shut(q)
	}
	if q.open == nil {
		b := bundles.Get().(*bundle)
		b.buf = wire.AppendBundleHeader(b.buf[:0], c.wire(), e.link.mesh.clock(now))
		b.class, b.alias, b.mixed, b.packets, b.at = c, alias, false, 0, now
		q.open = b
		e.arm(now, now.Add(e.link.mesh.tuning.window))
	}
	q.open.mixed = q.open.mixed || q.open.alias != alias
	q.open.buf = wire.AppendMedia(q.open.buf, alias, p)
	q.open.packets++
	e.mu.Unlock()
	if kick {
		e.kick()
	}
}

func (e *egress) fits(b *bundle, alias uint32, size int) bool {
	size += len(b.buf)
	if !b.mixed && b.alias == alias {
		return size <= e.link.mesh.tuning.bundle
	}
	return size <= e.link.mesh.tuning.mixed
}

// shut moves the open bundle to the ready ones, dropping the oldest past the bound.
func (e *egress) shut(q *queue) bool {
	q.ready = append(q.ready, q.open)
	q.bytes += len(q.open.buf)
	q.open = nil
	for q.bytes > queueBytes {
		e.drop(q.pop())
	}
	return true
}

func (q *queue) pop() *bundle {
	b := q.ready[0]
	q.ready[0] = nil
	q.ready = q.ready[1:]
	q.bytes -= len(b.buf)
	return b
}

func (e *egress) drop(b *bundle) {
	e.link.sent.drop(b.class, b.packets)
	bundles.Put(b)
}

// flush sends what is open now, unless something was sent within the window: then it
// goes with the packets of the rest of the window.
func (e *egress) flush(c class) {
	e.link.path.flush()
	now := time.Now()
	e.mu.Lock()
	open := e.queues[c].open != nil
	rest := e.link.mesh.tuning.window - now.Sub(e.last)
	if open && rest > 0 {
		e.arm(now, now.Add(rest))
	}
	e.mu.Unlock()
	if open && rest <= 0 {
		e.kick()
	}
}

// run sends until the link ends.
func (e *egress) run() {
	var batch []*bundle
	for {
		select {
		case <-e.wake:
		case <-e.link.ctx.Done():
			return
		}
		e.report()
		now := time.Now()
		batch = e.take(batch[:0], now)
		for i, b := range batch {
			if !e.send(b, now) {
				e.putBack(batch[i:])
				break
			}
		}
		clear(batch)
	}
}

// take collects what is ready, audio first, and the open bundles that are due.
func (e *egress) take(batch []*bundle, now time.Time) []*bundle {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.alarm = time.Time{}
	for i := range e.queues {
		q := &e.queues[i]
		if q.open != nil && (now.Sub(q.open.at) >= e.link.mesh.tuning.window || now.Sub(e.last) >= e.link.mesh.tuning.window) {
			e.shut(q)
		}
		for len(q.ready) > 0 {
			batch = append(batch, q.pop())
		}
		if q.open != nil {
			e.arm(now, q.open.at.Add(e.link.mesh.tuning.window))
		}
	}
	if len(batch) > 0 {
		e.last = now
	}
	return batch
}

// retry is when to try again after every lane was full.
const retry = 5 * time.Millisecond

// putBack returns what no lane could take, and tries again soon.
func (e *egress) putBack(rest []*bundle) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for i := range e.queues {
		q := &e.queues[i]
		var again []*bundle
		for _, b := range rest {
			if int(b.class) == i {
				again = append(again, b)
				q.bytes += len(b.buf)
			}
		}
		q.ready = append(again, q.ready...)
	}
	now := time.Now()
	e.arm(now, now.Add(retry))
}

// send gives b to the lane with the most room; false when none can take it.
func (e *egress) send(b *bundle, now time.Time) bool {
	if now.Sub(b.at) > e.link.mesh.tuning.stale {
		e.drop(b)
		return true
	}
	lanes := *e.link.lanes.Load()
	if len(lanes) > 1 {
		lanes = lanes[1:]
	}
	for range min(len(lanes), 3) {
		c := e.pick(lanes, len(b.buf))
		if err := c.send(b, now, e.link.mesh.tuning.sent); err == nil {
			e.link.sent.count(b.class, b.packets, len(b.buf))
			e.link.valve.sent(byStreams, len(b.buf))
			bundles.Put(b)
			return true
		}
	}
	return false
}

// pick gives the least loaded lane, starting at another one each time.
func (e *egress) pick(lanes []*lane, size int) *lane {
	e.turn++
	best := lanes[e.turn%len(lanes)]
	least := best.load(size)
	for i := range lanes[1:] {
		c := lanes[(e.turn+i+1)%len(lanes)]
		if load := c.load(size); load < least {
			best, least = c, load
		}
	}
	return best
}

// sweep gives up stale bundles on all lanes.
func (e *egress) sweep() {
	deadline := time.Now().Add(-e.link.mesh.tuning.stale)
	for _, c := range *e.link.lanes.Load() {
		if dropped := c.sweep(deadline); dropped > 0 {
			e.link.mesh.metrics.stale.Add(float64(dropped))
		}
	}
}

// idleSince says whether nothing was sent for d.
func (e *egress) idleSince(d time.Duration) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return time.Since(e.last) >= d && time.Since(e.link.began) >= d
}

// received notes an ended bundle, of which the peer will be told soon.
func (e *egress) received() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.armed {
		e.armed = true
		e.reports.Reset(e.link.mesh.tuning.feedback)
	}
}

func (e *egress) feedbackDue() {
	e.mu.Lock()
	e.due = true
	e.mu.Unlock()
	e.kick()
}

// report tells the peer what arrived on which connection, when that is due.
func (e *egress) report() {
	e.mu.Lock()
	due := e.due
	if due {
		e.due, e.armed = false, false
	}
	e.mu.Unlock()
	if !due {
		return
	}
	var counts []wire.Count
	for _, c := range *e.link.lanes.Load() {
		if got := c.gotBundles.Load(); got != c.told {
			c.told = got
			counts = append(counts, wire.Count{Index: c.index, Bundles: got, Bytes: c.gotBytes.Load()})
		}
	}
	e.link.writeControl(wire.AppendReceived(nil, counts))
	e.link.writeControl(wire.AppendArrived(nil, e.link.arrivals.take(e.link.mesh.clock(time.Now()))))
}
