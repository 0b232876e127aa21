package sfu

import (
	"sync"
	"sync/atomic"
	"time"
)

// maxNacks is how many of a subscriber's NACKed numbers wait at once; more
// are refused until the packet path has seen to them.
const maxNacks = 128

// DownConfig says what a DownTrack is and where its packets go.
type DownConfig struct {
	Kind Kind
	Sink Sink
	// Codecs are those the sink can take; packets of others are left out, but
	// RED is reduced to Opus for a sink without it.
	Codecs CodecSet
	// Verbatim leaves numbers, timestamps and ids as the source has them: a
	// relay link's next node does the rewriting.
	Verbatim bool
	// Now is the node's monotonic clock; nil means time since the process
	// started.
	Now func() time.Duration
	// Metrics may be nil.
	Metrics *Metrics
}

// A DownTrack is one stream of media leaving the node: a negotiated receive
// slot, or a track on a relay link. All methods may be called from any
// goroutine and none waits for the packet path: they leave messages at the
// UpTrack that holds the DownTrack's packet state.
type DownTrack struct {
	cfg     DownConfig
	metrics *kindMetrics
	rtt     atomic.Int64
	target  atomic.Uint32 // Layer
	counts  downCounts

	// slot belongs to the holder of the lock of the UpTrack that the
	// DownTrack is attached to, or travels with the message to it.
	slot slot

	// mu is a leaf beneath UpTrack.mu: held for a few instructions, and
	// nothing is called under it but mailbox.post.
	mu     sync.Mutex
	closed bool
	phase  phase
	want   *UpTrack // what Switch asked for last
	at     *UpTrack // where slot is, or its message
	asked  feedback
}

// phase is where a DownTrack's slot is. In attaching and leaving exactly one
// message about it is on its way.
type phase uint8

const (
	parked    phase = iota // at no UpTrack
	attaching              // a message in the mailbox of at
	attached               // at at
	leaving                // at at, which has a message to let go
)

// feedback of the subscriber that the packet path has not seen yet. One
// message stands for all of it.
type feedback struct {
	posted    bool
	keyframes uint8 // of encodings, a bit each; shown stands for the one that is shown
	n         int
	seqs      [maxNacks]uint16
}

// shown is the bit of the encoding that the slot shows, whichever it is.
const shown = 1 << 7

// NewDownTrack returns a DownTrack that is switched to nothing.
func NewDownTrack(cfg DownConfig) *DownTrack {
	if cfg.Now == nil {
		cfg.Now = sinceStart
	}
	d := &DownTrack{cfg: cfg, metrics: cfg.Metrics.of(cfg.Kind)}
	d.target.Store(TopLayer.pack())
	d.counts.current.Store(NoLayer.pack())
	return d
}

// Switch makes u the source of the DownTrack, nil for none. The last of
// several calls counts. Video begins with a keyframe, from u's cache or
// requested. An UpTrack of the other kind counts as nil. The old source may
// still send a packet while Switch returns.
func (d *DownTrack) Switch(u *UpTrack) {
	if u != nil && u.cfg.Kind != d.cfg.Kind {
		u = nil
	}
	d.mu.Lock()
	if d.closed {
		u = nil
	}
	d.want = u
	var post *UpTrack
	switch {
	case d.phase == parked && u != nil:
		post = d.relocate()
	case d.phase == attached && d.at != u:
		d.phase, post = leaving, d.at
		post.box.post(message{opDetach, d})
	}
	d.mu.Unlock()
	if post != nil {
		post.combine(-1)
	}
}

// Source returns what the DownTrack is switched to, nil for none or after it
// has closed.
func (d *DownTrack) Source() *UpTrack {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.want
}

// SetRTT tells the round trip to the subscriber: a packet is not resent
// again within it.
func (d *DownTrack) SetRTT(rtt time.Duration) { d.rtt.Store(int64(rtt)) }

// Close detaches the DownTrack for good. A packet may still reach the sink
// while it returns. It is idempotent.
func (d *DownTrack) Close() {
	d.mu.Lock()
	d.closed = true
	d.mu.Unlock()
	d.Switch(nil)
}

// Retransmit answers the subscriber's NACK of the given numbers of its slot.
func (d *DownTrack) Retransmit(seqs []uint16) {
	d.counts.nacked.Add(uint64(len(seqs)))
	d.metrics.nacksDown.Add(float64(len(seqs)))
	d.tell(seqs, 0)
}

// KeyframeRequest takes the subscriber's wish for a keyframe (PLI or FIR).
func (d *DownTrack) KeyframeRequest() {
	d.request(shown)
}

// LayerKeyframeRequest takes a link's wish for a keyframe of one encoding.
func (d *DownTrack) LayerKeyframeRequest(layer uint8) {
	if layer < MaxLayers {
		d.request(1 << layer)
	}
}

