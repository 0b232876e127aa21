package picture

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/meridian-video/meridian/edge/glance"
	"github.com/meridian-video/meridian/geo"
)

// Input is what is known.
type Input struct {
	By      geo.NodeID
	At      time.Time
	Members []geo.Node                                      // as gossip has them
	RTT     func(from, to geo.NodeID) (time.Duration, bool) // by coordinates; nil: not known
	Glances map[geo.NodeID]glance.Glance                    // of the edges that have answered
	Room    glance.Question                                 // the room that was asked for; empty: none
}

// Assemble draws the picture. The same input in any order gives the same picture.
func Assemble(in Input) Network {
	n := Network{By: in.By, At: in.At.UTC(), Nodes: nodes(in)}
	sites := make(map[geo.NodeID]*Site, len(n.Nodes))
	for _, node := range n.Nodes {
		n.People += node.People
		n.Rooms += node.Homes
		sites[node.ID] = node.Site
	}
	n.Links = links(in, sites)
	n.Listed = rooms(in.Glances)
	if in.Room.Names() {
		n.Room = chosen(in.Room, in.Glances)
	}
	return n
}

func nodes(in Input) []Node {
	list := make([]Node, 0, len(in.Members))
	for _, m := range in.Members {
		g, answered := in.Glances[m.ID]
		list = append(list, Node{
			ID: m.ID, POP: m.POP, Region: m.Region, Role: m.Role, State: nodeState(m, answered), Version: m.Version, Started: m.Started.UTC(),
			Site: siteOf(m), Load: m.Load, People: g.People, Tracks: g.Tracks, Homes: g.Homes,
		})
	}
	slices.SortFunc(list, func(a, b Node) int { return cmp.Compare(a.ID, b.ID) })
	for i := range list {
		if list[i].Site == nil && in.RTT != nil {
			list[i].Near, list[i].Away = nearest(list[i].ID, list, in.RTT)
		}
	}
	return list
}

func nodeState(m geo.Node, answered bool) NodeState {
	switch {
	case m.Role == geo.RoleEdge && !answered:
		return NodeSilent
	case m.Gray:
		return NodeGray
	case m.Draining:
		return NodeDraining
	case m.Full:
		return NodeFull
	}
	return NodeOK
}

// nearest is the node with a site that is the nearest by round trip, in ms.
func nearest(id geo.NodeID, list []Node, rtt func(from, to geo.NodeID) (time.Duration, bool)) (best geo.NodeID, away float64) {
	for _, n := range list {
		if n.Site == nil || n.ID == id {
			continue
		}
		if d, ok := rtt(id, n.ID); ok && (best == "" || millis(d) < away) {
			best, away = n.ID, millis(d)
		}
	}
	return best, away
}

func millis(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// rooms lists those that anybody has told of. Whom the home tells counts before what
// others do; two that both lead are two homes.
func rooms(glances map[geo.NodeID]glance.Glance) []Room {
	type key struct{ company, room string }
	all := map[key]*Room{}
	led := map[key]bool{}
	for _, id := range slices.Sorted(maps.Keys(glances)) {
		for _, r := range glances[id].Rooms {
			k := key{r.Company, r.Room}
			if all[k] == nil {
				all[k] = &Room{Company: r.Company, Room: r.Room, Homes: []geo.NodeID{}}
			}
			switch {
			case r.Leading && !led[k]:
				led[k] = true
				all[k].People, all[k].Homes = r.People, []geo.NodeID{id}
			case r.Leading:
				all[k].People = max(all[k].People, r.People)
				all[k].Homes = append(all[k].Homes, id)
			case !led[k]:
				all[k].People = max(all[k].People, r.People)
			}
		}
	}
	list := make([]Room, 0, len(all))
	for _, r := range all {
		list = append(list, *r)
	}
	slices.SortFunc(list, func(a, b Room) int {
		return cmp.Or(cmp.Compare(b.People, a.People), cmp.Compare(a.Company, b.Company), cmp.Compare(a.Room, b.Room))
	})
	return list[:min(len(list), glance.MaxRooms)]
}
