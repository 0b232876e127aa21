package sfu

import (
	"sync"
	"sync/atomic"
	"time"
)

// UpConfig says what an UpTrack is and whom it calls.
type UpConfig struct {
	Kind  Kind
	Codec Codec
	// Upstream takes requests to the source; nil means there is nobody to ask.
	Upstream Upstream
	// Clock is shared by all tracks of a publisher; nil gives the track one
	// of its own.
	Clock *SourceClock
	// Batch is handed to sinks and flushed once after each wave of packets or
	// reports to them, with the UpTrack's lock held. It may be nil and is
	// bound as a Sink is.
	Batch Batch
	// Pace is called, without the UpTrack's lock, when DownTracks have packets
	// to get besides those that arrive: the owner then calls Work every
	// millisecond or two until it returns false. Where it is nil they get them
	// with packets that arrive and with ticks.
	Pace func(*UpTrack)
	// Now is the node's monotonic clock; nil means time since the process
	// started.
	Now func() time.Duration
	// Metrics may be nil.
	Metrics *Metrics
}

// An UpTrack is one track of media arriving at the node. Its state, and the
// packet state of the DownTracks attached to it, belong to whoever holds mu.
// All methods may be called from any goroutine; Write by one at a time, or
// packets reorder.
type UpTrack struct {
	cfg     UpConfig
	metrics *kindMetrics
	box     mailbox
	waiters atomic.Int32 // goroutines that block on mu
	rtt     atomic.Int64
	level   atomic.Int64  // arrival in µs << 8 | level
	codec   atomic.Uint32 // of the latest packet
	wanted  atomic.Uint32 // Layer
	counts  upCounts

	mu        sync.Mutex
	closed    bool
	barred    bool
	encodings [MaxLayers]*encoding
	alive     uint8 // encodings that arrive, a bit each
	downs     []*DownTrack
	busy      []*DownTrack  // get packets besides those that arrive
	worked    time.Duration // when they got some last
	arrivals  int           // since then
	errands   errands
	flow      flow
	reportDue time.Duration // no DownTrack's report is due before
	wave      wave
}

// senderReport is the source's latest on an encoding.
type senderReport struct {
	known bool
	ntp   uint64
	rtp   uint32
	at    time.Duration
}

// NewUpTrack returns an UpTrack that nothing is attached to.
func NewUpTrack(cfg UpConfig) *UpTrack {
	if cfg.Upstream == nil {
		cfg.Upstream = noUpstream{}
	}
	if cfg.Clock == nil {
		cfg.Clock = NewSourceClock()
	}
	if cfg.Now == nil {
		cfg.Now = sinceStart
	}
	u := &UpTrack{cfg: cfg, metrics: cfg.Metrics.of(cfg.Kind)}
	u.rtt.Store(int64(defaultRTT))
	u.level.Store(NoAudioLevel)
	u.codec.Store(uint32(cfg.Codec))
	u.wanted.Store(NoLayer.pack())
	u.wave.scratch = make([]byte, 0, maxPayload+1)
	return u
}

// Kind returns the kind of the track.
func (u *UpTrack) Kind() Kind { return u.cfg.Kind }

// Codec returns the codec of the track: that of the latest packet, or before
// the first the one it was made for.
func (u *UpTrack) Codec() Codec { return Codec(u.codec.Load()) }

// SetRTT tells the round trip to the source, the time between two requests
// for one packet. It is kept within 20 to 200 ms.
func (u *UpTrack) SetRTT(d time.Duration) {
	u.rtt.Store(int64(min(max(d, 20*time.Millisecond), 200*time.Millisecond)))
}

// Level returns the latest audio level of the source, NoAudioLevel before
// the first, and when it arrived.
func (u *UpTrack) Level() (level uint8, at time.Duration) {
	v := u.level.Load()
	return uint8(v), time.Duration(v>>8) * time.Microsecond
}

// Write forwards a packet of the source. It is called by the source's reader.
func (u *UpTrack) Write(p *Packet) {
	u.lock()
	switch {
	case u.closed:
	case u.barred:
		u.countDrops(dropBarred, 1)
	default:
		u.receive(p)
	}
	u.drain(drainBudget)
	u.endWave()
	u.unlock(1)
}

// SenderReport takes a sender report of the source (RFC 3550 section 6.4.1)
// on one of its encodings, that arrived at the given instant of the node's
// clock.
func (u *UpTrack) SenderReport(layer uint8, ntp uint64, rtp uint32, arrival time.Duration) {
	if layer >= MaxLayers {
		return
	}
	u.cfg.Clock.observe(ntp, arrival)
	u.lock()
	if e := u.encoding(layer); !u.closed {
		if !e.sr.known {
			u.hastenReports()
		}
		e.sr = senderReport{known: true, ntp: ntp, rtp: rtp, at: arrival}
	}
	u.drain(drainBudget)
	u.endWave()
	u.unlock(1)
}

