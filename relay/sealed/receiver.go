package sealed

import (
	"errors"
	"time"

	"github.com/meridian-video/meridian/relay/wire"
)

// Sink takes what arrives. The packet, its payload and its descriptor are valid during
// the call only. A packet may come twice, and out of order.
type Sink interface {
	Media(alias uint32, p *wire.Media)
}

// Times of receiving.
const (
	receiptEvery = 20 * time.Millisecond
	receiptSoon  = 5 * time.Millisecond // when something is to be asked for
	keepGot      = 150 * time.Millisecond
	maxRuins     = 16
)

// Receiver is one end's incoming half of a path.
type Receiver struct {
	opener opener
	sink   Sink
	shelf  shelf
	floor  uint64 // shards below are settled
	next   uint64 // after the highest shard known to exist
	gaps   gaps
	ruins  [maxRuins]ruin
	turn   int // of ruins
	rtt    time.Duration

	receipt receipt // being made
	got     receipt // the last that came
	news    bool    // something asks for a receipt
	largest int     // datagram since the last receipt
	told    time.Duration
	newest  time.Duration // arrival of the newest datagram
	delays  delays

	packet wire.Media
	joined []byte
	stats  ReceiveStats
}

// ReceiveStats counts what a Receiver saw.
type ReceiveStats struct {
	Datagrams, Bytes uint64 // opened, as UDP payload
	Missing          uint64 // datagrams that never came, of any kind
	Repaired         uint64 // data made good by parity
	Asked            uint64 // data asked for again
	Lost             uint64 // data given up
	Late             uint64 // data that came after it was given up
	Twice            uint64 // data that came again
	Malformed        uint64 // opened, but not to be understood
}

// delays sums up one-way delays over those of the first.
type delays struct {
	n              int64
	base           uint32
	least, sum, hi int64
}

func (d *delays) add(delay uint32) {
	if d.n == 0 {
		*d = delays{base: delay}
	}
	over := int64(int32(delay - d.base))
	d.n++
	d.sum += over
	d.least, d.hi = min(d.least, over), max(d.hi, over)
}

// NewReceiver makes a Receiver for what secret sealed.
func NewReceiver(secret Secret, sink Sink) *Receiver {
	return &Receiver{
		opener: newOpener(secret), sink: sink, floor: 1, next: 1,
		joined: make([]byte, 0, wire.MaxRecord+FullSize),
	}
}

// Tag is what datagrams for this Receiver carry.
func (r *Receiver) Tag() Tag { return r.opener.secret.Tag() }

// Stats gives the counts so far.
func (r *Receiver) Stats() ReceiveStats {
	s := r.stats
	s.Missing, s.Lost = r.opener.window.lost(), r.gaps.lost
	return s
}

// Take opens a datagram in place and hands its packets to the sink. It returns
// ErrMalformed, ErrForged or ErrReplayed; answered says that a receipt came, for
// Sender.Take.
func (r *Receiver) Take(now time.Duration, b []byte) (answered bool, err error) {
	kind, counter, plain, err := r.opener.open(b)
	if err != nil {
		return false, err
	}
	r.count(now, kind, counter, len(b), plain)
	body := plain[clockSize:]
	switch kind {
	case KindData:
		err = r.data(now, body)
	case KindParity:
		err = r.parity(now, body)
	case KindReceipt:
		if err = r.got.decode(body); err == nil {
			r.got.clock = u32(plain)
		}
		answered = err == nil
	case KindProbe:
		if len(body) < 6 {
			err = ErrMalformed
		} else {
			r.expect(now, u48(body))
		}
	}
	if err != nil {
		r.stats.Malformed++
	}
	return answered, err
}

// count notes a datagram for the next receipt.
func (r *Receiver) count(now time.Duration, kind Kind, counter uint64, size int, plain []byte) {
	r.stats.Datagrams++
	r.stats.Bytes += uint64(size)
	sent := u32(plain)
	if counter == r.opener.window.highest {
		r.receipt.echo, r.newest = sent, now
	}
	if kind == KindReceipt {
		return
	}
	r.largest = max(r.largest, size)
	r.delays.add(clock(now) - sent)
	r.news = true
}

