package sfu

import "time"

const (
	// reorderAllowance is how long a missing packet may merely be late:
	// reordering on the Internet is nearly always within a few milliseconds.
	reorderAllowance = 8 * time.Millisecond
	// nackReset is the gap in packets that is not worth repairing.
	nackReset = 512
	// defaultRTT is assumed until the transport knows better.
	defaultRTT = 100 * time.Millisecond
)

// nackLimits say how long a missing packet is worth asking for.
type nackLimits struct {
	tries int
	age   time.Duration
	list  int
}

// Video waits as long as a browser's jitter buffer would; audio older than
// 200 ms is concealed.
func limitsOf(kind Kind) nackLimits {
	if kind == Video {
		return nackLimits{tries: 5, age: 500 * time.Millisecond, list: 256}
	}
	return nackLimits{tries: 3, age: 200 * time.Millisecond, list: 32}
}

// missing is one packet that has not arrived.
type missing struct {
	ext   uint64
	since time.Duration
	due   time.Duration
	tries int
}

// A nackList holds the missing packets of one encoding in ascending order.
type nackList struct {
	limits nackLimits
	list   []missing
	due    time.Duration // no entry is due before
	asked  []uint16      // scratch of take
}

func newNackList(kind Kind) nackList {
	l := limitsOf(kind)
	return nackList{limits: l, list: make([]missing, 0, l.list), asked: make([]uint16, 0, l.list)}
}

// skip notes that the gap numbers before ext are missing. Of more than the
// list holds, the oldest are given up; it returns how many.
func (n *nackList) skip(ext uint64, gap int, now time.Duration) (lost int) {
	if gap > nackReset {
		lost = len(n.list) + gap
		n.list = n.list[:0]
		return lost
	}
	if over := gap - n.limits.list; over > 0 {
		lost, gap = over, n.limits.list
	}
	if over := len(n.list) + gap - n.limits.list; over > 0 {
		n.list = append(n.list[:0], n.list[over:]...)
		lost += over
	}
	due := now + reorderAllowance
	if len(n.list) == 0 || due < n.due {
		n.due = due
	}
	for i := gap; i > 0; i-- {
		n.list = append(n.list, missing{ext: ext - uint64(i), since: now, due: due})
	}
	return lost
}

// arrived removes ext and reports whether it had been asked for.
func (n *nackList) arrived(ext uint64) (asked bool) {
	for i := range n.list {
		if n.list[i].ext == ext {
			asked = n.list[i].tries > 0
			n.list = append(n.list[:i], n.list[i+1:]...)
			return asked
		}
	}
	return false
}

// take returns the numbers to ask for now (valid until the next call) and how
// many were given up.
func (n *nackList) take(now, rtt time.Duration) (seqs []uint16, lost int) {
	if len(n.list) == 0 || now < n.due {
		return nil, 0
	}
	n.asked = n.asked[:0]
	kept := n.list[:0]
	n.due = now + n.limits.age
	for _, m := range n.list {
		if m.due <= now {
			if m.tries >= n.limits.tries || now-m.since >= n.limits.age {
				lost++
				continue
			}
			n.asked = append(n.asked, uint16(m.ext))
			m.tries++
			m.due = now + rtt
		}
		n.due = min(n.due, m.due)
		kept = append(kept, m)
	}
	n.list = kept
	return n.asked, lost
}

func (n *nackList) clear() (lost int) {
	lost = len(n.list)
	n.list = n.list[:0]
	return lost
}

const (
	// resendTries bounds how often one packet is resent to one subscriber.
	resendTries = 4
	// resendFloor is the shortest time between two of them.
	resendFloor = 20 * time.Millisecond
	// resendWindow is the time in which a slot resends at most its quota.
	resendWindow = 100 * time.Millisecond
)

// A resendLog limits the answers to one subscriber's NACKs.
type resendLog struct {
	recent *[128]resent // made at the first NACK
	window time.Duration
	used   int
}

type resent struct {
	sn    uint64
	at    time.Duration
	tries uint8
}

// allow reports whether packet sn may be resent now, and counts it.
func (r *resendLog) allow(sn uint64, now, rtt time.Duration, quota int) bool {
	if r.recent == nil {
		r.recent = new([128]resent)
		r.window = now
	}
	if now-r.window >= resendWindow {
		r.window, r.used = now, 0
	}
	if r.used >= quota {
		return false
	}
	e := &r.recent[sn%uint64(len(r.recent))]
	if e.sn != sn {
		*e = resent{sn: sn}
	} else if e.tries >= resendTries || now-e.at < max(rtt, resendFloor) {
		return false
	}
	e.at = now
	e.tries++
	r.used++
	return true
}
