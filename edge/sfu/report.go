package sfu

import "time"

// reportInterval is the time between two sender reports of a DownTrack.
const reportInterval = time.Second

// hastenReports makes the report of every DownTrack due.
func (u *UpTrack) hastenReports() {
	for _, d := range u.downs {
		d.slot.reportDue = 0
	}
	u.reportDue = 0
}

// report sends the DownTracks' reports that are due.
func (u *UpTrack) report(now time.Duration) {
	if now < u.reportDue {
		return
	}
	next := now + reportInterval
	for _, d := range u.downs {
		s := &d.slot
		if !s.begun || s.paused {
			continue
		}
		if now >= s.reportDue {
			s.reportDue = now + reportInterval
			d.reportOn(u, now)
		}
		next = min(next, s.reportDue)
	}
	u.reportDue = next
}

// reportOn sends the report of what d forwards; a link gets one for each
// encoding.
func (d *DownTrack) reportOn(u *UpTrack, now time.Duration) {
	s := &d.slot
	for layer := range uint8(MaxLayers) {
		if !d.cfg.Verbatim && layer != s.encoding || d.cfg.Verbatim && s.started&(1<<layer) == 0 {
			continue
		}
		rtp, ok := u.stamp(layer, now)
		if !ok {
			continue
		}
		r := Report{Layer: layer, NTP: NTP(now), RTP: rtp, Packets: s.packets, Octets: s.octets}
		if !d.cfg.Verbatim {
			r.Layer = 0
			r.RTP += s.munger.tsShift
		}
		u.wave.reports++
		d.cfg.Sink.SendReport(r)
	}
}

// stamp returns the source's timestamp of instant now, by its sender reports.
func (u *UpTrack) stamp(layer uint8, now time.Duration) (rtp uint32, ok bool) {
	e := u.encodings[layer]
	if e == nil || !e.sr.known {
		return 0, false
	}
	at := u.cfg.Clock.toNode(e.sr.ntp)
	if d := e.sr.at - at; d > clockJump || d < -clockJump {
		return 0, false // the sender's clock was set; wait for our next report of it
	}
	return e.sr.rtp + uint32(ticks(now-at, clockRate(u.cfg.Kind))), true
}
