package sfu

import (
	"time"

	"github.com/meridian-video/meridian/edge/sfu/codec"
)

// A slot is the packet state of a DownTrack.
type slot struct {
	encoding uint8 // forwarded, or waited for
	mapped   uint8 // the encoding that the munger maps
	goal     uint8 // the encoding to be on
	started  uint8 // verbatim: encodings that have begun, a bit each
	seen     Layer // the target that goal follows from
	alive    uint8 // the encodings that goal follows from
	waiting  bool  // for a packet that it may start with
	begun    bool  // has started since it was attached
	paused   bool
	behind   bool   // gets cached packets until it has caught up
	busy     bool   // listed in UpTrack.busy
	short    bool   // a keyframe would bring a wanted spatial layer
	cursor   uint64 // behind: the next packet to get
	from     uint64 // first source packet since it started

	selector  selector
	munger    munger
	owed      int // resends not yet sent
	debts     *[maxNacks]uint16
	resends   resendLog
	reportDue time.Duration
	packets   uint32
	octets    uint32
}

// await makes the slot wait for a packet to start with.
func (d *DownTrack) await() {
	s := &d.slot
	s.waiting, s.begun, s.behind, s.started = true, false, false, 0
	d.show()
}

// show publishes what the slot does.
func (d *DownTrack) show() {
	s := &d.slot
	cur := NoLayer
	if s.begun && !s.paused {
		cur = Layer{max(int8(s.encoding), s.selector.cur.Spatial), s.selector.cur.Temporal}
	}
	d.counts.current.Store(cur.pack())
	d.counts.waiting.Store(d.cfg.Kind == Video && s.waiting && !s.paused)
	d.counts.paused.Store(s.paused)
}

// pending reports whether a verbatim slot still waits for an encoding.
func (s *slot) pending(layer uint8) bool {
	return int8(layer) <= s.selector.want.Spatial && s.started&(1<<layer) == 0
}

// wantsKeyframe reports whether the slot cannot go on, or not as high as it
// may, without a keyframe of the encoding.
func (d *DownTrack) wantsKeyframe(layer uint8) bool {
	s := &d.slot
	switch {
	case s.paused || s.behind:
		return false
	case d.cfg.Verbatim:
		return s.pending(layer)
	case s.waiting || s.goal != s.encoding:
		return s.goal == layer
	}
	return s.encoding == layer && s.short
}

// offer hands the slot a packet that has just arrived.
func (d *DownTrack) offer(u *UpTrack, it *item) {
	s, layer := &d.slot, it.pkt.Layer
	switch {
	case s.paused:
	case d.cfg.Verbatim:
		d.pass(u, it)
	case layer == s.encoding && s.behind && !(it.late && it.ext < s.cursor): // gets it in its turn
	case layer == s.encoding && it.held && !s.waiting:
		s.behind, s.cursor = true, it.ext
		u.keepBusy(d)
		u.worked, u.arrivals = it.pkt.Arrival, 0 // the next burst is a while off
	case layer == s.encoding:
		d.take(u, it)
	case it.key && !it.late && (layer == s.goal || s.waiting && !s.behind && layer < s.goal):
		s.behind = false // of another encoding, which is left
		d.take(u, it)
	case s.waiting:
		u.wave.waiting++
	}
}

// pass forwards a packet as it is.
func (d *DownTrack) pass(u *UpTrack, it *item) {
	s, layer := &d.slot, it.pkt.Layer
	if int8(layer) > s.selector.want.Spatial {
		return
	}
	if s.started&(1<<layer) == 0 {
		if !it.key || it.late {
			u.wave.waiting++
			return
		}
		s.started |= 1 << layer
		s.waiting, s.begun = false, true
		s.reportDue, u.reportDue = 0, 0
		d.show()
	}
	d.hand(u, &it.pkt)
}

// take forwards a packet of the source, renumbered, or leaves it out.
func (d *DownTrack) take(u *UpTrack, it *item) {
	s := &d.slot
	if !d.accepts(it.pkt.Codec) {
		u.wave.foreign++
		d.counts.foreign.Store(true)
		return
	}
	first := s.waiting
	if first || it.pkt.Layer != s.encoding {
		if !it.key || it.late {
			u.wave.waiting++
			return
		}
		d.enter(u, it)
	}
	switch {
	case it.ext < s.from:
		u.wave.old++ // of before the switch
		return
	case it.hide:
		s.munger.drop(it.ext)
		u.wave.hidden++
		return
	case u.cfg.Kind == Video && (!s.selector.pass(it) || it.late && s.hid(it)):
		d.leaveOut(u, it)
		return
	}
	r := s.munger.place(it.ext)
	if r == nil {
		u.wave.old++
		return
	}
	out := d.munge(u, it, r)
	marked := it.layered && !it.pkt.Marker && s.selector.ends(it)
	out.Marker = it.pkt.Marker || marked || first && u.cfg.Kind == Audio // a talkspurt begins (RFC 3551 section 4.1)
	s.munger.sent(it.ext, it.ext-r.delta, out.Timestamp, marked, it.pkt.Arrival)
	d.hand(u, out)
	if it.start && s.selector.moved {
		s.selector.moved = false
		d.show()
	}
}

