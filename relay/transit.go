package relay

import (
	"context"
	"fmt"
	"slices"

	"github.com/meridian-video/meridian/geo"
	"github.com/meridian-video/meridian/relay/wire"
)

// transit serves a track of another node to the peer: it joins the course of the track,
// which may be on its way here already for this node or for others. That the peer has a
// node certificate is all that is asked of it, as for the tracks of this node.
func (m *Mesh) transit(ctx context.Context, req wire.Subscribe, out *Outlet) (wire.TrackInfo, Feed, error) {
	if len(req.Path) >= MaxHops {
		return wire.TrackInfo{}, nil, hopsError(req.Path)
	}
	if m.courses.passing.Add(1) > int64(m.tuning.transit) {
		m.courses.passing.Add(-1)
		return wire.TrackInfo{}, nil, fmt.Errorf("transit of %d tracks: %w", m.tuning.transit, ErrBusy)
	}
	s := &Subscription{receiver: hop{out}, outlet: out, layers: req.Layers}
	key := keyOf(geo.NodeID(req.Origin), req)
	req.Path = append(slices.Clone(req.Path), string(m.cfg.Self))
	if err := m.join(ctx, key, req, s); err != nil {
		m.courses.passing.Add(-1)
		return wire.TrackInfo{}, nil, err
	}
	return s.Info(), passage{s}, nil
}

// hop is a Receiver that passes a track on.
type hop struct{ out *Outlet }

func (h hop) Media(p *wire.Media)  { h.out.Send(p) }
func (h hop) Report(r wire.Report) { h.out.Report(r) }
func (h hop) Closed(cause error)   { h.out.Close(cause) }

// passage is the Feed of a track in transit: what the peer wants becomes what this node
// wants.
type passage struct{ *Subscription }

func (p passage) Close() {
	p.Subscription.Close()
	p.course.mesh.courses.passing.Add(-1)
}
