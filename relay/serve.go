package relay

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/quic-go/quic-go"

	"github.com/meridian-video/meridian/geo"
	"github.com/meridian-video/meridian/relay/congestion"
	"github.com/meridian-video/meridian/relay/wire"
)

// Outlet is where the serving side puts the packets of one subscribed track. Its methods
// never block and may be called from any goroutine; after the subscription has ended
// they do nothing.
type Outlet struct {
	link  *link
	alias uint32
	class atomic.Int32
	ended atomic.Bool

	steering steering
	counts   [len(congestion.Counts{})]atomic.Uint64 // bytes of each layer

	mu     sync.Mutex // orders frames on the stream
	stream *quic.Stream
	live   bool     // the answer is written
	path   []string // from this node to the origin
	early  reports  // came before
	cause  error    // of Close
}

// Send queues a packet. It is copied; a packet that cannot be sent in time is dropped
// and counted.
func (o *Outlet) Send(p *wire.Media) {
	if o.ended.Load() {
		return
	}
	c := class(o.class.Load())
	if !p.Fits() {
		o.link.sent.drop(c, 1)
		return
	}
	o.counts[congestion.Layer(p.Layer)].Add(uint64(p.Size(o.alias)))
	o.link.egress.add(o.alias, c, p)
}

// Flush says that a run of packets is over: what was queued leaves now, or a moment
// later together with others when packets are frequent. Without it packets leave within
// 2 ms.
func (o *Outlet) Flush() {
	if !o.ended.Load() {
		o.link.egress.flush(class(o.class.Load()))
	}
}

// Report sends a sender report.
func (o *Outlet) Report(r wire.Report) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.live {
		o.early.keep(r)
		return
	}
	o.write(wire.AppendReport(nil, r))
}

// Close ends the subscription from the serving side, for instance because the track was
// unpublished; the receiver is told cause as ErrTrackEnded or one of the other errors of
// this package.
func (o *Outlet) Close(cause error) {
	o.mu.Lock()
	if o.cause == nil {
		if cause == nil {
			cause = ErrTrackEnded
		}
		o.cause = cause
	}
	o.mu.Unlock()
	o.ended.Store(true)
	o.stream.CancelRead(streamDone)
}

// write queues a small frame; the caller holds mu.
func (o *Outlet) write(frame []byte) {
	if err := o.stream.TryWriteAll(frame); err != nil {
		o.link.mesh.cfg.Log.Debug("relay track frame dropped", "err", err)
	}
}

// firstFrame is how long the peer may take from opening a stream to its first frame.
const firstFrame = 15 * time.Second

// acceptStreams takes the streams of subscriptions and calls. Their number is bounded
// by the stream limit of the connection.
func (l *link) acceptStreams() {
	for {
		stream, err := l.conn.AcceptStream(l.ctx)
		if err != nil {
			return
		}
		if !l.start(func() { l.serve(stream) }) {
			return
		}
	}
}

func (l *link) serve(stream *quic.Stream) {
	err := stream.SetReadDeadline(time.Now().Add(firstFrame))
	var t wire.Type
	var body []byte
	if err == nil {
		t, body, err = wire.ReadFrame(stream, nil)
	}
	if err == nil {
		err = stream.SetReadDeadline(time.Time{})
	}
	if err == nil {
		switch t {
		case wire.TypeSubscribe:
			err = l.serveTrack(stream, body)
		case wire.TypeCall:
			err = l.serveCall(stream, body)
		default:
			err = unknownFrame(t)
		}
	}
	if err != nil {
		l.mesh.metrics.malformed.Inc()
		stream.CancelRead(streamBad)
		stream.CancelWrite(streamBad)
		return
	}
	stream.CancelRead(streamDone)
	// Fails only when the peer has given up on the stream.
	if err := stream.Close(); err != nil {
		l.mesh.cfg.Log.Debug("relay stream given up by the peer", "peer", l.peer.id, "err", err)
	}
}

// serveTrack serves one subscription until either end closes it.
func (l *link) serveTrack(stream *quic.Stream, body []byte) error {
	alias, req, err := wire.DecodeSubscribe(body)
	if err == nil && alias > wire.MaxAlias {
		err = wire.ErrMalformed
	}
	if err != nil {
		return err
	}
	stream.SetPriority(urgencyTracks, false)
	out := &Outlet{link: l, alias: alias, stream: stream, path: []string{string(l.mesh.cfg.Self)}}
	out.class.Store(int32(classVideo))
	defer out.ended.Store(true)
	info, feed, err := l.attach(stream.Context(), req, out)
	if err != nil {
		return out.refuse(err)
	}
	defer feed.Close()
	out.steering.begin(feed, req.Layers, info.Kind == wire.KindAudio)
	defer out.steering.end()
	key := keyOf(l.mesh.source(req), req)
	l.enter(key, out)
	defer l.leave(key, out)
	out.accept(info)
	l.valve.look()
	if err := out.follow(feed); err != nil {
		return err
	}
	out.mu.Lock()
	cause := out.cause
	out.mu.Unlock()
	if cause == nil {
		return nil
	}
	return out.refuse(cause)
}

