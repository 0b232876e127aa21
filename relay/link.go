package relay

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/quic-go/quic-go"

	"github.com/meridian-video/meridian/relay/wire"
)

// Urgencies of streams (RFC 9218): within a connection the lower goes first.
const (
	urgencyControl  = 0
	urgencyAudio    = 1
	urgencyMessages = 2
	urgencyTracks   = 2
	urgencyVideo    = 4
)

// link is the connection to one peer, from the handshake to its death. run owns its
// life; the other goroutines end when ctx does, whose cause is why.
type link struct {
	peer    *peer
	mesh    *Mesh
	conn    *quic.Conn   // the control connection
	stream  *quic.Stream // the control stream
	session uint64
	dialled bool // this end dialled, so it opens the media connections
	remote  wire.Hello
	began   time.Time

	ctx    context.Context
	cancel context.CancelCauseFunc
	done   chan struct{} // closes when run has returned

	outbox *outbox
	egress *egress
	path   *path // of sealed datagrams, nil without
	health health
	epoch  time.Time    // origin of the times below
	rtt    atomic.Int64 // of the last probe, nanoseconds
	pong   atomic.Int64 // when the last answer to a probe came, since epoch
	sent   traffic
	got    traffic

	arrivals arrivals
	valve    *valve

	control sync.Mutex // orders frames on the control stream

	mu       sync.Mutex // the members below
	wg       sync.WaitGroup
	closing  bool
	messages bool   // the peer has opened its message stream
	dialling int    // media connections being dialled
	indices  uint32 // of media connections given out
	lanes    atomic.Pointer[[]*lane]
	outlets  map[trackKey]*Outlet
	calls    int // incoming ones under way

	tracks upstreams
}

func newLink(p *peer, conn *quic.Conn, stream *quic.Stream, session uint64, dialled bool, remote wire.Hello) *link {
	l := &link{
		peer: p, mesh: p.mesh, conn: conn, stream: stream, session: session, dialled: dialled, remote: remote,
		began: p.mesh.cfg.Now(), done: make(chan struct{}),
		outbox: newOutbox(), outlets: make(map[trackKey]*Outlet),
	}
	l.ctx, l.cancel = context.WithCancelCause(p.mesh.ctx)
	l.epoch = time.Now()
	l.tracks.init()
	l.egress = newEgress(l)
	l.valve = newValve(l)
	l.path = newPath(l)
	l.lanes.Store(&[]*lane{newLane(conn, 0)})
	return l
}

// close ends the link; the first cause stays.
func (l *link) close(cause error) { l.cancel(cause) }

// abandon closes a link that was never run.
func (l *link) abandon(cause error) {
	l.cancel(cause)
	l.mesh.closeConn(l.conn, closeCode(cause), cause.Error())
	close(l.done)
}

// start runs f as part of the link unless it is ending.
func (l *link) start(f func()) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closing {
		return false
	}
	l.wg.Go(f)
	return true
}

// run is the life of the link; old is the link it replaces, whose end comes first.
func (l *link) run(old *link) {
	defer close(l.done)
	if old != nil {
		<-old.done
	}
	l.mesh.metrics.linksUp.Inc()
	l.mesh.cfg.Log.Info("relay link up", "peer", l.peer.id, "dialled", l.dialled,
		"build", l.remote.Build, "remote", l.conn.RemoteAddr().String())
	select {
	case <-l.mesh.notices.add(l.peer.id, true):
	case <-l.ctx.Done():
	}
	control := (*l.lanes.Load())[0]
	for _, f := range []func(){
		l.watch, l.readControl, l.acceptStreams, func() { l.acceptBundles(control) },
		l.writeMessages, l.probe, l.egress.run, l.valve.run,
	} {
		l.start(f)
	}
	if l.path != nil {
		l.start(l.path.run)
	}
	<-l.ctx.Done()
	l.end(context.Cause(l.ctx))
}

// end closes the connections, waits for every goroutine and tells whoever relied on it.
func (l *link) end(cause error) {
	l.peer.lost(l)
	l.mu.Lock()
	l.closing = true
	lanes := *l.lanes.Load()
	l.mu.Unlock()
	for _, lane := range lanes {
		l.mesh.closeConn(lane.conn, closeCode(cause), cause.Error())
	}
	l.egress.stop()
	l.path.stop()
	l.wg.Wait()
	l.tracks.end(cause)
	l.mesh.metrics.linksUp.Dec()
	l.mesh.cfg.Log.Info("relay link down", "peer", l.peer.id, "cause", cause)
	l.mesh.notices.add(l.peer.id, false)
}

// watch ends the link with its control connection.
func (l *link) watch() {
	select {
	case <-l.conn.Context().Done():
		l.close(down(context.Cause(l.conn.Context())))
	case <-l.ctx.Done():
	}
}

// down is the cause of a link lost for err.
func down(err error) error {
	err = connError(err)
	var idle *quic.IdleTimeoutError
	if errors.As(err, &idle) {
		err = ErrSilent
	}
	return fmt.Errorf("%w: %w", ErrLinkDown, err)
}

// writeControl queues a small frame on the control stream. A peer that does not read it
// fails to answer probes as well, so a refused write needs no handling.
func (l *link) writeControl(frame []byte) {
	l.control.Lock()
	defer l.control.Unlock()
	if err := l.stream.TryWriteAll(frame); err != nil {
		l.mesh.cfg.Log.Debug("relay control frame dropped", "peer", l.peer.id, "err", err)
	}
}

