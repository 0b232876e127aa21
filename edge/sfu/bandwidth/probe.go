package bandwidth

import "time"

// A Cluster is a wish: send this much at this bitrate, media and padding
// together, each packet given to Sent with the ID. Its packets leave each
// Config.Pace.
type Cluster struct {
	ID       uint8
	Bitrate  int // bit/s
	Bytes    int // at least, and
	Packets  int // at least
	Duration time.Duration
}

const (
	// probeTime is how long a cluster lasts on a quiet path. At twice what
	// the link bears it leaves a queue of as much.
	probeTime = 25 * time.Millisecond
	// maxJitterTime bounds what jitter makes of that.
	maxJitterTime = 100 * time.Millisecond
	// probeBursts is how many bursts of a coarse sender make a measurement,
	// within maxProbeTime.
	probeBursts  = 6
	maxProbeTime = 120 * time.Millisecond
	// probePackets are the fewest that measure a rate.
	probePackets = 5
	// firstFactor and nextFactor are how far above the target a probe goes:
	// three and six times the initial bitrate at the start.
	firstFactor = 3
	nextFactor  = 2
	// worthwhile is the least gain that is worth a probe.
	worthwhile = 1.05
	// kept is what of a full link's bitrate is used.
	kept = 0.95
	// gain is what makes another try soon worthwhile.
	gain = 1.3
	// minPause is between a probe that met the link's end and the next; it
	// grows by half each time up to maxPause, which with the climb after it
	// keeps a recovery within eight seconds.
	minPause = time.Second
	maxPause = 4 * time.Second
	// calmTime without overuse comes before a probe.
	calmTime = 700 * time.Millisecond
	// probeQueue puts a probe off, but by no more than overdue: what looks
	// like a queue may be a longer route.
	probeQueue = 20 * time.Millisecond
	overdue    = 8 * time.Second
	// answerGrace is what a probe's answer may take beyond the round trip,
	// and its sending at most.
	answerGrace = 500 * time.Millisecond
	// settleTime after a probe its own queue is no overuse.
	settleTime = 500 * time.Millisecond
)

// probes plans clusters and measures them, one at a time.
type probes struct {
	cluster        Cluster
	train          train
	asked, started bool
	closed         bool
	climbing       bool   // the last one was borne
	end            uint16 // last sequence number of the cluster
	expires        time.Duration
	due            time.Duration
	pause          time.Duration
	hurried        time.Duration
	id             uint8
	pace           time.Duration // of the sender
}

// wish begins a cluster towards a bitrate.
func (p *probes) wish(now time.Duration, bitrate float64, jitter time.Duration) Cluster {
	if p.id++; p.id == 0 {
		p.id = 1
	}
	d := max(min(probeTime+3*jitter, maxJitterTime), min(probeBursts*p.pace, maxProbeTime))
	p.cluster = Cluster{
		ID: p.id, Bitrate: int(bitrate), Duration: d,
		Bytes: int(bitrate * d.Seconds() / 8), Packets: probePackets,
	}
	p.train = train{}
	p.asked, p.started, p.closed = true, false, false
	p.expires = now + answerGrace
	return p.cluster
}

// open reports whether packets sent now belong to the cluster.
func (p *probes) open() bool { return p.asked && p.started && !p.closed }

// sent counts a packet; it returns the cluster that the packet belongs to.
// Media sent in between counts as if it were tagged.
func (p *probes) sent(seq uint16, size int, at time.Duration, id uint8) uint8 {
	if !p.asked || id != p.cluster.ID && !p.open() {
		return 0
	}
	p.started = true
	p.train.out.add(size, at)
	p.end = seq
	p.closed = p.train.out.bytes >= p.cluster.Bytes && p.train.out.packets >= p.cluster.Packets
	return p.cluster.ID
}

// arrived counts a packet of the cluster at the receiver.
func (p *probes) arrived(k *packet, at time.Duration) {
	if p.asked && k.probe != 0 && k.probe == p.cluster.ID {
		p.train.take(k, at)
	}
}

// answered says that feedback has reached seq, the latest it tells of.
func (p *probes) answered(seq uint16) bool {
	return p.asked && p.closed && int16(seq-p.end) >= 0
}

// finish ends the cluster. A gain is followed up at once, or soon if the link
// was full; else the next waits longer each time.
func (p *probes) finish(now time.Duration, full, gained bool) {
	p.asked, p.climbing = false, gained && !full
	switch {
	case p.climbing:
		p.due, p.pause = now, 0
	case gained:
		p.due, p.pause = now+calmTime, 0
	default:
		p.pause = min(max(minPause, p.pause*3/2), maxPause)
		p.due = now + p.pause
	}
}

// hasten has the next probe come by a time, but not over and over: a link
// that stays narrow is not to be filled by tries.
func (p *probes) hasten(now, at time.Duration) {
	if p.hurried != 0 && now-p.hurried < maxPause {
		return
	}
	p.hurried = now
	p.due = min(p.due, at)
	p.pause = 0
}

// recent reports that a probe is, or was just, under way.
func (p *probes) recent(now time.Duration) bool {
	return p.train.out.packets > 0 && (p.asked || now-p.train.out.last < settleTime)
}
