package sealed

import (
	"time"

	"github.com/meridian-video/meridian/relay/wire"
)

// Times and sizes of sending.
const (
	busyRate   = 30e6 / 8 // bytes a second above which waves follow closer
	busyWindow = time.Millisecond
	calmWindow = 2 * time.Millisecond
	waveShards = 44 // make a wave at once: what one call of the kernel takes
	staleAfter = 100 * time.Millisecond
	keepSent   = 400 * time.Millisecond // for repairs
	noRepair   = 10 * time.Millisecond  // after a repair the same is not repaired again
)

// Sender is one end's outgoing half of a path.
type Sender struct {
	sealer sealer
	shelf  shelf
	oldest uint64 // on the shelf
	ready  uint64 // the first shard that has not left
	next   uint64 // the shard being filled
	open   *shard
	began  time.Duration // of the wave being gathered
	left   time.Duration // when the last wave left
	flush  bool

	group   group
	doubles doubles
	bursts  bursts
	history history
	reach   reach
	meter   meter
	resend  []uint64
	answer  receipt // of the Receiver beside it, to be sent
	due     bool    // answer is to be sent
	record  []byte
	stats   SendStats
}

// SendStats counts what a Sender did.
type SendStats struct {
	Datagrams, Bytes uint64 // sent in all, as UDP payload
	Parity           uint64 // datagrams of parity
	Resent           uint64 // datagrams sent again on request
	Doubled          uint64 // records sent again unasked
	Stale            uint64 // datagrams dropped because they waited too long
}

// NewSender makes a Sender whose datagrams secret seals.
func NewSender(secret Secret) *Sender {
	return &Sender{
		sealer: newSealer(secret), oldest: 1, ready: 1, next: 1, left: never, reach: newReach(),
		record: make([]byte, 0, wire.MaxRecord), resend: make([]uint64, 0, 64),
	}
}

// State says where media is to go, as of the last Poll or Take.
func (s *Sender) State() State { return s.reach.state }

// RTT is the round trip of the path, 0 before it is known.
func (s *Sender) RTT() time.Duration { return s.history.rtt }

// Stats gives the counts so far.
func (s *Sender) Stats() SendStats { return s.stats }

// Add takes a packet into the stream; it is copied. Audio is sent twice.
func (s *Sender) Add(now time.Duration, alias uint32, p *wire.Media, audio bool) {
	s.record = wire.AppendMedia(s.record[:0], alias, p)
	s.meter.add(now, len(s.record))
	s.fill(now, s.record)
	if audio {
		s.doubles.push(s.record, now, now+secondTime, !s.longBursts())
	}
}

// longBursts says whether loss usually lasts so long that audio goes a third time.
func (s *Sender) longBursts() bool {
	n := s.bursts.typical()
	return n > 1 && s.meter.rate > 0 && time.Duration(float64(n*FullSize)/s.meter.rate*float64(time.Second)) >= longBurst
}

// fill appends a record to the stream.
func (s *Sender) fill(now time.Duration, record []byte) {
	for begins := true; len(record) > 0; begins = false {
		if s.open == nil {
			s.open = s.shelf.fresh(s.next, now)
			if s.ready == s.next {
				s.began = now
			}
		}
		record = s.open.append(record, begins, s.room())
		if len(s.open.records()) >= s.room() {
			s.shut()
		}
	}
}

func (s *Sender) room() int { return s.reach.size - perRecords }

// shut makes the open shard ready to leave.
func (s *Sender) shut() {
	s.open.shut()
	if s.next-s.oldest == shelfSize {
		s.oldest++
		s.ready = max(s.ready, s.oldest)
	}
	s.shelf.put(s.open)
	s.next++
	s.open = nil
}

// window is for how long records gather.
func (s *Sender) window() time.Duration {
	if s.meter.rate >= busyRate {
		return busyWindow
	}
	return calmWindow
}

// Flush says that a run of packets is over: after a moment of quiet they leave with the
// next Poll.
func (s *Sender) Flush(now time.Duration) {
	s.flush = s.flush || s.waiting() && now-s.left >= s.window()
}

// waiting says whether records wait to leave.
func (s *Sender) waiting() bool { return s.open != nil || s.ready < s.next }

// Next is when Poll has something to do, if nothing else happens before.
func (s *Sender) Next() time.Duration {
	if s.due || len(s.resend) > 0 || s.flush && s.waiting() || s.next-s.ready >= waveShards {
		return never
	}
	at := s.reach.next(s.history.rtt)
	if s.waiting() {
		at = min(at, s.began+s.window())
	}
	if s.group.k > 0 {
		at = min(at, s.group.began+groupTime)
	}
	if d := s.doubles.next(); d != nil {
		at = min(at, d.due)
	}
	return at
}

// Answer takes the receipt that the Receiver beside this Sender made; it leaves with the
// next Poll.
func (s *Sender) Answer(r *Receiver) { s.answer, s.due = r.receipt, true }

// Poll appends to w the datagrams that are due, of about budget bytes at most; the rest
// waits for the next. Receipts, repairs and probes do not wait.
func (s *Sender) Poll(now time.Duration, budget int, w *Wave) State {
	state := s.reach.tick(now, s.history.rtt)
	before := len(w.Buf)
	if s.due {
		s.due = false
		at := s.begin(w, KindReceipt, now)
		w.Buf = appendReceipt(w.Buf, &s.answer)
		s.end(w, at)
	}
	s.repair(now, w)
	s.redouble(now)
	if s.waiting() && (s.flush || now-s.began >= s.window() || s.next-s.ready >= waveShards) {
		s.send(now, budget, w)
	}
	if s.group.k > 0 && now-s.group.began >= groupTime {
		s.parity(now, w)
	}
	if size := s.reach.probe(now); size > 0 {
		s.probe(now, size, w)
	}
	for s.oldest < s.ready && (s.shelf.get(s.oldest) == nil || now-s.shelf.get(s.oldest).at > keepSent) {
		s.shelf.drop(s.oldest)
		s.oldest++
	}
	s.stats.Bytes += uint64(len(w.Buf) - before)
	return state
}

