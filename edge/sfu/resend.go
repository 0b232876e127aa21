package sfu

import "time"

// owe notes numbers that the subscriber asked for again.
func (d *DownTrack) owe(u *UpTrack, seqs []uint16) {
	s := &d.slot
	if s.debts == nil {
		s.debts = new([maxNacks]uint16)
	}
	n := copy(s.debts[s.owed:], seqs)
	s.owed += n
	d.refuse(dropNackLimit, len(seqs)-n)
	u.keepBusy(d)
}

// resendOwed resends up to n packets.
func (d *DownTrack) resendOwed(u *UpTrack, now time.Duration, n int) {
	s := &d.slot
	if s.owed == 0 {
		return
	}
	done := 0
	for ; done < s.owed && n > 0; done++ {
		if d.resend(u, s.debts[done], now) {
			n--
		}
	}
	copy(s.debts[:], s.debts[done:s.owed])
	s.owed -= done
}

// resend answers a NACK of one number of the slot; it reports whether it sent
// something.
func (d *DownTrack) resend(u *UpTrack, number uint16, now time.Duration) bool {
	s := &d.slot
	e := u.encodings[s.encoding]
	sn, ext, ok := s.munger.source(number)
	if e == nil || !s.begun || d.cfg.Verbatim || !ok || ext < s.from {
		d.refuse(dropNackGone, 1)
		return false
	}
	it, ok := u.recall(s.encoding, e, ext)
	if !ok || it.hide || now-it.pkt.Arrival > e.cache.age {
		d.refuse(dropNackGone, 1)
		return false
	}
	if !s.resends.allow(sn, now, time.Duration(d.rtt.Load()), resendQuota(d.cfg.Kind)) {
		d.refuse(dropNackLimit, 1)
		return false
	}
	out := d.munge(u, it, s.munger.place(ext))
	out.Marker = it.pkt.Marker || s.munger.marked.has(sn)
	out.Resent = true
	if s.munger.filled.has(sn) || s.hid(it) {
		out.Payload, out.Descriptor = nil, nil
	}
	d.counts.resent.Add(1)
	u.wave.resent++
	d.hand(u, out)
	return true
}

// resendQuota is how many packets a slot resends within resendWindow: what a
// burst of loss in a 10 Mbit/s stream needs.
func resendQuota(kind Kind) int {
	if kind == Video {
		return 128
	}
	return 32
}
