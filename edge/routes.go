package edge

import (
	"cmp"
	"slices"
	"time"

	"github.com/meridian-video/meridian/geo"
	"github.com/meridian-video/meridian/relay"
	"github.com/meridian-video/meridian/relay/wire"
)

// maxDetours is how many nodes beside the origin a track may be asked from: one as the
// backup, others for when that is cut off as well.
const maxDetours = 3

// unknownLeg stands for a round trip nobody has measured: behind every known one.
const unknownLeg = 10 * time.Second

// route says from where a track of origin is to come: from there, or else over the nodes
// that are least out of the way.
func (n *Node) route(origin geo.NodeID, _ wire.Subscribe) []geo.NodeID {
	return detours(n.cfg.Members.Nodes(), n.cfg.Self.ID, origin, n.cfg.Members.RTT)
}

// detours ranks parents for a track of origin, itself first, then others by the round
// trip over them. It is a pure function of its arguments, whatever the order of nodes.
func detours(nodes []geo.Node, self, origin geo.NodeID, rtt func(from, to geo.NodeID) (time.Duration, bool)) []geo.NodeID {
	type detour struct {
		id   geo.NodeID
		cost time.Duration
	}
	leg := func(from, to geo.NodeID) time.Duration {
		if d, ok := rtt(from, to); ok {
			return d
		}
		return unknownLeg
	}
	var list []detour
	for _, m := range nodes {
		if m.Role == geo.RoleEdge && !m.Draining && !m.Full && m.ID != self && m.ID != origin {
			list = append(list, detour{m.ID, leg(self, m.ID) + leg(m.ID, origin)})
		}
	}
	slices.SortFunc(list, func(a, b detour) int {
		return cmp.Or(cmp.Compare(a.cost, b.cost), cmp.Compare(a.id, b.id))
	})
	parents := []geo.NodeID{origin}
	for _, d := range list[:min(len(list), maxDetours)] {
		parents = append(parents, d.id)
	}
	return parents
}

// Routes lists how the tracks of other nodes come to this one.
func (n *Node) Routes() []relay.TrackRoute { return n.mesh.Routes() }
