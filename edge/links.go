package edge

import (
	"time"

	"github.com/meridian-video/meridian/geo"
)

const topicHello = "edge/hello"

// Links that are kept while nothing needs them. A link costs two probes of a
// few bytes every 0.4 s; dialling one when the first participant is waiting
// costs two round trips, for the room's home and again for its first tracks.
const (
	keptLinks    = 32
	keepInterval = 2 * time.Second
)

// keepLinks keeps links to the nodes that rooms are most likely to span, the
// nearest first, so that no participant waits for a handshake across an ocean.
// Farther ones are dialled when they are needed.
func (n *Node) keepLinks() {
	ticker := time.NewTicker(keepInterval)
	defer ticker.Stop()
	for {
		n.dialMissing()
		select {
		case <-n.ctx.Done():
			return
		case <-ticker.C:
		case <-n.changed:
		}
	}
}

// dialMissing says hello to the nodes without a link, which dials one. A node
// that cannot be reached is tried again at the relay's own pace.
func (n *Node) dialMissing() {
	up := map[geo.NodeID]bool{n.cfg.Self.ID: true}
	for _, l := range n.mesh.Links() {
		up[l.Peer] = true
	}
	near := geo.Pick(n.cfg.Members.Nodes(), geo.Request{Self: n.cfg.Self.ID, Max: keptLinks, RTT: n.cfg.Members.RTT})
	for _, r := range near {
		if !up[r.Node.ID] {
			_ = n.mesh.Send(r.Node.ID, topicHello, nil)
		}
	}
}

// membersChanged is told by gossip, which must not wait.
func (n *Node) membersChanged() {
	n.plane.NodesChanged()
	n.mesh.Reroute()
	select {
	case n.changed <- struct{}{}:
	default:
	}
}