// data takes a shard.
func (r *Receiver) data(now time.Duration, body []byte) error {
	if len(body) < 6+2 || len(body)-6+2 > maxShard {
		return ErrMalformed
	}
	seq, records := u48(body), body[8:]
	if int(body[6])<<8|int(body[7]) > len(records) {
		return ErrMalformed
	}
	if !r.wanted(seq) {
		return nil
	}
	s := r.shelf.fresh(seq, now)
	s.buf = append(s.buf[:0], byte(len(records)>>8), byte(len(records)))
	s.buf = append(s.buf, body[6:]...)
	r.accept(now, s)
	r.revisit(now, seq)
	return nil
}

// wanted says whether a shard is neither here nor given up.
func (r *Receiver) wanted(seq uint64) bool {
	switch {
	case seq < r.floor:
		r.stats.Late++
	case r.shelf.get(seq) != nil:
		r.stats.Twice++
	default:
		return true
	}
	return false
}

// accept puts a shard on the shelf and hands up what it completes.
func (r *Receiver) accept(now time.Duration, s *shard) {
	r.expect(now, s.seq+1)
	r.shelf.put(s)
	r.hand(s)
	r.settle(now)
}

// expect notes that the shards before next exist.
func (r *Receiver) expect(now time.Duration, next uint64) {
	if next > maxCounter || next <= r.next {
		return
	}
	from := r.next
	if next-from > maxGap || len(r.gaps.list) > shelfSize {
		// The sender went on without us: what was before is of no use any more.
		from = next - 1
		r.floor = max(r.floor, from)
		r.gaps.list = r.gaps.list[:0]
	}
	for seq := from; seq < next-1; seq++ {
		r.gaps.add(seq, now)
	}
	r.next = next
}

// settle forgets shards that nothing can need any more.
func (r *Receiver) settle(now time.Duration) {
	keep := now - keepGot - r.rtt - r.rtt/2
	for ; r.floor < r.next; r.floor++ {
		s := r.shelf.get(r.floor)
		if r.next-r.floor < shelfSize {
			if s != nil && s.at > keep {
				return
			}
			if s == nil && len(r.gaps.list) > 0 && r.gaps.list[0].seq <= r.floor {
				return
			}
		}
		if s != nil {
			r.shelf.drop(r.floor)
		}
	}
}

// hand gives the packets that s holds or completes to the sink.
func (r *Receiver) hand(s *shard) {
	records := s.records()
	for at := s.first(); at < len(records); {
		alias, n, err := wire.DecodeMedia(records[at:], &r.packet)
		if errors.Is(err, wire.ErrShort) {
			s.tail = at
			break
		}
		if err != nil {
			r.stats.Malformed++
			break
		}
		r.sink.Media(alias, &r.packet)
		at += n
	}
	for back := uint64(1); back <= 2 && back < s.seq; back++ {
		before := r.shelf.get(s.seq - back)
		if before == nil {
			break
		}
		if before.tail >= 0 {
			r.join(before)
		}
		if before.first() < len(before.records()) {
			break
		}
	}
	if s.tail >= 0 {
		r.join(s)
	}
}

// join completes the record that begins at the end of s, if all of it is here.
func (r *Receiver) join(s *shard) {
	r.joined = append(r.joined[:0], s.records()[s.tail:]...)
	for seq := s.seq + 1; len(r.joined) < wire.MaxRecord; seq++ {
		piece := r.shelf.get(seq)
		if piece == nil {
			return
		}
		r.joined = append(r.joined, piece.records()[:piece.first()]...)
		alias, _, err := wire.DecodeMedia(r.joined, &r.packet)
		if err == nil {
			s.tail = -1
			r.sink.Media(alias, &r.packet)
			return
		}
		if !errors.Is(err, wire.ErrShort) || piece.first() < len(piece.records()) {
			break
		}
	}
	s.tail = -1
	r.stats.Malformed++
}