// attachTimeout bounds how long the layer above may take to find a track.
const attachTimeout = 10 * time.Second

func (l *link) attach(ctx context.Context, req wire.Subscribe, out *Outlet) (wire.TrackInfo, Feed, error) {
	if err := checkPath(req.Path, l.peer.id, l.mesh.cfg.Self); err != nil {
		return wire.TrackInfo{}, nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, attachTimeout)
	defer cancel()
	if l.mesh.source(req) != l.mesh.cfg.Self {
		return l.mesh.transit(ctx, req, out)
	}
	if l.mesh.cfg.Tracks == nil {
		return wire.TrackInfo{}, nil, ErrNoTrack
	}
	info, feed, err := l.mesh.cfg.Tracks.Attach(ctx, l.peer.id, req, out)
	if err == nil && info.Kind == 0 {
		feed.Close()
		err = fmt.Errorf("track %q of no kind: %w", req.Track, ErrNoTrack)
	}
	return info, feed, err
}

// source is the node whose track is asked for.
func (m *Mesh) source(req wire.Subscribe) geo.NodeID {
	if req.Origin == "" {
		return m.cfg.Self
	}
	return geo.NodeID(req.Origin)
}

// reroute tells the subscriber that the track comes by another path from here to the
// origin, or by none.
func (o *Outlet) reroute(path []string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.path = nil
	if len(path) > 0 {
		o.path = append([]string{string(o.link.mesh.cfg.Self)}, path...)
	}
	if o.live {
		o.write(wire.AppendTrackPath(nil, o.path))
	}
}

// counted are the bytes given to the outlet by layer.
func (o *Outlet) counted() (counts congestion.Counts) {
	for i := range counts {
		counts[i] = o.counts[i].Load()
	}
	return counts
}

// leaving lists the tracks that cross the link towards the peer.
func (l *link) leaving() []*Outlet {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Collect(maps.Values(l.outlets))
}

// accept answers the subscriber.
func (o *Outlet) accept(info wire.TrackInfo) {
	if info.Kind == wire.KindAudio {
		o.class.Store(int32(classAudio))
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.write(wire.AppendAccepted(nil, info, o.path))
	o.live = true
	for _, r := range o.early {
		o.write(wire.AppendReport(nil, r))
	}
	o.early = nil
}

func (o *Outlet) refuse(err error) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.write(wire.AppendRefused(nil, refusal(err)))
	return nil
}

// follow takes the subscriber's wishes until it leaves; an error says that it broke the
// protocol.
func (o *Outlet) follow(feed Feed) error {
	var buf []byte
	for {
		t, body, err := wire.ReadFrame(o.stream, buf)
		if errors.Is(err, wire.ErrTooLarge) {
			return err
		}
		if err != nil {
			return nil // closed, by either end
		}
		buf = body
		if err := o.steer(feed, t, body); err != nil {
			return err
		}
	}
}

// steer passes one wish of the subscriber on.
func (o *Outlet) steer(feed Feed, t wire.Type, body []byte) error {
	switch t {
	case wire.TypeKeyframe:
		layer, err := wire.DecodeKeyframe(body)
		if err == nil {
			o.link.mesh.metrics.keyframes.Inc()
			feed.RequestKeyframe(layer)
		}
		return err
	case wire.TypeLayers:
		l, err := wire.DecodeLayers(body)
		if err == nil {
			o.steering.want(l)
			o.link.valve.look()
		}
		return err
	default:
		return unknownFrame(t)
	}
}

// enter notes that a track crosses the link towards the peer. A second subscription for
// the same track takes the place of the first: the peer has lost it or is about to close
// it, and a track crosses a link once.
func (l *link) enter(key trackKey, out *Outlet) {
	l.mu.Lock()
	old := l.outlets[key]
	l.outlets[key] = out
	l.mu.Unlock()
	l.mesh.metrics.trackCopies.WithLabelValues("out").Inc()
	if old != nil {
		old.Close(ErrReplaced)
	}
	l.prepare()
}

func (l *link) leave(key trackKey, out *Outlet) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.outlets[key] == out {
		delete(l.outlets, key)
	}
}