// accepts reports whether the sink can take the codec, or what it is reduced to.
func (d *DownTrack) accepts(c Codec) bool {
	return d.cfg.Codecs.Has(c) || c == RED && d.cfg.Codecs.Has(Opus)
}

// enter begins the slot's forwarding of an encoding with the packet.
func (d *DownTrack) enter(u *UpTrack, it *item) {
	s := &d.slot
	shift := s.munger.shiftTo(it.pkt.Timestamp, u.cameAt(it), u.cfg.Kind)
	if s.begun { // another encoding of the same picture
		if delta, ok := u.apart(s.mapped, it.pkt.Layer); ok {
			shift = s.munger.tsShift + delta
		}
	}
	s.encoding, s.mapped = it.pkt.Layer, it.pkt.Layer
	s.waiting, s.begun = false, true
	s.from = it.ext
	s.reportDue, u.reportDue = 0, 0
	s.owed = 0 // of numbers that mean nothing here
	s.munger.begin(it.ext, shift)
	s.selector.begin()
	d.counts.foreign.Store(false)
	d.show()
}

// cameAt returns when the picture of a packet came: a packet that was lost and
// repaired says less of it than the next one.
func (u *UpTrack) cameAt(it *item) time.Duration {
	next, _, _ := u.encodings[it.pkt.Layer].cache.get(it.ext + 1)
	if next == nil || next.ts != it.pkt.Timestamp {
		return it.pkt.Arrival
	}
	return min(it.pkt.Arrival, next.arrival)
}

// apart returns how far timestamps of encoding b lie behind those of a, by
// their sender reports.
func (u *UpTrack) apart(a, b uint8) (delta uint32, ok bool) {
	ea, eb := u.encodings[a], u.encodings[b]
	if ea == nil || eb == nil || !ea.sr.known || !eb.sr.known {
		return 0, false
	}
	later := ticks(ntpSpan(ea.sr.ntp, eb.sr.ntp), clockRate(u.cfg.Kind))
	return ea.sr.rtp + uint32(later) - eb.sr.rtp, true
}

// hid reports whether other packets of the picture were left out, and its id
// given to the next.
func (s *slot) hid(it *item) bool {
	return it.hasPID && it.pkt.Codec == VP8 && s.munger.leftOut(it.pid)
}

// leaveOut hides a packet of a layer that the slot does not forward. One that
// came too late to be hidden has a number, which an empty packet fills.
func (d *DownTrack) leaveOut(u *UpTrack, it *item) {
	m := &d.slot.munger
	if it.late {
		if r := m.place(it.ext); r != nil {
			d.fill(u, it, r)
		}
		return
	}
	if it.hasPID && it.pkt.Codec == VP8 {
		m.dropPicture(it.ext, it.pid)
	} else {
		m.drop(it.ext)
	}
}

// fill sends an empty packet under the number of it, unless its picture's id
// has a place in the slot as well, which only the packet itself can fill.
func (d *DownTrack) fill(u *UpTrack, it *item, r *snRange) {
	out := d.munge(u, it, r)
	m, sn := &d.slot.munger, it.ext-r.delta
	m.sent(it.ext, sn, out.Timestamp, false, it.pkt.Arrival)
	if it.pkt.Codec != VP8 || !it.hasPID || d.slot.hid(it) {
		out.Payload, out.Descriptor = nil, nil
		m.filled.put(sn, true)
	}
	d.hand(u, out)
}

// munge fills the wave's packet with it as the slot numbers it.
func (d *DownTrack) munge(u *UpTrack, it *item, r *snRange) *Packet {
	m, out := &d.slot.munger, &u.wave.out
	it.prepare(&u.wave)
	it.rewrite(m, r)
	*out = it.pkt
	out.SequenceNumber = uint16(it.ext - r.delta)
	out.Timestamp = m.timestamp(it.pkt.Timestamp)
	out.Payload, out.Descriptor = it.payload, it.descriptor
	if it.pkt.Codec == RED && !d.cfg.Codecs.Has(RED) {
		out.Codec = Opus
		out.Payload, _, _ = codec.PrimaryOfRED(it.payload)
	}
	return out
}

// hand gives p to the sink and counts it.
func (d *DownTrack) hand(u *UpTrack, p *Packet) {
	d.slot.packets++
	d.slot.octets += uint32(len(p.Payload))
	d.counts.packets.Add(1)
	d.counts.octets.Add(uint64(len(p.Payload)))
	u.wave.packets++
	u.wave.bytes += len(p.Payload)
	d.cfg.Sink.Send(p, u.cfg.Batch)
}
