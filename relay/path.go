package relay

import (
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/meridian-video/meridian/relay/congestion"
	"github.com/meridian-video/meridian/relay/sealed"
	"github.com/meridian-video/meridian/relay/wire"
)

// capSealed is the capability of sealed datagrams in a Hello.
const capSealed = 1 << 0

// exporterLabel names the keys of sealed datagrams (RFC 8446 section 7.5).
const exporterLabel = "EXPORTER-meridian-relay-sealed-1"

// path carries a link's media in sealed datagrams, beside QUIC on the same socket. A nil
// path carries nothing.
//
// The socket's reader calls take, any goroutine carry, and run sends. in is locked before
// out where both are.
type path struct {
	link  *link
	wake  chan struct{}
	timer *time.Timer // fires wake at alarm
	state atomic.Int32
	alarm atomic.Int64 // since link.epoch

	arming sync.Mutex // guards timer, and what is stored in alarm

	in      sync.Mutex // guards receive, closed; held while packets are handed up
	receive *sealed.Receiver
	closed  bool

	out  sync.Mutex // guards send
	send *sealed.Sender
	wave sealed.Wave // run's
}

// newPath makes the path of l if both ends can have one, and nil if not.
func newPath(l *link) *path {
	if l.mesh.tuning.plain || l.tunnelled() || l.remote.Capabilities&capSealed == 0 {
		return nil
	}
	state := l.conn.ConnectionState().TLS
	keys, err := state.ExportKeyingMaterial(exporterLabel, nil, 2*sealed.SecretSize)
	if err != nil {
		l.mesh.cfg.Log.Warn("relay link without sealed datagrams", "peer", l.peer.id, "err", err)
		return nil
	}
	ours, theirs := sealed.Secret(keys[:sealed.SecretSize]), sealed.Secret(keys[sealed.SecretSize:])
	if !l.dialled {
		ours, theirs = theirs, ours
	}
	p := &path{link: l, wake: make(chan struct{}, 1), send: sealed.NewSender(ours)}
	p.receive = sealed.NewReceiver(theirs, p)
	p.timer = time.AfterFunc(time.Hour, p.kick)
	p.timer.Stop()
	p.alarm.Store(math.MaxInt64)
	return p
}

// run sends what is due until the link ends.
func (p *path) run() {
	if !p.link.mesh.socket.enter(p) {
		p.link.mesh.cfg.Log.Warn("relay link without sealed datagrams: tag taken", "peer", p.link.peer.id)
		return
	}
	defer p.link.mesh.socket.leave(p)
	p.kick()
	for {
		select {
		case <-p.wake:
			p.poll()
		case <-p.link.ctx.Done():
			return
		}
	}
}

// stop ends the path: no packet is handed up after it.
func (p *path) stop() {
	if p == nil {
		return
	}
	p.timer.Stop()
	p.in.Lock()
	defer p.in.Unlock()
	p.closed = true
}