// Tick repeats requests to the source and sends reports down. It is called
// about every 10 to 20 ms.
func (u *UpTrack) Tick(now time.Duration) {
	u.lock()
	if !u.closed {
		for layer, e := range u.encodings {
			if e != nil {
				u.askMissing(uint8(layer), e, now)
			}
		}
		u.watch(now)
		u.work(now)
		u.askKeyframes(now)
		u.report(now)
	}
	u.drain(4 * drainBudget)
	u.endWave()
	u.unlock(4)
}

// Work gives DownTracks that have fallen behind, or owe resends, their next few
// packets, and returns whether any is left (see UpConfig.Pace).
func (u *UpTrack) Work(now time.Duration) (more bool) {
	u.lock()
	u.work(now)
	u.drain(drainBudget)
	u.endWave()
	more = len(u.busy) > 0
	u.unlock(1)
	return more
}

// Close detaches all DownTracks; they keep their numbering and may be
// switched elsewhere. It is idempotent, and ends what the UpTrack sends.
func (u *UpTrack) Close() {
	u.lock()
	if !u.closed {
		u.closed = true
		for len(u.downs) > 0 {
			u.letGo(u.downs[len(u.downs)-1])
		}
		u.encodings = [MaxLayers]*encoding{}
	}
	u.drain(1 << 20)
	u.endWave()
	u.unlock(-1)
}

// drainBudget is how many messages, and packets sent because of them, one
// holder of the lock works off beyond its own purpose.
const drainBudget = 64

// lock waits for mu; combiners yield to it.
func (u *UpTrack) lock() {
	if u.mu.TryLock() {
		return
	}
	u.waiters.Add(1)
	u.mu.Lock()
	u.waiters.Add(-1)
}

// errands are what a holder of the lock does after it has released it: the
// lock is never held towards upstream, where a call may come back as media.
type errands struct {
	asks  []request  // for Upstream
	kicks []*UpTrack // have messages from here
	pace  bool       // DownTracks are busy
}

// request is one call of Upstream, for a keyframe if seqs is empty.
type request struct {
	layer uint8
	seqs  []uint16
}

// release unlocks mu and runs the errands, for up to the given rounds each.
func (u *UpTrack) release(rounds int) {
	e := u.errands
	u.errands = errands{}
	u.mu.Unlock()
	for _, r := range e.asks {
		if len(r.seqs) == 0 {
			u.cfg.Upstream.RequestKeyframe(r.layer)
		} else {
			u.cfg.Upstream.RequestRetransmit(r.layer, r.seqs)
		}
	}
	for _, k := range e.kicks {
		k.combine(rounds)
	}
	if e.pace && u.cfg.Pace != nil {
		u.cfg.Pace(u)
	}
}

// unlock releases mu, then sees to messages that came meanwhile for up to the
// given rounds (negative: until none are left).
func (u *UpTrack) unlock(rounds int) {
	u.release(rounds)
	u.combine(rounds)
}

// combine drains the mailbox unless somebody else holds the lock, who then
// does: a poster whose TryLock fails posted before the holder's check after
// unlocking. It never blocks.
func (u *UpTrack) combine(rounds int) {
	for ; rounds != 0 && u.box.queued.Load() > 0 && u.waiters.Load() == 0; rounds-- {
		if !u.mu.TryLock() {
			return
		}
		u.drain(drainBudget)
		u.endWave()
		u.release(rounds)
	}
}

// drain handles messages until none are left or the budget is used up.
func (u *UpTrack) drain(budget int) {
	for budget > 0 && u.box.queued.Load() > 0 {
		m, ok := u.box.take()
		if !ok {
			return
		}
		before := u.wave.packets
		switch m.op {
		case opAttach:
			u.attach(m.down)
		case opDetach:
			u.detach(m.down)
		case opFeedback:
			u.feedback(m.down)
		}
		budget -= 1 + u.wave.packets - before
	}
}

// A wave is what one hold of the lock sends: scratch memory, and counts that
// reach the metrics once at its end.
type wave struct {
	packets, bytes, resent int
	waiting, old, hidden   int
	foreign, reports       int
	item                   item
	out                    Packet
	scratch, descriptor    []byte
	nacks                  [maxNacks]uint16
}

// endWave flushes what was sent and counts it.
func (u *UpTrack) endWave() {
	w := &u.wave
	if w.packets > 0 || w.reports > 0 {
		if u.cfg.Batch != nil {
			u.cfg.Batch.Flush()
		}
		u.metrics.waves.Inc()
	}
	if w.packets > 0 {
		u.metrics.packets.Add(float64(w.packets))
		u.metrics.bytes.Add(float64(w.bytes))
	}
	if w.resent > 0 {
		u.metrics.resent.Add(float64(w.resent))
	}
	u.countDrops(dropWaiting, w.waiting)
	u.countDrops(dropOld, w.old)
	u.countDrops(dropPadding, w.hidden)
	u.countDrops(dropCodec, w.foreign)
	w.packets, w.bytes, w.resent, w.reports = 0, 0, 0, 0
	w.waiting, w.old, w.hidden, w.foreign = 0, 0, 0, 0
}

func (u *UpTrack) countDrops(r dropReason, n int) {
	if n > 0 {
		u.metrics.drops[r].Add(float64(n))
	}
}
