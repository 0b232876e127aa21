package relay

import (
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/quic-go/quic-go"

	"github.com/meridian-video/meridian/relay/wire"
)

// lane is one connection of a link as a carrier of bundles. Lane 0 is the control
// connection, which carries media only while there is no other.
//
// Stock QUIC congestion control (Reno) gives a connection about 17 packets in flight at
// one percent of loss, whatever the round trip; a link therefore spreads media over as
// many lanes as keep each below a quarter of that.
type lane struct {
	conn  *quic.Conn
	index uint32

	doneBundles, doneBytes atomic.Uint64 // as reported by the peer
	gotBundles, gotBytes   atomic.Uint64 // to be reported to it
	told                   uint64        // gotBundles as last reported; egress goroutine

	mu      sync.Mutex
	bundles uint64   // sent so far
	bytes   uint64   // sent so far
	flight  []flight // sent within the stale time, oldest first
}

// flight is a sent bundle that may not have arrived.
type flight struct {
	stream *quic.SendStream
	at     time.Time
}

func newLane(conn *quic.Conn, index uint32) *lane { return &lane{conn: conn, index: index} }

// load is how full the lane would be with size more bytes, in congestion windows.
func (c *lane) load(size int) float64 {
	c.mu.Lock()
	sent := c.bytes
	c.mu.Unlock()
	outstanding := max(int64(sent-c.doneBytes.Load()), 0)
	window := max(c.conn.ConnectionStats().CongestionWindow, 1)
	return float64(outstanding+int64(size)) / float64(window)
}

// send puts a bundle on a stream of its own. It does not block: quic.ErrWouldBlock or
// StreamLimitReachedError say that the lane can take no more.
func (c *lane) send(b *bundle, now time.Time, seen func(*quic.Conn, quic.StreamID, []byte)) error {
	stream, err := c.conn.OpenUniStream()
	if err != nil {
		return err
	}
	stream.SetPriority(b.class.urgency(), false)
	if seen != nil {
		seen(c.conn, stream.StreamID(), b.buf)
	}
	if err := stream.TryWriteAll(b.buf); err != nil {
		stream.CancelWrite(streamDone)
		return err
	}
	if err := stream.Close(); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.bundles++
	c.bytes += uint64(len(b.buf))
	c.flight = append(c.flight, flight{stream, now})
	return nil
}

// sweep gives up bundles sent before the deadline when the peer has not got as many as
// were sent until then, so that neither queues nor retransmissions carry stale media.
// It returns how many were given up; some of them may have arrived after all.
func (c *lane) sweep(deadline time.Time) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	old := 0
	for old < len(c.flight) && c.flight[old].at.Before(deadline) {
		old++
	}
	if old == 0 {
		return 0
	}
	until := c.bundles - uint64(len(c.flight)-old)
	missing := c.doneBundles.Load() < until
	dropped := 0
	for i := range c.flight[:old] {
		if missing {
			c.flight[i].stream.CancelWrite(streamStale)
			dropped++
		}
	}
	rest := copy(c.flight, c.flight[old:])
	clear(c.flight[rest:])
	c.flight = c.flight[:rest]
	return dropped
}

// addConn makes conn a lane; false when the link is ending or has its fill.
func (l *link) addConn(conn *quic.Conn, index uint32) bool {
	added := newLane(conn, index)
	l.mu.Lock()
	defer l.mu.Unlock()
	lanes := *l.lanes.Load()
	if l.closing || len(lanes) > l.mesh.tuning.maxConns {
		return false
	}
	grown := append(slices.Clone(lanes), added)
	l.lanes.Store(&grown)
	l.wg.Go(func() { l.acceptBundles(added) })
	return true
}

// dropLane forgets a lane whose connection ended.
func (l *link) dropLane(gone *lane) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var rest []*lane
	for _, lane := range *l.lanes.Load() {
		if lane != gone {
			rest = append(rest, lane)
		}
	}
	l.lanes.Store(&rest)
}

// inFlightPerLane is the number of packets in flight that a lane is meant to carry.
const inFlightPerLane = 4

// tend opens media connections as the rate asks for, and closes them when no track has
// crossed the link for a while. Only the end that dialled the link does so.
func (l *link) tend() {
	sent, got := l.sent.tick(), l.got.tick()
	if !l.dialled {
		return
	}
	lanes := *l.lanes.Load()
	if l.trackCount() == 0 {
		if l.egress.idleSince(l.mesh.tuning.idle) {
			for _, lane := range lanes[1:] {
				l.mesh.closeConn(lane.conn, closeIdle, "no tracks")
			}
		}
		return
	}
	rate := float64(max(sent, got)) / l.mesh.tuning.probe.Seconds()
	if l.path.up() {
		rate = 0 // the lanes only stand by
	}
	packets := rate * l.conn.ConnectionStats().SmoothedRTT.Seconds() / 1280
	want := int(math.Ceil(packets / inFlightPerLane))
	l.widen(min(max(want, l.mesh.tuning.minConns), l.mesh.tuning.maxConns))
}

// prepare opens the first media connections when a track is about to cross.
func (l *link) prepare() {
	if l.dialled {
		l.widen(l.mesh.tuning.minConns)
	}
}

// widen dials media connections until there are want.
func (l *link) widen(want int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for have := len(*l.lanes.Load()) - 1 + l.dialling; have < want && !l.closing; have++ {
		l.dialling++
		l.indices++
		index := l.indices
		l.wg.Go(func() { l.dialMedia(index) })
	}
}

// dialMedia makes one media connection. A failed one is tried again by a later tend.
func (l *link) dialMedia(index uint32) {
	hello := l.mesh.hello()
	hello.Role, hello.Session, hello.Index = wire.RoleMedia, l.session, index
	conn, _, _, err := l.mesh.dialConn(l.ctx, l.peer, l.conn.RemoteAddr(), hello)
	if err != nil {
		l.mesh.cfg.Log.Debug("relay media connection not made", "peer", l.peer.id, "err", err)
		timer := time.NewTimer(time.Second)
		select {
		case <-timer.C:
		case <-l.ctx.Done():
			timer.Stop()
		}
	}
	l.mu.Lock()
	l.dialling--
	l.mu.Unlock()
	if err == nil && !l.addConn(conn, index) {
		l.mesh.closeConn(conn, closeIdle, "link is ending or has its fill")
	}
}
