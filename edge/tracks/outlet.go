package tracks

import (
	"context"

	"github.com/meridian-video/meridian/edge/sfu"
	"github.com/meridian-video/meridian/geo"
	"github.com/meridian-video/meridian/relay"
	"github.com/meridian-video/meridian/relay/wire"
)

// Attach implements relay.Tracks: another node wants a track published here.
func (t *Table) Attach(_ context.Context, from geo.NodeID, req wire.Subscribe, out *relay.Outlet) (wire.TrackInfo, relay.Feed, error) {
	t.mu.Lock()
	up, ok := t.local[Key{req.Company, req.Room, req.Track}]
	t.mu.Unlock()
	if !ok {
		return wire.TrackInfo{}, nil, relay.ErrNoTrack
	}
	t.cfg.Log.Debug("track leaves over link", "trace", req.Trace, "to", from, "track", req.Track)
	down := sfu.NewDownTrack(sfu.DownConfig{Kind: up.Kind(), Sink: sink{out}, Verbatim: true, Now: t.cfg.Now, Metrics: t.cfg.Metrics})
	down.SetTarget(target(req.Layers))
	down.Switch(up)
	info := wire.TrackInfo{Kind: wireKind(up.Kind()), Codec: up.Codec().String(), ClockRate: up.Codec().ClockRate()}
	return info, feed{down, t.cfg.Screen(req.Track)}, nil
}

func wireKind(k sfu.Kind) uint8 {
	if k == sfu.Video {
		return 2
	}
	return 1
}

// sink gives a DownTrack's packets to a link. Each says its codec: a track's own is that of its latest packet,
// so that the two ends of a link may mean different ones by it.
type sink struct{ out *relay.Outlet }

// Send implements sfu.Sink.
func (s sink) Send(p *sfu.Packet, _ sfu.Batch) {
	m := wire.Media{
		Layer: p.Layer, Codec: wireCodec(p.Codec), SequenceNumber: p.SequenceNumber, Timestamp: p.Timestamp,
		Marker: p.Marker, AudioLevel: p.AudioLevel, Descriptor: p.Descriptor, Payload: p.Payload,
	}
	s.out.Send(&m)
}

// SendReport implements sfu.Sink.
func (s sink) SendReport(r sfu.Report) {
	s.out.Report(wire.Report{Layer: r.Layer, NTP: r.NTP, RTP: r.RTP})
}

// feed is the serving side of one subscription over a link.
type feed struct {
	down   *sfu.DownTrack
	screen bool
}

// Screen implements relay.ScreenFeed.
func (f feed) Screen() bool { return f.screen }

// RequestKeyframe implements relay.Feed.
func (f feed) RequestKeyframe(layer uint8) { f.down.LayerKeyframeRequest(layer) }

// SetLayers implements relay.Feed.
func (f feed) SetLayers(spatial, temporal int8) {
	f.down.SetTarget(target(wire.Layers{Spatial: spatial, Temporal: temporal}))
}

// Close implements relay.Feed.
func (f feed) Close() { f.down.Close() }
