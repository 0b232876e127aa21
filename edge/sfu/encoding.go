package sfu

import (
	"time"

	"github.com/meridian-video/meridian/edge/sfu/codec"
)

// An encoding is what an UpTrack keeps of one simulcast layer (of the only
// one mostly), which has sequence numbers of its own.
type encoding struct {
	log       receiveLog
	nacks     nackList
	cache     packetCache
	ids       pictureIDs
	structure *codec.Structure // of the latest keyframe with a dependency descriptor
	depends   codec.Descriptor // of the packet in hand
	gate      keyframeGate
	codec     Codec
	hasKey    bool
	key       uint64        // first packet of the latest keyframe
	keyAt     time.Duration // its arrival
	keyStamp  uint32        // its timestamp
	latestAt  time.Duration // arrival of the latest packet
	jitter    jitter
	burst     burst
	sr        senderReport
	layered   bool // spatial layers share the encoding

	anew    bool   // the next packet follows the last, whatever its number
	skipped uint16 // numbers of the source that were let go that way
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
	if p.Layer >= MaxLayers || len(p.Payload) > maxPayload || len(p.Descriptor) > maxDescriptor {
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
	if e.anew {
		e.anew, e.skipped = false, p.SequenceNumber-uint16(e.log.highest)-1
	}
	ext, gap, class := e.log.arrive(p.SequenceNumber - e.skipped)
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

	it := u.accept(e, ext, p, class == arrivedLate)
	u.forward(e, it)
	if gap > nackReset && len(u.downs) > 0 {
		u.requestKeyframe(p.Layer, p.Arrival)
	}
	u.askMissing(p.Layer, e, p.Arrival)
}

// accept makes the wave's item of a new packet and caches it.
func (u *UpTrack) accept(e *encoding, ext uint64, p *Packet, late bool) *item {
	it := &u.wave.item
	*it = item{ext: ext, pkt: *p, late: late, hide: len(p.Payload) == 0}
	it.pkt.SequenceNumber = uint16(ext)
	if it.pkt.Codec == NoCodec {
		it.pkt.Codec = u.cfg.Codec
	}
	if !late && !it.hide && it.pkt.Codec != e.codec {
		u.changeCodec(p.Layer, e, it.pkt.Codec)
	}
	e.describe(it)
	if it.hasPID {
		it.pid = e.ids.extend(it.ids)
	}
	e.cache.add(cached{
		ext: ext, level: p.AudioLevel, marker: p.Marker, hide: it.hide, ts: p.Timestamp,
		codec: it.pkt.Codec, pid: it.pid, arrival: p.Arrival,
	}, p.Payload, p.Descriptor)
	u.flow.add(max(int8(p.Layer), it.spatial), it.temporal, len(p.Payload), it.end)
	return it
}

// recall makes the wave's item of a cached packet.
func (u *UpTrack) recall(layer uint8, e *encoding, ext uint64) (*item, bool) {
	c, payload, descriptor := e.cache.get(ext)
	if c == nil {
		return nil, false
	}
	it := &u.wave.item
	*it = item{
		ext: ext, again: true, hide: c.hide, pid: c.pid,
		pkt: Packet{
			SequenceNumber: uint16(ext), Timestamp: c.ts, Marker: c.marker, Layer: layer,
			Codec: c.codec, AudioLevel: c.level, Arrival: c.arrival,
			Payload: payload, Descriptor: descriptor,
		},
	}
	e.describe(it)
	return it, true
}

// forward hands a new packet to the DownTracks.
func (u *UpTrack) forward(e *encoding, it *item) {
	layer, now := it.pkt.Layer, it.pkt.Arrival
	if u.cfg.Kind == Video {
		e.layered = e.layered || it.spatial > 0
		if it.key && (!e.hasKey || it.ext > e.key) {
			e.hasKey, e.key, e.keyAt, e.keyStamp = true, it.ext, now, it.pkt.Timestamp
			e.gate.arrived()
			u.counts.keyframes.Add(1)
			u.sizes(e, it)
		}
	}
	it.held = u.cfg.Kind == Video && e.burst.over(now) && !it.late
	late, ext := it.late, it.ext
	for _, d := range u.downs {
		d.offer(u, it)
	}
	if late && u.cfg.Kind == Video {
		u.startWaiting(e, ext, layer, now)
	}
	u.work(now)
}

// restart forgets what an encoding held: its numbers begin anew, and so do
// the DownTracks that forward it.
func (u *UpTrack) restart(layer uint8, e *encoding, now time.Duration) {
	u.counts.restarts.Add(1)
	u.lost(e.nacks.clear())
	e.cache.clear()
	e.jitter, e.sr = jitter{}, senderReport{}
	u.renew(layer, e)
	if u.anyWaiting(layer) {
		u.requestKeyframe(layer, now)
	}
}

// changeCodec notes that the source encodes with something else from now on.
func (u *UpTrack) changeCodec(layer uint8, e *encoding, to Codec) {
	before := e.codec
	e.codec = to
	u.codec.Store(uint32(to))
	if before != NoCodec && u.cfg.Kind == Video {
		u.flow.reset()
		u.renew(layer, e)
	}
}

// renew makes the DownTracks of an encoding wait for its next keyframe.
func (u *UpTrack) renew(layer uint8, e *encoding) {
	e.hasKey, e.layered, e.ids, e.structure = false, false, pictureIDs{}, nil
	for _, d := range u.downs {
		if d.slot.encoding == layer || d.cfg.Verbatim {
			d.await()
		}
	}
}
