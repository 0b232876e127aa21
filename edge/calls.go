package edge

import (
	"context"
	"errors"
	"net/http"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/meridian-video/meridian/edge/callers"
	"github.com/meridian-video/meridian/edge/room"
)

// calling judges programs that ask about live rooms. It implements gcore.Callers.
type calling struct {
	node  *Node
	rates callers.Rates
}

// Admit says whose rooms a program may ask about. Refusals count against the
// address, as those of entries do.
func (c *calling) Admit(r *http.Request, scope string) (string, error) {
	if !c.node.cfg.Configuration.Ready() {
		return "", errNoConfiguration
	}
	now := time.Now()
	who, err := callers.Judge(c.node.cfg.Configuration.View(), callers.Of(r, scope), now)
	if err == nil {
		return who.Company, c.rates.Take(who, now)
	}
	from, _ := netip.ParseAddrPort(r.RemoteAddr)
	if !c.node.askers.may(from.Addr(), now) {
		return "", callers.ErrTooMany
	}
	c.node.askers.spend(from.Addr(), askRefused, now)
	return "", err
}

var errNoConfiguration = errors.New("no copy of the configuration yet")

// errCutOff is returned for a change that this node cannot be sure to do for the
// whole room.
var errCutOff = errors.New("this node reaches neither control nor most of the others")

// Brief says what is live of a room. It implements gcore.Rooms.
func (n *Node) Brief(ctx context.Context, company, id, peer string) (room.Brief, error) {
	return n.plane.Brief(ctx, company, id, peer)
}

// Order has something done to a room in its company's name. It implements
// gcore.Rooms. Of a room that is apart, a node on the lesser side would change
// its own half and call it done: it changes nothing.
func (n *Node) Order(ctx context.Context, company, id string, a room.Act) error {
	if !n.quorum.holds(n.cfg.Configuration.Connected(), n.plane.Reachable()) {
		return errCutOff
	}
	return n.plane.Order(ctx, company, id, a)
}

// quorum is how many edges there were when this node last heard control.
type quorum struct{ known atomic.Int32 }

// note keeps the number of edges while control is heard.
func (q *quorum) note(connected bool, edges int) {
	if connected {
		q.known.Store(int32(min(edges, 1<<20)))
	}
}

// holds says whether this node is with most of the network: it hears control, or
// reaches more than half of the edges that there were when it last did.
func (q *quorum) holds(connected bool, reachable int) bool {
	return connected || 2*reachable > int(q.known.Load())
}
