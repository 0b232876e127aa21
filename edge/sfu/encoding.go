package sfu

import (
	"slices"
	"time"
)

// An encoding is what an UpTrack keeps of one simulcast layer (of the only
// one mostly), which has sequence numbers of its own.
type encoding struct {
	log      receiveLog
	nacks    nackList
	cache    packetCache
	ids      pictureIDs
	gate     keyframeGate
	hasKey   bool
	key      uint64        // first packet of the latest keyframe
	keyAt    time.Duration // its arrival
	latestAt time.Duration // arrival of the latest packet
	jitter   jitter
}

// An item is one packet of the source on its way to the DownTracks.
type item struct {
	ext     uint64
	pkt     Packet
	late    bool // fills a hole
	hide    bool // nothing to forward; slots close the gap in the numbers
	starts  bool // a slot may start with it
	desc    vp8
	pid     uint32 // extended picture id
	ready   bool   // payload is prepared
	payload []byte // with ids that can be patched per slot
}

func (u *UpTrack) encoding(layer uint8) *encoding {
	e := u.encodings[layer]
	if e == nil {
		e = &encoding{nacks: newNackList(u.cfg.Kind), cache: newPacketCache(u.cfg.Kind)}
		u.encodings[layer] = e
	}
	return e
}

// receive takes a packet of the source in and forwards it.
func (u *UpTrack) receive(p *Packet) {
	if p.Layer >= MaxLayers || len(p.Payload) > maxPayload {
		u.countDrops(dropOversize, 1)
		return
	}
	u.counts.packets.Add(1)
	u.counts.octets.Add(uint64(len(p.Payload)))
	u.metrics.received.Inc()
	if p.AudioLevel != NoAudioLevel {
		u.level.Store(p.Arrival.Microseconds()<<8 | int64(p.AudioLevel))
	}
	e := u.encoding(p.Layer)
	ext, gap, class := e.log.arrive(p.SequenceNumber)
	switch class {
	case arrivedDuplicate:
		u.counts.duplicates.Add(1)
		u.countDrops(dropDuplicate, 1)
		return
	case arrivedOld:
		u.counts.old.Add(1)
		u.countDrops(dropOld, 1)
		return
	case arrivedStray:
		u.countDrops(dropStray, 1)
		return
	case arrivedRestart:
		u.restart(p.Layer, e, p.Arrival)
	case arrivedLate:
		if e.nacks.arrived(ext) {
			u.counts.recovered.Add(1)
			u.metrics.recovered.Inc()
		}
	case arrivedNew:
		if gap > 0 {
			u.lost(e.nacks.skip(ext, gap, p.Arrival))
		}
	}
	e.latestAt = p.Arrival
	if class != arrivedLate {
		e.jitter.update(p.Timestamp, p.Arrival, clockRate(u.cfg.Kind))
	}
	u.counts.note(p.Layer, e)

	it := u.accept(e, ext, p)
	it.late = class == arrivedLate
	if it.starts && u.cfg.Kind == Video && (!e.hasKey || ext > e.key) {
		e.hasKey, e.key, e.keyAt = true, ext, p.Arrival
		e.gate.arrived()
		u.counts.keyframes.Add(1)
	}
	u.send(it)
	if class == arrivedLate && u.cfg.Kind == Video {
		u.startWaiting(e, ext, p.Layer, p.Arrival)
	}
	if gap > nackReset && len(u.downs) > 0 {
		u.requestKeyframe(p.Layer, p.Arrival)
	}
	u.askMissing(p.Layer, e, p.Arrival)
}

// accept makes the wave's item of a new packet and caches it.
func (u *UpTrack) accept(e *encoding, ext uint64, p *Packet) *item {
	it := &u.wave.item
	*it = item{ext: ext, pkt: *p, hide: len(p.Payload) == 0}
	if u.isVP8() && !it.hide {
		desc, ok := parseVP8(p.Payload)
		it.desc, it.hide = desc, !ok
		if desc.pidOff != 0 {
			it.pid = e.ids.extend(desc)
		}
	}
	it.starts = u.canStart(it)
	e.cache.add(cached{
		ext: ext, level: p.AudioLevel, marker: p.Marker, hide: it.hide, ts: p.Timestamp,
		pid: it.pid, arrival: p.Arrival, desc: it.desc,
	}, p.Payload)
	return it
}

// recall makes the wave's item of a cached packet.
func (u *UpTrack) recall(layer uint8, e *encoding, ext uint64) (*item, bool) {
	c, payload := e.cache.get(ext)
	if c == nil {
		return nil, false
	}
	it := &u.wave.item
	*it = item{
		ext: ext, hide: c.hide, desc: c.desc, pid: c.pid,
		pkt: Packet{
			SequenceNumber: uint16(ext), Timestamp: c.ts, Marker: c.marker, Layer: layer,
			AudioLevel: c.level, Arrival: c.arrival, Payload: payload,
		},
	}
	it.starts = u.canStart(it)
	return it, true
}

func (u *UpTrack) isVP8() bool { return u.cfg.Kind == Video && u.cfg.Codec == VP8 }

