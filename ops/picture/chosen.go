package picture

import (
	"cmp"
	"maps"
	"slices"

	"github.com/meridian-video/meridian/edge/glance"
	"github.com/meridian-video/meridian/geo"
)

// maxTrees bounds the trees of a room that are told one by one.
const maxTrees = 500

// chosen puts together what the nodes say of a room.
func chosen(q glance.Question, glances map[geo.NodeID]glance.Glance) *Chosen {
	c := &Chosen{Company: q.Company, Room: q.Room, Homes: []geo.NodeID{}, Leaves: []Leaf{}, Trees: trees(glances)}
	people := map[geo.NodeID]int{}
	for _, id := range slices.Sorted(maps.Keys(glances)) {
		d := glances[id].Detail
		if d == nil || d.Home == "" && len(d.People) == 0 {
			continue
		}
		c.Known = true
		if d.Leading {
			c.Homes = append(c.Homes, id)
		}
		for at, n := range d.People { // two homes list different people
			people[at] = max(people[at], n)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(people)) {
		c.Leaves = append(c.Leaves, Leaf{id, people[id]})
		c.People += people[id]
	}
	c.Flows = flows(c.Trees)
	c.Trees = c.Trees[:min(len(c.Trees), maxTrees)]
	return c
}

// trees joins the routes of all nodes by track.
func trees(glances map[geo.NodeID]glance.Glance) []Tree {
	type key struct {
		origin geo.NodeID
		track  string
	}
	all := map[key]*Tree{}
	for _, id := range slices.Sorted(maps.Keys(glances)) {
		if glances[id].Detail == nil {
			continue
		}
		for _, r := range glances[id].Detail.Routes {
			k := key{r.Origin, r.Track}
			if all[k] == nil {
				all[k] = &Tree{Origin: r.Origin, Track: r.Track, Kind: r.Kind, Edges: []Edge{}}
			}
			if len(r.Path) == 0 {
				all[k].Seeking = append(all[k].Seeking, id)
				continue
			}
			all[k].Edges = append(all[k].Edges, Edge{From: r.Path[0], To: id, Backup: r.Backup, Passes: r.Local == 0})
		}
	}
	list := make([]Tree, 0, len(all))
	for _, t := range all {
		list = append(list, *t)
	}
	slices.SortFunc(list, func(a, b Tree) int {
		return cmp.Or(cmp.Compare(a.Origin, b.Origin), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Track, b.Track))
	})
	return list
}

// flows counts the tracks of each origin on each link.
func flows(trees []Tree) []Flow {
	type key struct{ origin, from, to geo.NodeID }
	all := map[key]*Flow{}
	for _, t := range trees {
		for _, e := range t.Edges {
			k := key{t.Origin, e.From, e.To}
			if all[k] == nil {
				all[k] = &Flow{Origin: t.Origin, From: e.From, To: e.To}
			}
			all[k].Tracks++
			all[k].Backup = cmp.Or(all[k].Backup, e.Backup)
		}
	}
	list := make([]Flow, 0, len(all))
	for _, f := range all {
		list = append(list, *f)
	}
	slices.SortFunc(list, func(a, b Flow) int {
		return cmp.Or(cmp.Compare(a.Origin, b.Origin), cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To))
	})
	return list
}
