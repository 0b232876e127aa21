package edge

import (
	"context"
	"errors"

	"github.com/meridian-video/meridian/control/client"
	"github.com/meridian-video/meridian/edge/placing"
	"github.com/meridian-video/meridian/edge/room"
	"github.com/meridian-video/meridian/edge/uses"
	"github.com/meridian-video/meridian/geo"
)

// unasked is the control plane of a node without one.
type unasked struct{}

// Use implements uses.Control.
func (unasked) Use(context.Context, client.UseRequest) (client.UseAnswer, error) {
	return client.UseAnswer{}, errors.New("no control plane")
}

// askControl makes what asks control, or is told by it.
func (n *Node) askControl() {
	var first uses.Control = unasked{}
	if n.cfg.Control != nil {
		first = n.cfg.Control
		n.placer = placing.New(n.cfg.Control, n.log.With("part", "placing"), n.cfg.Registerer)
	}
	n.uses = uses.New(uses.Config{
		Self: n.cfg.Self.ID, Control: first, Connected: n.cfg.Configuration.Connected, Nodes: n.edges, Peers: n.mesh,
		Log: n.log.With("part", "uses"),
	})
}

// followControl tells control what it has to know, for as long as the node runs.
func (n *Node) followControl() {
	n.wg.Go(func() { n.uses.Run(n.ctx) })
	if n.placer != nil {
		n.wg.Go(func() { n.placer.Run(n.ctx, n.plane) })
	}
}

// roomPlacer is nil, and not a nil placer, where control is not told.
func (n *Node) roomPlacer() room.Placer {
	if n.placer == nil {
		return nil
	}
	return n.placer
}

// standing is where control has the home of a room, as this node's copy knows.
func (n *Node) standing(k room.Key) room.Epoch {
	p, ok := n.cfg.Configuration.View().Placement(k.Company, k.Room)
	if !ok {
		return room.Epoch{}
	}
	return room.Epoch{Confirmed: p.Epoch, Provisional: p.Provisional, Node: geo.NodeID(p.Node)}
}