// begin starts a datagram at the end of w; end seals it.
func (s *Sender) begin(w *Wave, kind Kind, now time.Duration) int {
	at := len(w.Buf)
	w.Buf = s.sealer.begin(w.Buf, kind, now)
	return at
}

func (s *Sender) end(w *Wave, at int) {
	w.Buf = s.sealer.end(w.Buf, at)
	w.Sizes = append(w.Sizes, len(w.Buf)-at)
	s.stats.Datagrams++
}

// send shuts the open shard, filled up with doubles, and seals what is ready.
func (s *Sender) send(now time.Duration, budget int, w *Wave) {
	for d := s.doubles.next(); d != nil && s.open != nil; d = s.doubles.next() {
		if d.due-now > early || len(s.open.records())+len(d.record) > s.room() {
			break
		}
		s.double(now)
	}
	if s.open != nil {
		s.shut()
	}
	s.flush = false
	for budget += len(w.Buf); s.ready < s.next && len(w.Buf) < budget; s.ready++ {
		sh := s.shelf.get(s.ready)
		if now-sh.at > staleAfter {
			s.stats.Stale++
			s.parity(now, w)
			continue
		}
		if s.group.base+uint64(s.group.k) != sh.seq {
			s.parity(now, w) // some were given up before they left
		}
		s.data(now, sh, w)
		if s.group.k == 0 {
			s.group.begin(sh.seq, s.bursts.rows(), s.bursts.per(), now)
		}
		s.group.add(sh)
		if s.group.k == groupSize {
			s.parity(now, w)
		}
	}
	s.left, s.began = now, now
}

// redouble sends the doubles again that are due.
func (s *Sender) redouble(now time.Duration) {
	for d := s.doubles.next(); d != nil && d.due <= now; d = s.doubles.next() {
		s.double(now)
	}
}

// double sends the oldest double, and keeps it for a third time when that is due.
func (s *Sender) double(now time.Duration) {
	d := *s.doubles.next()
	s.record = append(s.record[:0], d.record...)
	s.doubles.pop()
	s.fill(now, s.record)
	s.stats.Doubled++
	if !d.last {
		s.doubles.push(s.record, d.first, d.first+thirdTime, true)
	}
}

func (s *Sender) data(now time.Duration, sh *shard, w *Wave) {
	at := s.begin(w, KindData, now)
	w.Buf = appendU48(w.Buf, sh.seq)
	w.Buf = append(w.Buf, sh.buf[2:]...)
	s.end(w, at)
	s.reach.left(now, len(w.Buf)-at)
}

// parity closes the group.
func (s *Sender) parity(now time.Duration, w *Wave) {
	k := s.group.k
	if k == 0 {
		return
	}
	for i, row := range s.group.close() {
		at := s.begin(w, KindParity, now)
		w.Buf = append(appendU48(w.Buf, s.group.base), byte(k), byte(i))
		w.Buf = append(w.Buf, row...)
		s.end(w, at)
		s.reach.left(now, len(w.Buf)-at)
		s.stats.Parity++
	}
}

// repair sends again what was asked for, once for a moment however often it was asked.
func (s *Sender) repair(now time.Duration, w *Wave) {
	for _, seq := range s.resend {
		sh := s.shelf.get(seq)
		if sh == nil || seq >= s.ready || sh.resent != 0 && now-sh.resent < noRepair || len(sh.records()) > s.room() {
			continue
		}
		sh.resent = now
		s.data(now, sh, w)
		s.stats.Resent++
	}
	s.resend = s.resend[:0]
}

func (s *Sender) probe(now time.Duration, size int, w *Wave) {
	at := s.begin(w, KindProbe, now)
	w.Buf = appendU48(w.Buf, s.ready)
	if missing := size - (len(w.Buf) - at) - (overhead - header); missing > 0 {
		w.Buf = append(w.Buf, zeros[:missing]...)
	}
	s.end(w, at)
	s.reach.left(now, size)
}

// Take takes the receipt that a Receiver got, and gives what it means to a controller;
// ok is false when it tells nothing new.
func (s *Sender) Take(now time.Duration, r *Receiver) (f Feedback, ok bool) {
	got := &r.got
	for _, m := range got.missing[:got.asked] {
		for seq := m.base; seq < m.base+uint64(m.n) && len(s.resend) < maxGap; seq++ {
			s.resend = append(s.resend, seq)
		}
	}
	if f, ok = s.history.take(now, got); !ok {
		return f, false
	}
	s.bursts.add(now, f.Bursts)
	s.reach.heard(now, int(got.largest))
	return f, true
}

// meter measures the rate of records.
type meter struct {
	rate  float64 // bytes a second, over the last tenth
	bytes int
	since time.Duration
}

const meterTime = 100 * time.Millisecond

func (m *meter) add(now time.Duration, size int) {
	if d := now - m.since; d >= meterTime {
		m.rate, m.bytes, m.since = float64(m.bytes)/d.Seconds(), 0, now
	}
	m.bytes += size
}