// readControl takes the frames of the control stream.
func (l *link) readControl() {
	var buf []byte
	for {
		t, body, err := wire.ReadFrame(l.stream, buf)
		if err == nil {
			buf = body
			err = l.controlFrame(t, body)
		}
		if err != nil {
			l.close(down(err))
			return
		}
	}
}

func (l *link) controlFrame(t wire.Type, body []byte) error {
	switch t {
	case wire.TypePing:
		ping, err := wire.DecodePing(body)
		if err == nil {
			l.writeControl(wire.AppendPong(nil, ping.Sequence))
			l.unheard(ping.Deaf)
		}
		return err
	case wire.TypePong:
		sequence, err := wire.DecodePong(body)
		if err == nil {
			l.ponged(sequence)
		}
		return err
	case wire.TypeReceived:
		counts, err := wire.DecodeReceived(body, nil)
		if err == nil {
			l.delivered(counts)
		}
		return err
	case wire.TypeArrived:
		a, err := wire.DecodeArrived(body)
		if err == nil {
			l.valve.arrived(a)
		}
		return err
	default:
		return unknownFrame(t)
	}
}

// unknownFrame lets frames of a later version pass that say they may be skipped.
func unknownFrame(t wire.Type) error {
	if t >= 0x80 {
		return nil
	}
	return fmt.Errorf("unexpected frame %#x: %w", uint8(t), wire.ErrMalformed)
}

// probe asks the peer for signs of life: brisk ones while tracks cross the link, to see
// when it falls silent, and ends it when there is no answer for long. It also looks after
// the pool of connections. A probe's sequence is the time it was sent.
func (l *link) probe() {
	watch := vigil{limit: l.mesh.tuning.deaf}
	tended := time.Now()
	for deaf := false; ; {
		l.writeControl(wire.AppendPing(nil, wire.Ping{Sequence: uint64(time.Since(l.epoch)), Deaf: deaf}))
		due := l.pace()
		timer := time.NewTimer(due)
		select {
		case <-timer.C:
		case <-l.ctx.Done():
			timer.Stop()
			return
		}
		now := time.Since(l.epoch)
		if silent := now - time.Duration(l.pong.Load()); silent > l.mesh.tuning.silence {
			l.close(fmt.Errorf("%w: %w for %v", ErrLinkDown, ErrSilent, silent.Round(time.Millisecond)))
			return
		}
		deaf = watch.tick(now, due, l.conn.ConnectionStats().PacketsReceived)
		l.deafened(deaf)
		if time.Since(tended) >= l.mesh.tuning.probe {
			tended = time.Now()
			l.egress.sweep()
			l.tend()
			if l.tunnelled() {
				l.peer.straighten()
			}
		}
	}
}

// pace is the time between two probes.
func (l *link) pace() time.Duration {
	if l.trackCount() > 0 {
		return l.mesh.tuning.pulse
	}
	return l.mesh.tuning.probe
}

func (l *link) ponged(sequence uint64) {
	now := int64(time.Since(l.epoch))
	l.pong.Store(now)
	if took := now - int64(sequence); took >= 0 && took < int64(l.mesh.tuning.silence) {
		l.rtt.Store(took)
	}
}

// delivered notes what the peer says has arrived, per connection.
func (l *link) delivered(counts []wire.Count) {
	lanes := *l.lanes.Load()
	for _, n := range counts {
		at := slices.IndexFunc(lanes, func(c *lane) bool { return c.index == n.Index })
		if at >= 0 {
			lanes[at].doneBundles.Store(n.Bundles)
			lanes[at].doneBytes.Store(n.Bytes)
		}
	}
}

// writeMessages sends what Mesh.Send queues, on a stream of its own.
func (l *link) writeMessages() {
	stream, err := l.conn.OpenUniStreamSync(l.ctx)
	if err == nil {
		stream.SetPriority(urgencyMessages, false)
		_, err = stream.Write([]byte{byte(wire.ClassMessages)})
	}
	for err == nil {
		var frame []byte
		if frame, err = l.outbox.next(l.ctx); err == nil {
			l.sent.count(classMessages, 1, len(frame))
			_, err = stream.Write(frame)
		}
	}
	l.close(down(err))
}

// readMessages hands the peer's messages up in order.
func (l *link) readMessages(r interface{ Read([]byte) (int, error) }) {
	l.mu.Lock()
	twice := l.messages
	l.messages = true
	l.mu.Unlock()
	if twice {
		l.close(down(fmt.Errorf("second message stream: %w", wire.ErrMalformed)))
		return
	}
	for {
		t, body, err := wire.ReadFrame(r, nil)
		if err == nil && t != wire.TypeMessage {
			if err = unknownFrame(t); err == nil {
				continue
			}
		}
		var message wire.Message
		if err == nil {
			message, err = wire.DecodeMessage(body)
		}
		if err != nil {
			l.close(down(err))
			return
		}
		l.got.count(classMessages, 1, len(body))
		if message.Topic == wire.TopicTunnel {
			if err := l.mesh.tunnel.take(l.peer.id, message.Body); err != nil {
				l.close(down(err))
				return
			}
			continue
		}
		l.mesh.cfg.Handle(l.peer.id, message.Topic, message.Body)
	}
}
