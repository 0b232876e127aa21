package edge

import (
	"slices"
	"sync"
	"time"

	"github.com/meridian-video/meridian/geo"
	"github.com/meridian-video/meridian/relay"
	"github.com/meridian-video/meridian/relay/tree"
	"github.com/meridian-video/meridian/relay/wire"
)

const (
	// routeFor is how long an answer is not looked at again: relay asks often, and goes
	// around links that fail by what it has.
	routeFor = 2 * time.Second
	// planFor is how long a plan holds while nothing changes but round trips.
	planFor = 30 * time.Second
	// maxPlans bounds what is remembered; above it everything is planned anew.
	maxPlans = 4096
)

// branch names a tree: that of an origin in a room.
type branch struct {
	company, room string
	origin        geo.NodeID
}

// plan is from where the tracks of a tree come, best first.
type plan struct {
	nodes   []tree.Node // that it was made for
	parents []geo.NodeID
	made    time.Duration
	looked  time.Duration // when it was last found to hold
}

// routes remembers plans. Planning takes some hundred microseconds, in the largest rooms
// some milliseconds.
type routes struct {
	mu    sync.Mutex
	plans map[branch]plan
}

func (r *routes) get(b branch) (plan, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	p, ok := r.plans[b]
	return p, ok
}

func (r *routes) put(b branch, p plan) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.plans == nil || len(r.plans) >= maxPlans {
		r.plans = make(map[branch]plan)
	}
	r.plans[b] = p
}

// route says from where a track of origin is to come, as relay.Config.Route.
func (n *Node) route(origin geo.NodeID, req wire.Subscribe) []geo.NodeID {
	select {
	case <-n.ready:
	default: // a subscription of another node, while this one starts
		return nil
	}
	b := branch{req.Company, req.Room, origin}
	old, known := n.routes.get(b)
	if known && n.now()-old.looked < routeFor {
		return old.parents
	}
	nodes := roomNodes(n.cfg.Members.Nodes(), n.plane.Nodes(b.company, b.room))
	p := old
	if !known || n.now()-old.made >= planFor || !slices.Equal(nodes, old.nodes) {
		p = plan{nodes: nodes, made: n.now()}
		p.parents = parents(b, n.cfg.Self.ID, nodes, old.parents, ways(n.cfg.Self.ID, n.mesh.Links(), n.cfg.Members.RTT))
	}
	p.looked = n.now()
	n.routes.put(b, p)
	return p.parents
}

// roomNodes are all edges as the planner sees them; loads are coarse, so that plans hold.
func roomNodes(members []geo.Node, inRoom []geo.NodeID) []tree.Node {
	nodes := make([]tree.Node, 0, len(members))
	for _, m := range members {
		if m.Role == geo.RoleEdge {
			node := tree.NodeOf(m, slices.Contains(inRoom, m.ID))
			node.Load = float64(int(node.Load*10)) / 10
			nodes = append(nodes, node)
		}
	}
	return nodes
}

// parents plans. The first parent so far is kept for as long as it is good enough.
func parents(b branch, self geo.NodeID, nodes []tree.Node, before []geo.NodeID, link func(a, b geo.NodeID) tree.Link) []geo.NodeID {
	in := tree.Input{Key: b.company + "/" + b.room, Origin: b.origin, Nodes: nodes, Link: link}
	if len(before) > 0 {
		in.Current = map[geo.NodeID]geo.NodeID{self: before[0]}
	}
	var list []geo.NodeID
	for _, p := range tree.Parents(in, self) {
		list = append(list, p.Node)
	}
	return list
}

// ways describes the network as this node sees it: its own links as measured, the others
// by coordinates.
func ways(self geo.NodeID, links []relay.LinkStats, rtt func(from, to geo.NodeID) (time.Duration, bool)) func(a, b geo.NodeID) tree.Link {
	own := make(map[geo.NodeID]tree.Link, len(links))
	for _, l := range links {
		if l.Up && !l.Suspect && l.RTT > 0 {
			own[l.Peer] = tree.Link{RTT: l.RTT, Loss: l.Loss}
		}
	}
	return func(a, b geo.NodeID) tree.Link {
		if a == self || b == self {
			peer := a
			if a == self {
				peer = b
			}
			if l, ok := own[peer]; ok {
				return l
			}
		}
		d, _ := rtt(a, b)
		return tree.Link{RTT: d}
	}
}

// Routes lists how the tracks of other nodes come to this one.
func (n *Node) Routes() []relay.TrackRoute { return n.mesh.Routes() }
