package relay

import (
	"context"
	"fmt"
	"slices"

	"github.com/meridian-video/meridian/geo"
	"github.com/meridian-video/meridian/relay/wire"
)

// trackKey names a track of a node.
type trackKey struct {
	origin               geo.NodeID
	company, room, track string
	epoch                uint32
}

func keyOf(origin geo.NodeID, s wire.Subscribe) trackKey {
	return trackKey{origin, s.Company, s.Room, s.Track, s.Epoch}
}

// Subscription is one claim on a track of another node, by this node or by one behind it.
// Claims on the same track share what crosses the link.
type Subscription struct {
	course   *course
	receiver Receiver
	outlet   *Outlet     // where it leads to another node; nil: it is of this one
	layers   wire.Layers // wanted; guarded by course.mu
	admitted bool        // guarded by course.mu
}

// Subscribe asks for a track of origin and waits for an answer; the track then arrives at
// r until Subscription.Close or Receiver.Closed. It comes from the parents that
// Config.Route names, from another one when a link fails, each packet once; only when no
// parent is left it is closed. req.Path names the nodes from the first subscriber to this
// one; this node is appended when it is not the last. req.Layers are what this claim
// wants at first. It returns ErrNoTrack, ErrLoop, ErrTooManyHops, ErrBusy, ErrNotMember or
// ErrLinkDown.
func (m *Mesh) Subscribe(ctx context.Context, origin geo.NodeID, req wire.Subscribe, r Receiver) (*Subscription, error) {
	req.Path = slices.Clone(req.Path)
	if n := len(req.Path); n == 0 || req.Path[n-1] != string(m.cfg.Self) {
		req.Path = append(req.Path, string(m.cfg.Self))
	}
	sub, err := m.subscribe(ctx, origin, req, r)
	if err != nil {
		return nil, fmt.Errorf("subscribe to track %q of %q: %w", req.Track, origin, err)
	}
	return sub, nil
}

func (m *Mesh) subscribe(ctx context.Context, origin geo.NodeID, req wire.Subscribe, r Receiver) (*Subscription, error) {
	for _, name := range []string{req.Company, req.Room, req.Track, req.Trace} {
		if len(name) > wire.MaxName {
			return nil, ErrTooLarge
		}
	}
	if err := checkPath(req.Path, m.cfg.Self, origin); err != nil {
		return nil, err
	}
	if _, err := m.peer(origin); err != nil {
		return nil, err
	}
	s := &Subscription{receiver: r, layers: req.Layers}
	return s, m.join(ctx, keyOf(origin, req), req, s)
}

// join makes s one of the subscriptions of a track, the first one or a later one.
func (m *Mesh) join(ctx context.Context, key trackKey, req wire.Subscribe, s *Subscription) error {
	for s.course = m.courses.find(m, key, req); !s.course.enter(s); {
		s.course = m.courses.find(m, key, req)
	}
	s.course.tellLayers()
	below := req.Path
	if s.outlet != nil {
		below = below[:len(below)-1] // this node itself
	}
	if err := s.course.admit(ctx, s, below); err != nil {
		s.Close()
		return err
	}
	return nil
}

// checkPath checks the path of a subscription on its way from the node last on the path
// to the node at.
func checkPath(path []string, last, at geo.NodeID) error {
	if len(path) == 0 || path[len(path)-1] != string(last) {
		return fmt.Errorf("path %q does not end at %q: %w", path, last, ErrLoop)
	}
	if len(path) > MaxHops {
		return hopsError(path)
	}
	for i, node := range path {
		if node == string(at) || slices.Contains(path[:i], node) {
			return loopError(path, at)
		}
	}
	return nil
}

func hopsError(path []string) error {
	return fmt.Errorf("path %q: %w", path, ErrTooManyHops)
}

func loopError(path []string, at geo.NodeID) error {
	return fmt.Errorf("path %q towards %q: %w", path, at, ErrLoop)
}

// Info describes the track.
func (s *Subscription) Info() wire.TrackInfo { return *s.course.info.Load() }

// RequestKeyframe asks the origin for a keyframe of a layer: at once, or together with
// the requests of others half a second after the last one. It does not block.
func (s *Subscription) RequestKeyframe(layer uint8) { s.course.requestKeyframe(layer) }

// SetLayers says how much of the track this claim wants from now on at most: the spatial
// and the temporal layer, both -1 for nothing. What several claims want is the most of
// each. It does not block and sends nothing when nothing changes; a wish that cannot be
// sent at once goes with the next call, or within two seconds.
func (s *Subscription) SetLayers(spatial, temporal int8) {
	s.course.want(s, wire.Layers{Spatial: spatial, Temporal: temporal})
}

// Close ends the claim; with the last one the track leaves the link. A call of the
// receiver may still be under way when it returns.
func (s *Subscription) Close() { s.course.leave(s) }
