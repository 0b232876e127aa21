package relay

import (
	"sync/atomic"
	"time"

	"github.com/meridian-video/meridian/geo"
	"github.com/meridian-video/meridian/relay/congestion"
	"github.com/meridian-video/meridian/relay/wire"
)

// class is a kind of traffic on a link.
type class int

const (
	classAudio class = iota
	classVideo
	classMessages
	classes
)

func (c class) wire() wire.Class {
	if c == classAudio {
		return wire.ClassAudio
	}
	return wire.ClassVideo
}

func (c class) urgency() int8 {
	if c == classAudio {
		return urgencyAudio
	}
	return urgencyVideo
}

func (c class) String() string { return [...]string{"audio", "video", "messages"}[c] }

func classOf(c wire.Class) class {
	if c == wire.ClassAudio {
		return classAudio
	}
	return classVideo
}

// traffic counts one direction of a link.
type traffic struct {
	packets, bytes, dropped [classes]atomic.Uint64
	ticked                  uint64 // bytes at the last tick; the probe goroutine's
}

func (t *traffic) count(c class, packets, bytes int) {
	t.packets[c].Add(uint64(packets))
	t.bytes[c].Add(uint64(bytes))
}

func (t *traffic) drop(c class, packets int) { t.dropped[c].Add(uint64(packets)) }

// tick is the number of media bytes since the last tick.
func (t *traffic) tick() uint64 {
	total := t.bytes[classAudio].Load() + t.bytes[classVideo].Load()
	since := total - t.ticked
	t.ticked = total
	return since
}

// LinkStats is the state of one link at one moment.
type LinkStats struct {
	Peer    geo.NodeID
	Up      bool
	Via     geo.NodeID // the node that the link leads over; empty: it is direct
	Suspect bool       // silent in at least one direction: tracks go another way
	Deaf    bool       // this end hears nothing
	Unheard bool       // the peer hears nothing, as it says or said last
	Since   time.Time
	Build   string        // of the peer
	RTT     time.Duration // of the last probe; 0 before the first answer
	Loss    float64       // share of QUIC packets lost since the link came up, 0 to 1
	// What the controller of what is sent measures and decides; see package congestion.
	Congestion congestion.Measures
	Shed       int // tracks of the peer's subscriptions that lack layers for want of room

	Connections int
	TracksIn    int // subscriptions of this node
	TracksOut   int // subscriptions of the peer
	Sent        map[string]ClassStats
	Received    map[string]ClassStats
	Path        PathStats // of sealed datagrams
}

// ClassStats counts one class ("audio", "video", "messages") in one direction.
type ClassStats struct {
	Packets uint64 // RTP packets, or messages
	Bytes   uint64 // as framed, without QUIC's overhead
	Dropped uint64 // packets too old or too many to send
}

func (t *traffic) stats() map[string]ClassStats {
	all := make(map[string]ClassStats, classes)
	for c := range classes {
		all[c.String()] = ClassStats{t.packets[c].Load(), t.bytes[c].Load(), t.dropped[c].Load()}
	}
	return all
}

func (l *link) stats() LinkStats {
	lanes := *l.lanes.Load()
	over, _ := l.conn.RemoteAddr().(tunnelAddr)
	var sent, lost uint64
	for _, c := range lanes {
		s := c.conn.ConnectionStats()
		sent += s.PacketsSent
		lost += s.PacketsLost
	}
	l.mu.Lock()
	out := len(l.outlets)
	l.mu.Unlock()
	measures, shed := l.valve.measures()
	deaf, unheard := l.health.sides()
	return LinkStats{
		Peer: l.peer.id, Up: l.ctx.Err() == nil, Suspect: deaf || unheard, Deaf: deaf, Unheard: unheard, Via: over.via, Since: l.began, Build: l.remote.Build,
		Congestion: measures, Shed: shed,
		RTT: time.Duration(l.rtt.Load()), Loss: float64(lost) / float64(max(sent, 1)),
		Connections: len(lanes), TracksIn: l.tracks.count(), TracksOut: out,
		Sent: l.sent.stats(), Received: l.got.stats(), Path: l.path.stats(),
	}
}

func (l *link) trackCount() int {
	l.mu.Lock()
	out := len(l.outlets)
	l.mu.Unlock()
	return out + l.tracks.count()
}
