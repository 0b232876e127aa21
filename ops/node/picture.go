package node

import (
	"context"
	"net/http"
	"time"

	"github.com/meridian-video/meridian/edge/glance"
	"github.com/meridian-video/meridian/ops/picture"
	"github.com/meridian-video/meridian/ops/picture/wall"
)

// mountPicture puts the picture of the network on the operator's own port.
func (e *Edge) mountPicture(own *http.ServeMux) {
	pages := wall.Handler(e.Picture)
	own.Handle("/ops", pages)
	own.Handle("/ops/", pages)
}

// Picture asks all edges and draws what they say.
func (e *Edge) Picture(ctx context.Context, q glance.Question) (picture.Network, error) {
	running := e.running.Load()
	if running == nil {
		return picture.Network{}, errStarting
	}
	all, err := running.node.Glances(ctx, q)
	if err != nil {
		return picture.Network{}, err
	}
	return picture.Assemble(picture.Input{
		By: e.Members.Self().ID, At: time.Now(), Members: e.Members.Nodes(), RTT: e.Members.RTT, Glances: all, Room: q,
	}), nil
}