// parity keeps a row where data is missing, and repairs when there are enough.
func (r *Receiver) parity(now time.Duration, body []byte) error {
	if len(body) < 8+shardHeader || len(body)-8 > maxShard {
		return ErrMalformed
	}
	base, k, row := u48(body), int(body[6]), int(body[7])
	if k == 0 || k > groupSize || row >= maxParity {
		return ErrMalformed
	}
	r.expect(now, base+uint64(k))
	missing := r.missingOf(base, k)
	if missing == 0 || base+uint64(k) <= r.floor {
		return nil
	}
	ruin := r.ruinOf(base, k)
	ruin.keep(row, body[8:])
	return r.restore(now, ruin)
}

func (r *Receiver) missingOf(base uint64, k int) (n int) {
	for seq := base; seq < base+uint64(k); seq++ {
		if r.shelf.get(seq) == nil {
			n++
		}
	}
	return n
}

// ruinOf finds the group among those with holes, or takes the place of an old one.
func (r *Receiver) ruinOf(base uint64, k int) *ruin {
	for i := range r.ruins {
		if r.ruins[i].base == base && r.ruins[i].k == k {
			return &r.ruins[i]
		}
	}
	r.turn = (r.turn + 1) % maxRuins
	r.ruins[r.turn] = ruin{base: base, k: k}
	return &r.ruins[r.turn]
}

// revisit looks whether a shard that came late lets its group be repaired.
func (r *Receiver) revisit(now time.Duration, seq uint64) {
	if seq+1 == r.next {
		return
	}
	for i := range r.ruins {
		if ruin := &r.ruins[i]; ruin.base <= seq && seq < ruin.base+uint64(ruin.k) {
			if err := r.restore(now, ruin); err != nil {
				r.stats.Malformed++
			}
			return
		}
	}
}

// restore repairs a group that has enough.
func (r *Receiver) restore(now time.Duration, g *ruin) error {
	missing := r.missingOf(g.base, g.k)
	if missing > 0 && missing > g.have {
		return nil
	}
	defer func() { *g = ruin{} }()
	if missing == 0 {
		return nil
	}
	var made []*shard
	good := g.repair(&r.shelf, func(seq uint64, covered []byte) {
		s := r.shelf.fresh(seq, now)
		if !s.set(covered) {
			r.shelf.free(s)
			return
		}
		made = append(made, s)
	})
	for _, s := range made {
		if !r.wanted(s.seq) {
			r.shelf.free(s)
			continue
		}
		r.stats.Repaired++
		r.accept(now, s)
	}
	if !good || len(made) < missing {
		return ErrMalformed
	}
	return nil
}

// Report makes a receipt when one is due; rtt is the path's round trip, by which missing
// data is asked for again. The receipt goes to the other end by Sender.Answer.
func (r *Receiver) Report(now, rtt time.Duration) bool {
	r.rtt = rtt
	since := now - r.told
	r.gaps.prune(now, rtt, &r.shelf)
	ripe := since >= receiptSoon && r.gaps.ripe(now)
	if !ripe && (!r.news || since < receiptEvery) {
		return false
	}
	p := &r.receipt
	p.asked = 0
	r.gaps.ask(now, rtt, p)
	for _, m := range p.missing[:p.asked] {
		r.stats.Asked += uint64(m.n)
	}
	p.datagrams, p.bytes, p.lost = r.stats.Datagrams, r.stats.Bytes, r.opener.window.lost()
	p.largest = uint16(r.largest)
	p.hold = uint32((now - r.newest).Microseconds())
	if d := &r.delays; d.n > 0 {
		p.minDelay, p.meanDelay, p.maxDelay = d.base+uint32(d.least), d.base+uint32(d.sum/d.n), d.base+uint32(d.hi)
		d.n = 0
	}
	p.bursts = [maxBurst]uint16{}
	r.opener.window.bursts(&p.bursts)
	r.told, r.news, r.largest = now, false, 0
	r.settle(now)
	return true
}

// Next is when Report has something to do, if nothing arrives before; ok is false for
// never.
func (r *Receiver) Next() (at time.Duration, ok bool) {
	if r.news {
		at, ok = r.told+receiptEvery, true
	}
	if due, some := r.gaps.next(r.rtt); some {
		due = max(due, r.told+receiptSoon)
		if !ok || due < at {
			at, ok = due, true
		}
	}
	return at, ok
}