func (d *DownTrack) request(keyframes uint8) {
	d.counts.keyframeRequests.Add(1)
	d.metrics.keyframesDown.Inc()
	d.tell(nil, keyframes)
}

// tell leaves feedback for the packet path.
func (d *DownTrack) tell(seqs []uint16, keyframes uint8) {
	d.mu.Lock()
	u := d.at
	if d.phase != attached {
		d.mu.Unlock()
		d.refuse(dropNackGone, len(seqs))
		return
	}
	f := &d.asked
	n := copy(f.seqs[f.n:], seqs)
	f.n += n
	f.keyframes |= keyframes
	full := !f.posted && !u.box.post(message{opFeedback, d})
	f.posted = !full
	if full {
		f.n, f.keyframes = 0, 0
		n = 0
	}
	d.mu.Unlock()
	if full {
		u.counts.feedbackDropped.Add(1)
		d.metrics.drops[dropQueueFull].Inc()
	}
	d.refuse(dropNackLimit, len(seqs)-n)
	u.combine(-1)
}

func (d *DownTrack) refuse(r dropReason, n int) {
	if n > 0 {
		d.counts.refused.Add(uint64(n))
		d.metrics.drops[r].Add(float64(n))
	}
}

// relocate sends a slot that is at no UpTrack to the wanted one, which it
// returns for the caller to combine after releasing d.mu; nil if none.
func (d *DownTrack) relocate() *UpTrack {
	d.at = d.want
	if d.want == nil {
		d.phase = parked
		return nil
	}
	d.phase = attaching
	d.want.box.post(message{opAttach, d})
	return d.want
}

// attach takes d in, unless it is wanted elsewhere by now.
func (u *UpTrack) attach(d *DownTrack) {
	d.mu.Lock()
	if u.closed && d.want == u {
		d.want = nil
	}
	if d.want != u {
		u.kick(d.relocate())
		d.mu.Unlock()
		return
	}
	d.phase = attached
	d.mu.Unlock()

	u.downs = append(u.downs, d)
	u.counts.downs.Store(int64(len(u.downs)))
	u.metrics.switches.Inc()
	d.counts.switches.Add(1)
	now := u.cfg.Now()
	u.alive = u.arriving(now)
	d.slot.encoding, d.slot.goal = 0, 0
	d.slot.seen, d.slot.paused = NoLayer, true // so that steer begins anew
	u.steer(d, now)
	u.catchUp(d)
}

// detach lets d go, unless it is wanted here again by now.
func (u *UpTrack) detach(d *DownTrack) {
	d.mu.Lock()
	if d.at != u || d.phase != leaving {
		d.mu.Unlock() // Close has let it go already
		return
	}
	if d.want == u {
		d.phase = attached
		d.mu.Unlock()
		return
	}
	d.mu.Unlock()
	u.letGo(d)
}

// letGo removes d, which is attached or leaving, and sends it on.
func (u *UpTrack) letGo(d *DownTrack) {
	for i, x := range u.downs {
		if x == d {
			last := len(u.downs) - 1
			u.downs[i], u.downs[last] = u.downs[last], nil
			u.downs = u.downs[:last]
			break
		}
	}
	u.counts.downs.Store(int64(len(u.downs)))
	u.rest(d)
	d.counts.waiting.Store(false)
	d.counts.current.Store(NoLayer.pack())
	d.mu.Lock()
	if u.closed && d.want == u {
		d.want = nil
	}
	u.kick(d.relocate())
	d.mu.Unlock()
}

// kick notes that other has a message from here.
func (u *UpTrack) kick(other *UpTrack) {
	if other != nil && other != u {
		u.errands.kicks = append(u.errands.kicks, other)
	}
}

// feedback works off what d's subscriber asked for.
func (u *UpTrack) feedback(d *DownTrack) {
	d.mu.Lock()
	here := d.at == u && (d.phase == attached || d.phase == leaving)
	seqs := u.wave.nacks[:copy(u.wave.nacks[:], d.asked.seqs[:d.asked.n])]
	keyframes := d.asked.keyframes
	d.asked.posted, d.asked.keyframes, d.asked.n = false, 0, 0
	d.mu.Unlock()
	if !here {
		d.refuse(dropNackGone, len(seqs))
		return
	}
	now := u.cfg.Now()
	for layer := range uint8(MaxLayers) {
		asked := keyframes&(1<<layer) != 0 || keyframes&shown != 0 && layer == d.slot.encoding
		if asked && u.encodings[layer] != nil {
			u.requestKeyframe(layer, now)
		}
	}
	if len(seqs) > 0 {
		d.owe(u, seqs)
		d.resendOwed(u, now, maxBurst)
	}
}
