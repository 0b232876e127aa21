package sfu

import "time"

// reportInterval is the time between two sender reports of a DownTrack.
const reportInterval = time.Second

// A slot is the packet state of a DownTrack.
type slot struct {
	layer     uint8
	waiting   bool   // for a packet that it may start with
	begun     bool   // has started since it was attached
	from      uint64 // first source packet since it started
	top       uint64 // highest source packet sent (verbatim)
	m         munger
	resends   resendLog
	reportDue time.Duration
	packets   uint32
	octets    uint32
}

// await makes the slot wait for a packet to start with.
func (d *DownTrack) await() {
	d.slot.waiting, d.slot.begun = true, false
	d.counts.waiting.Store(d.cfg.Kind == Video)
}

// start begins the slot's forwarding of a source with it.
func (d *DownTrack) start(u *UpTrack, it *item) {
	s := &d.slot
	s.waiting, s.begun = false, true
	s.from, s.top = it.ext, it.ext
	s.reportDue, u.reportDue = 0, 0
	d.counts.waiting.Store(false)
	if !d.cfg.Verbatim {
		s.m.begin(it.ext, it.pkt.Timestamp, it.pkt.Arrival, clockRate(u.cfg.Kind))
	}
}

// forward hands a packet of the source to the sink, renumbered.
func (d *DownTrack) forward(u *UpTrack, it *item) {
	s := &d.slot
	first := s.waiting
	if first {
		if !it.starts || it.late {
			u.wave.waiting++
			return
		}
		d.start(u, it)
	}
	if it.ext < s.from {
		u.wave.old++ // of before the switch
		return
	}
	if d.cfg.Verbatim {
		s.top = max(s.top, it.ext)
		d.hand(u, &it.pkt)
		return
	}
	if it.hide {
		s.m.drop(it.ext)
		u.wave.hidden++
		return
	}
	sn, ok := s.m.number(it.ext)
	if !ok {
		u.wave.old++
		return
	}
	s.m.sent(it.ext, sn, it.pkt.Timestamp, it.pkt.Arrival)
	out := d.munge(u, it, sn)
	if first && u.cfg.Kind == Audio {
		out.Marker = true // a talkspurt begins (RFC 3551 section 4.1)
	}
	d.hand(u, out)
}

// munge fills the wave's packet with it as number sn of the slot.
func (d *DownTrack) munge(u *UpTrack, it *item, sn uint64) *Packet {
	m, out := &d.slot.m, &u.wave.out
	payload := u.prepare(it)
	if it.desc.rewritable() {
		var pid uint16
		var tl0 uint8
		if it.desc.pidOff != 0 {
			pid = m.pictureID(it.pid)
		}
		if it.desc.tl0Off != 0 {
			tl0 = m.tl0PicIdx(it.desc.tl0)
		}
		it.desc.patch(payload, pid, tl0)
	}
	*out = it.pkt
	out.SequenceNumber = uint16(sn)
	out.Timestamp = it.pkt.Timestamp + m.tsShift
	out.Payload = payload
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

// resend answers a NACK of one number of the slot.
func (d *DownTrack) resend(u *UpTrack, number uint16, now time.Duration) {
	s := &d.slot
	e := u.encodings[s.layer]
	if e == nil || !s.begun {
		d.refuse(dropNackGone, 1)
		return
	}
	sn, ext, ok := s.m.source(number)
	if d.cfg.Verbatim {
		back := uint16(s.top) - number
		sn, ok = s.top-uint64(back), back < 1<<15
		ext = sn
	}
	if !ok || ext < s.from {
		d.refuse(dropNackGone, 1)
		return
	}
	it, ok := u.recall(s.layer, e, ext)
	if !ok || (it.hide && !d.cfg.Verbatim) || now-it.pkt.Arrival > e.cache.age {
		d.refuse(dropNackGone, 1)
		return
	}
	if !s.resends.allow(sn, now, time.Duration(d.rtt.Load()), resendQuota(d.cfg.Kind)) {
		d.refuse(dropNackLimit, 1)
		return
	}
	out := &u.wave.out
	if d.cfg.Verbatim {
		*out = it.pkt
	} else {
		out = d.munge(u, it, sn)
	}
	out.Resent = true
	d.counts.resent.Add(1)
	u.wave.resent++
	d.hand(u, out)
}

// resendQuota is how many packets a slot resends within resendWindow: what a
// burst of loss in a 10 Mbit/s stream needs.
func resendQuota(kind Kind) int {
	if kind == Video {
		return 128
	}
	return 32
}

// hastenReports makes the report of every DownTrack due.
func (u *UpTrack) hastenReports() {
	for _, d := range u.downs {
		d.slot.reportDue = 0
	}
	u.reportDue = 0
}

// report sends the DownTracks' reports that are due.
func (u *UpTrack) report(now time.Duration) {
	if !u.sr.known || now < u.reportDue {
		return
	}
	at := u.cfg.Clock.toNode(u.sr.ntp)
	if d := u.sr.at - at; d > clockJump || d < -clockJump {
		return // the sender's clock was set; wait for our next report of it
	}
	rtp := u.sr.rtp + uint32(ticks(now-at, clockRate(u.cfg.Kind)))
	next := now + reportInterval
	for _, d := range u.downs {
		s := &d.slot
		if !s.begun {
			continue
		}
		if now >= s.reportDue {
			s.reportDue = now + reportInterval
			r := Report{NTP: NTP(now), RTP: rtp, Packets: s.packets, Octets: s.octets}
			if !d.cfg.Verbatim {
				r.RTP += s.m.tsShift
			}
			u.wave.reports++
			d.cfg.Sink.SendReport(r)
		}
		next = min(next, s.reportDue)
	}
	u.reportDue = next
}
