package geo

import (
	"encoding/binary"
	"fmt"
	"slices"
	"time"
)

// maxSkew is how far a node's clock may be from the others': the room plane
// orders what people do by hybrid clocks, and a clock ahead wins for so long.
const maxSkew = 500 * time.Millisecond

// skewFresh is how long a measurement counts; at 60 nodes each is measured every
// 42 s. Clocks drift less than 1 ms meanwhile.
const skewFresh = 3 * time.Minute

// reading is how far another clock was ahead, give or take err.
type reading struct {
	ahead, err time.Duration
	at         time.Time
}

// clocks is what a node has measured of the others' clocks. It is a pure value:
// times are arguments.
type clocks map[NodeID]reading

// note takes an answer: it left the other node when its clock showed theirs, and
// came here at now, rtt after the question. The answer was made somewhere within
// the round trip, so that the error is half of it.
func (c clocks) note(id NodeID, theirs, now time.Time, rtt time.Duration) {
	if rtt < 0 {
		return
	}
	c[id] = reading{ahead: theirs.Sub(now.Add(-rtt / 2)), err: rtt / 2, at: now}
}

// surely says whether a reading is beyond what is allowed, however its error fell.
func (r reading) surely() bool { return r.ahead-r.err > maxSkew || r.ahead+r.err < -maxSkew }

// judge says by how much this node's clock is behind (ahead, if negative) where it
// is the one that is wrong: more than half of the others, and at least two, are
// surely apart from it on the same side. One other alone proves nothing.
func (c clocks) judge(now time.Time) (behind time.Duration, skewed bool) {
	var all, ahead, before []time.Duration
	for id, r := range c {
		switch {
		case now.Sub(r.at) > skewFresh:
			delete(c, id)
			continue
		case r.surely() && r.ahead > 0:
			ahead = append(ahead, r.ahead)
		case r.surely():
			before = append(before, r.ahead)
		}
		all = append(all, r.ahead)
	}
	apart := ahead
	if len(before) > len(ahead) {
		apart = before
	}
	if len(apart) < 2 || 2*len(apart) <= len(all) {
		return 0, false
	}
	slices.Sort(apart)
	return apart[len(apart)/2], true
}

// alone says by how much the clock of the only other node is apart, which of the
// two is wrong nobody knows.
func (c clocks) alone() (ahead time.Duration, apart bool) {
	for _, r := range c {
		if len(c) == 1 && r.surely() {
			return r.ahead, true
		}
	}
	return 0, false
}

// ClockSkew says whether the clock is in order: nil, ErrSkewed, or that the only
// other node's is apart. It fits a health check.
func (m *Members) ClockSkew() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.own.skewed {
		return fmt.Errorf("%w: most nodes are %v from it", ErrSkewed, m.behind.Round(time.Millisecond))
	}
	if ahead, apart := m.clocks.alone(); apart {
		return fmt.Errorf("the clock of the only other node is %v apart: one of the two is wrong", ahead.Round(time.Millisecond))
	}
	return nil
}

// clock is what this node tells others it is.
func (m *Members) clock() time.Time { return time.Now().Add(time.Duration(m.offset.Load())) }

// appendClock writes a clock in microseconds since 1970 (64 bits), behind the
// coordinate of an answer; readClock reads it, which an earlier version did not
// write.
func appendClock(b []byte, t time.Time) []byte {
	return binary.BigEndian.AppendUint64(b, uint64(t.UnixMicro()))
}

func readClock(b []byte) (time.Time, bool) {
	if len(b) < coordSize+8 {
		return time.Time{}, false
	}
	micros := binary.BigEndian.Uint64(b[coordSize:])
	return time.UnixMicro(int64(micros)), micros < 1<<62
}

// compare takes what the clock of another node showed, and judges the own one.
func (m *Members) compare(id NodeID, theirs time.Time, rtt time.Duration) {
	now := m.clock()
	m.mu.Lock()
	m.clocks.note(id, theirs, now, rtt)
	behind, skewed := m.clocks.judge(now)
	turned := m.own.skewed != skewed
	m.own.skewed, m.behind = skewed, behind
	m.mu.Unlock()
	if !turned {
		return
	}
	m.log.Warn("clock", "skewed", skewed, "behind", behind.Round(time.Millisecond))
	wake(m.urgent)
	wake(m.changed)
}

// forget drops what was read of a node that is gone.
func (m *Members) forget(id NodeID) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.clocks, id)
}