// canStart reports whether a slot may begin with the packet: for VP8 at a
// keyframe, else anywhere.
func (u *UpTrack) canStart(it *item) bool {
	if it.hide {
		return false
	}
	return !u.isVP8() || it.desc.key
}

// prepare returns the payload with patchable ids, copied once per wave.
func (u *UpTrack) prepare(it *item) []byte {
	if !it.ready {
		it.ready, it.payload = true, it.pkt.Payload
		if it.desc.rewritable() {
			u.wave.scratch, it.desc = it.desc.widen(u.wave.scratch, it.pkt.Payload)
			it.payload = u.wave.scratch
		}
	}
	return it.payload
}

// send walks the DownTracks.
func (u *UpTrack) send(it *item) {
	for _, d := range u.downs {
		if d.slot.layer == it.pkt.Layer {
			d.forward(u, it)
		}
	}
}

// restart forgets what an encoding held: its numbers begin anew, and so do
// the DownTracks that forward it.
func (u *UpTrack) restart(layer uint8, e *encoding, now time.Duration) {
	u.counts.restarts.Add(1)
	u.lost(e.nacks.clear())
	e.cache.clear()
	e.hasKey, e.ids, e.jitter = false, pictureIDs{}, jitter{}
	u.sr.known = false
	for _, d := range u.downs {
		if d.slot.layer == layer {
			d.await()
		}
	}
	if u.anyWaiting(layer) {
		u.requestKeyframe(layer, now)
	}
}

// startWaiting starts the DownTracks that wait for a keyframe, after packet
// ext filled a hole: it may have been all that was wanting, or the first
// packet of the keyframe, whose further holes are then the subscriber's to
// ask for.
func (u *UpTrack) startWaiting(e *encoding, ext uint64, layer uint8, now time.Duration) {
	if !e.hasKey || (ext != e.key && !u.cacheServes(e, now)) {
		return
	}
	for _, d := range u.downs {
		if d.slot.waiting && d.slot.layer == layer {
			u.replay(d, e)
		}
	}
}

// startFromCache sends d the latest keyframe with every packet since, or
// reports that it cannot.
func (u *UpTrack) startFromCache(d *DownTrack, now time.Duration) bool {
	e := u.encodings[d.slot.layer]
	if e == nil || !u.cacheServes(e, now) {
		return false
	}
	u.replay(d, e)
	u.metrics.cacheStarts.Inc()
	return true
}

// cacheServes reports whether the latest keyframe is fresh and cached without
// a gap up to the present.
func (u *UpTrack) cacheServes(e *encoding, now time.Duration) bool {
	if !e.hasKey || now-e.keyAt > cachedKeyframeAge ||
		e.log.highest-e.key >= cachedKeyframePackets {
		return false
	}
	for ext := e.key; ext <= e.log.highest; ext++ {
		if c, _ := e.cache.get(ext); c == nil {
			return false
		}
	}
	return true
}

// replay sends d what is cached from the latest keyframe on.
func (u *UpTrack) replay(d *DownTrack, e *encoding) {
	for ext := e.key; ext <= e.log.highest; ext++ {
		if it, ok := u.recall(d.slot.layer, e, ext); ok {
			d.forward(u, it)
		}
	}
}

// askMissing requests what is due of the missing packets. Nothing is worth
// asking for while nobody is attached.
func (u *UpTrack) askMissing(layer uint8, e *encoding, now time.Duration) {
	if len(u.downs) == 0 {
		return
	}
	seqs, lost := e.nacks.take(now, time.Duration(u.rtt.Load()))
	u.lost(lost)
	if len(seqs) > 0 {
		u.counts.nacked.Add(uint64(len(seqs)))
		u.metrics.nacksUp.Add(float64(len(seqs)))
		u.errands.asks = append(u.errands.asks, request{layer, slices.Clone(seqs)})
	}
}

func (u *UpTrack) lost(n int) {
	if n > 0 {
		u.counts.lost.Add(uint64(n))
		u.metrics.lost.Add(float64(n))
	}
}

// requestKeyframe asks the source for a keyframe, merged with other requests.
func (u *UpTrack) requestKeyframe(layer uint8, now time.Duration) {
	if u.cfg.Kind == Video && u.encoding(layer).gate.request(now) {
		u.askKeyframe(layer)
	}
}

// askKeyframes sends the merged requests that are due.
func (u *UpTrack) askKeyframes(now time.Duration) {
	if u.cfg.Kind != Video {
		return
	}
	for layer, e := range u.encodings {
		if e == nil || !e.gate.asked || now-e.gate.at < keyframeInterval {
			continue
		}
		waiting := now-e.latestAt < sourceSilent && u.anyWaiting(uint8(layer))
		if e.gate.due(now, waiting) {
			u.askKeyframe(uint8(layer))
		}
	}
}

func (u *UpTrack) askKeyframe(layer uint8) {
	u.counts.keyframeRequests.Add(1)
	u.metrics.keyframesUp.Inc()
	u.errands.asks = append(u.errands.asks, request{layer: layer})
}

func (u *UpTrack) anyWaiting(layer uint8) bool {
	for _, d := range u.downs {
		if d.slot.waiting && d.slot.layer == layer {
			return true
		}
	}
	return false
}