func (p *path) kick() {
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

func (p *path) now() time.Duration { return time.Since(p.link.epoch) }

// arm wakes run at the latest at the time given.
func (p *path) arm(now, at time.Duration) {
	if int64(at) >= p.alarm.Load() {
		return
	}
	p.arming.Lock()
	defer p.arming.Unlock()
	if int64(at) >= p.alarm.Load() {
		return
	}
	p.alarm.Store(int64(at))
	if at <= now {
		p.kick()
	} else {
		p.timer.Reset(at - now)
	}
}

// poll sends what is due, and sets the time of the next.
func (p *path) poll() {
	p.arming.Lock()
	p.alarm.Store(math.MaxInt64)
	p.arming.Unlock()
	now := p.now()
	p.in.Lock()
	p.out.Lock()
	if p.receive.Report(now, p.rtt()) {
		p.send.Answer(p.receive)
	}
	again, reports := p.receive.Next()
	p.in.Unlock()
	p.wave.Reset()
	state := p.send.Poll(now, p.link.valve.budget(), &p.wave)
	next := max(p.send.Next(), now+leastPause)
	p.out.Unlock()
	if old := sealed.State(p.state.Swap(int32(state))); old != state {
		p.changed(old, state)
	}
	if len(p.wave.Sizes) > 0 {
		p.link.valve.sent(byDatagrams, len(p.wave.Buf))
		p.link.mesh.socket.write(&p.wave, p.link.conn.RemoteAddr())
	}
	if reports {
		next = min(next, max(again, now+leastPause))
	}
	p.arm(now, next)
}

// leastPause is between two polls when the valve holds the rest back.
const leastPause = 500 * time.Microsecond

// rtt is the round trip of the path, or that of QUIC while the path's is not known. The
// caller holds out.
func (p *path) rtt() time.Duration {
	if rtt := p.send.RTT(); rtt > 0 {
		return rtt
	}
	return time.Duration(p.link.rtt.Load())
}

// changed tells operators when media goes another way.
func (p *path) changed(old, state sealed.State) {
	p.link.mesh.cfg.Log.Debug("relay path", "peer", p.link.peer.id, "was", old, "is", state)
	if state == sealed.Down {
		p.link.mesh.metrics.pathsFallen.Inc()
		p.link.mesh.cfg.Log.Info("sealed datagrams do not arrive, media goes by QUIC", "peer", p.link.peer.id)
	}
}

// up says whether media goes by the path alone.
func (p *path) up() bool { return p != nil && sealed.State(p.state.Load()) == sealed.Up }

// carry takes a packet; false when it has to go by QUIC, too.
func (p *path) carry(alias uint32, c class, m *wire.Media) bool {
	if p == nil {
		return false
	}
	state := sealed.State(p.state.Load())
	if state == sealed.Down {
		return false
	}
	now := p.now()
	p.out.Lock()
	p.send.Add(now, alias, m, c == classAudio)
	next := p.send.Next()
	p.out.Unlock()
	p.arm(now, next)
	if state != sealed.Up {
		return false
	}
	p.link.sent.count(c, 1, m.Size(alias))
	return true
}

// flush says that a run of packets is over.
func (p *path) flush() {
	if p == nil || sealed.State(p.state.Load()) == sealed.Down {
		return
	}
	now := p.now()
	p.out.Lock()
	p.send.Flush(now)
	next := p.send.Next()
	p.out.Unlock()
	p.arm(now, next)
}

// take takes a datagram that carries the path's tag.
func (p *path) take(at time.Time, b []byte) {
	now := at.Sub(p.link.epoch)
	p.in.Lock()
	defer p.in.Unlock()
	if p.closed {
		return
	}
	answered, err := p.receive.Take(now, b)
	if err != nil {
		p.link.mesh.metrics.refusedDatagrams.Inc()
		return
	}
	if answered {
		p.answered(now)
	}
	if next, ok := p.receive.Next(); ok {
		p.arm(now, next)
	}
}

// answered passes a receipt on; the caller holds in. While media goes by QUIC alone the
// valve hears nothing of datagrams: they are probes.
func (p *path) answered(now time.Duration) {
	p.out.Lock()
	f, ok := p.send.Take(now, p.receive)
	carries := p.send.State() != sealed.Down
	next := p.send.Next()
	p.out.Unlock()
	if ok && carries {
		p.link.valve.report(byDatagrams, reportOf(f))
	}
	p.arm(now, next)
}

// reportOf is feedback as a controller takes it.
func reportOf(f sealed.Feedback) congestion.Report {
	r := congestion.Report{
		Interval: f.Interval, Received: int(f.Bytes), Delay: f.MinDelay, Samples: int(f.Datagrams),
		Lost: int(f.Lost), Packets: int(f.Datagrams + f.Lost), RoundTrip: f.RTT,
	}
	for i, n := range f.Bursts {
		if n > 0 {
			r.Burst = i + 1
		}
	}
	return r
}

// Media implements sealed.Sink.
func (p *path) Media(alias uint32, m *wire.Media) {
	if c, fresh := p.link.tracks.media(alias, m); fresh {
		p.link.got.count(c, 1, m.Size(alias))
	}
}

// PathStats is what the sealed datagrams of a link did so far.
type PathStats struct {
	State    string // "none", "down", "doubtful" or "up"
	RTT      time.Duration
	Sent     sealed.SendStats
	Received sealed.ReceiveStats
}

func (p *path) stats() PathStats {
	if p == nil {
		return PathStats{State: "none"}
	}
	p.in.Lock()
	received := p.receive.Stats()
	p.in.Unlock()
	p.out.Lock()
	defer p.out.Unlock()
	return PathStats{State: p.send.State().String(), RTT: p.send.RTT(), Sent: p.send.Stats(), Received: received}
}

// events are the counts by the names of metrics.
func (s PathStats) events() map[string]uint64 {
	return map[string]uint64{
		"sent": s.Sent.Datagrams, "parity": s.Sent.Parity, "resent": s.Sent.Resent, "stale": s.Sent.Stale,
		"received": s.Received.Datagrams, "missing": s.Received.Missing, "repaired": s.Received.Repaired,
		"asked": s.Received.Asked, "lost": s.Received.Lost, "late": s.Received.Late, "malformed": s.Received.Malformed,
	}
}
