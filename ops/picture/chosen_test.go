package picture

import (
	"reflect"
	"testing"

	"github.com/meridian-video/meridian/edge/glance"
	"github.com/meridian-video/meridian/geo"
)

// asked is atlantic with a room that fra-1 speaks in, whose tracks reach lhr-1 over iad-1.
func asked() Input {
	in := atlantic()
	in.Room = glance.Question{Company: "acme", Room: "daily"}
	people := map[geo.NodeID]int{"fra-1": 2, "iad-1": 1, "lhr-1": 1}
	for id, d := range map[geo.NodeID]*glance.Detail{
		"fra-1": {Home: "fra-1", Leading: true, People: people},
		"iad-1": {Home: "fra-1", People: people, Routes: []glance.Route{
			{Origin: "fra-1", Track: "01", Kind: "camera", Path: []geo.NodeID{"fra-1"}, Backup: "lhr-1", Local: 1, Transit: 1},
			{Origin: "fra-1", Track: "02", Kind: "mic", Path: []geo.NodeID{"fra-1"}, Transit: 1},
		}},
		"lhr-1": {Home: "fra-1", People: people, Routes: []glance.Route{
			{Origin: "fra-1", Track: "01", Kind: "camera", Path: []geo.NodeID{"iad-1", "fra-1"}, Local: 1},
			{Origin: "fra-1", Track: "02", Kind: "mic", Local: 1},
		}},
	} {
		g := in.Glances[id]
		g.Detail = d
		in.Glances[id] = g
	}
	return in
}

func TestTreesOfAChosenRoom(t *testing.T) {
	want := &Chosen{
		Company: "acme", Room: "daily", Known: true, People: 4, Homes: []geo.NodeID{"fra-1"},
		Leaves: []Leaf{{"fra-1", 2}, {"iad-1", 1}, {"lhr-1", 1}},
		Flows: []Flow{
			{Origin: "fra-1", From: "fra-1", To: "iad-1", Tracks: 2, Backup: "lhr-1"},
			{Origin: "fra-1", From: "iad-1", To: "lhr-1", Tracks: 1},
		},
		Trees: []Tree{
			{Origin: "fra-1", Track: "01", Kind: "camera", Edges: []Edge{{From: "fra-1", To: "iad-1", Backup: "lhr-1"}, {From: "iad-1", To: "lhr-1"}}},
			{Origin: "fra-1", Track: "02", Kind: "mic", Edges: []Edge{{From: "fra-1", To: "iad-1", Passes: true}}, Seeking: []geo.NodeID{"lhr-1"}},
		},
	}
	if got := Assemble(asked()).Room; !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestTwoHomesOfARoomShow(t *testing.T) {
	in := asked()
	in.Glances["iad-1"].Detail.Leading = true
	in.Glances["iad-1"].Detail.People = map[geo.NodeID]int{"iad-1": 3}
	c := Assemble(in).Room
	if !reflect.DeepEqual(c.Homes, []geo.NodeID{"fra-1", "iad-1"}) || c.People != 6 {
		t.Errorf("%+v", c)
	}
}

func TestARoomThatNobodyHas(t *testing.T) {
	in := atlantic()
	in.Room = glance.Question{Company: "acme", Room: "other"}
	g := in.Glances["fra-1"]
	g.Detail = &glance.Detail{}
	in.Glances["fra-1"] = g
	c := Assemble(in).Room
	if c == nil || c.Known || c.People != 0 || len(c.Trees) != 0 || c.Room != "other" {
		t.Errorf("%+v", c)
	}
}
