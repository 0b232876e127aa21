package sealed

import "time"

// Times of repair.
const (
	firstAsk   = 8 * time.Millisecond // parity comes sooner
	lastAsk    = 100 * time.Millisecond
	maxAsks    = 4
	leastAgain = 15 * time.Millisecond // half a round trip if that is longer
	// maxGap bounds what a jump of the sequence can make missing.
	maxGap = 1024
)

// gap is one missing shard.
type gap struct {
	seq  uint64
	seen time.Duration
	due  time.Duration // of the next ask
	asks int
}

// gaps are the shards that are missing, oldest first.
type gaps struct {
	list []gap
	lost uint64 // given up
}

func (g *gaps) add(seq uint64, now time.Duration) {
	g.list = append(g.list, gap{seq: seq, seen: now, due: now + firstAsk})
}

// prune forgets what has come or is given up.
func (g *gaps) prune(now, rtt time.Duration, shelf *shelf) {
	kept := g.list[:0]
	for _, m := range g.list {
		switch {
		case shelf.get(m.seq) != nil:
		case now >= m.giveUp(rtt):
			g.lost++
		default:
			kept = append(kept, m)
		}
	}
	g.list = kept
}

// giveUp is when a repair that was asked for last has had its time.
func (m *gap) giveUp(rtt time.Duration) time.Duration { return m.seen + lastAsk + rtt + rtt/2 }

// again says whether it may be asked for at the due time.
func (m *gap) again() bool { return m.asks < maxAsks && m.due-m.seen <= lastAsk }

// ask adds to r what is wanted again.
func (g *gaps) ask(now, rtt time.Duration, r *receipt) {
	for i := range g.list {
		m := &g.list[i]
		if now >= m.due && m.again() && r.ask(m.seq) {
			m.asks++
			m.due = now + max(rtt/2, leastAgain)
		}
	}
}

// ripe says whether something is to be asked for now.
func (g *gaps) ripe(now time.Duration) bool {
	for i := range g.list {
		if now >= g.list[i].due && g.list[i].again() {
			return true
		}
	}
	return false
}

// next is when something is to be asked for or given up.
func (g *gaps) next(rtt time.Duration) (at time.Duration, ok bool) {
	for i := range g.list {
		m := &g.list[i]
		due := m.giveUp(rtt)
		if m.again() {
			due = min(due, m.due)
		}
		if !ok || due < at {
			at, ok = due, true
		}
	}
	return at, ok
}

// ask adds seq to the missing runs; false when there is no room.
func (r *receipt) ask(seq uint64) bool {
	if r.asked > 0 {
		if last := &r.missing[r.asked-1]; last.base+uint64(last.n) == seq && last.n < 255 {
			last.n++
			return true
		}
	}
	if r.asked == maxMissing {
		return false
	}
	r.missing[r.asked] = missing{seq, 1}
	r.asked++
	return true
}
