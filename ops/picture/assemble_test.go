package picture

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/meridian-video/meridian/edge/glance"
	"github.com/meridian-video/meridian/geo"
	"github.com/meridian-video/meridian/geo/place"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func edgeNode(id geo.NodeID) geo.Node {
	return geo.Node{ID: id, POP: geo.POP(strings.TrimSuffix(string(id), "-1")), Role: geo.RoleEdge}
}

// up is a link that is well.
func up(to geo.NodeID, change ...func(*glance.Link)) glance.Link {
	l := glance.Link{To: to, Up: true, RTT: 80, Sealed: "up"}
	for _, c := range change {
		c(&l)
	}
	return l
}

func near(l *glance.Link) { l.RTT = 14 }

// atlantic is a network of three POPs and a control node, with a room on all of them.
func atlantic() Input {
	control := geo.Node{ID: "control-1", POP: "ctl", Role: geo.RoleControl}
	room := glance.Room{Company: "acme", Room: "daily", Home: "fra-1", People: 4}
	led := room
	led.Leading = true
	return Input{
		By: "fra-1", At: noon, Members: []geo.Node{edgeNode("iad-1"), control, edgeNode("fra-1"), edgeNode("lhr-1")},
		Glances: map[geo.NodeID]glance.Glance{
			"fra-1": {Node: "fra-1", People: 2, Homes: 1, Links: []glance.Link{up("iad-1"), up("lhr-1", near)}, Rooms: []glance.Room{led}},
			"iad-1": {Node: "iad-1", People: 1, Links: []glance.Link{up("fra-1"), up("lhr-1")}, Rooms: []glance.Room{room}},
			"lhr-1": {Node: "lhr-1", People: 1, Links: []glance.Link{up("fra-1", near), up("iad-1")}, Rooms: []glance.Room{room}},
		},
	}
}

func TestPictureOfAWellNetwork(t *testing.T) {
	n := Assemble(atlantic())
	if n.By != "fra-1" || !n.At.Equal(noon) || n.People != 4 || n.Rooms != 1 || n.Room != nil {
		t.Errorf("%+v", n)
	}
	var lines []string
	for _, node := range n.Nodes {
		city := "-"
		if node.Site != nil {
			city = node.Site.City
		}
		lines = append(lines, string(node.ID)+" "+city+" "+string(node.State))
	}
	if want := []string{"control-1 - ok", "fra-1 Frankfurt ok", "iad-1 Ashburn ok", "lhr-1 London ok"}; !slices.Equal(lines, want) {
		t.Errorf("got %q, want %q", lines, want)
	}
	if len(n.Links) != 3 {
		t.Fatalf("%d links", len(n.Links))
	}
	for _, l := range n.Links {
		if l.State != LinkOK || l.There == nil || l.Back == nil || l.A >= l.B || l.Usual <= 0 {
			t.Errorf("%+v", l)
		}
	}
	want := []Room{{Company: "acme", Room: "daily", People: 4, Homes: []geo.NodeID{"fra-1"}}}
	if !reflect.DeepEqual(n.Listed, want) {
		t.Errorf("%+v", n.Listed)
	}
}

func TestOrderOfWhatIsKnownIsNoMatter(t *testing.T) {
	want, _ := json.Marshal(Assemble(atlantic()))
	in := atlantic()
	slices.Reverse(in.Members)
	for id, g := range in.Glances {
		slices.Reverse(g.Links)
		in.Glances[id] = g
	}
	if got, _ := json.Marshal(Assemble(in)); string(got) != string(want) {
		t.Errorf("%s\n%s", got, want)
	}
}

func TestStatesOfNodes(t *testing.T) {
	for _, test := range []struct {
		node     geo.Node
		answered bool
		want     NodeState
	}{
		{geo.Node{Role: geo.RoleEdge}, true, NodeOK},
		{geo.Node{Role: geo.RoleEdge}, false, NodeSilent},
		{geo.Node{Role: geo.RoleEdge, Draining: true}, false, NodeSilent},
		{geo.Node{Role: geo.RoleEdge, Full: true}, true, NodeFull},
		{geo.Node{Role: geo.RoleEdge, Full: true, Draining: true}, true, NodeDraining},
		{geo.Node{Role: geo.RoleEdge, Draining: true, Gray: true}, true, NodeGray},
		{geo.Node{Role: geo.RoleControl}, false, NodeOK},
		{geo.Node{Role: geo.RoleControl, Gray: true}, false, NodeGray},
	} {
		if got := nodeState(test.node, test.answered); got != test.want {
			t.Errorf("%+v, answered %v: %s, want %s", test.node, test.answered, got, test.want)
		}
	}
}

func TestSitesOfNodes(t *testing.T) {
	at := func(lat, lon float64) *place.Point { return &place.Point{Lat: lat, Lon: lon} }
	for _, test := range []struct {
		pop  geo.POP
		at   *place.Point
		city string
		said bool
		none bool
	}{
		{pop: "fra", city: "Frankfurt"},
		{pop: "FRA2", city: "Frankfurt"},
		{pop: "fra-west", city: "Frankfurt"},
		{pop: "nrt", city: "Tokyo"},
		{pop: "frankfurt", none: true},
		{pop: "x1", none: true},
		{pop: "ctl", none: true},
		{pop: "fra", at: at(50.2, 8.5), city: "Frankfurt", said: true},
		{pop: "fra", at: at(52.5, 13.4), city: "", said: true},
		{pop: "office", at: at(52.5, 13.4), city: "", said: true},
	} {
		s := siteOf(geo.Node{POP: test.pop, Place: test.at})
		if (s == nil) != test.none || s != nil && (s.City != test.city || s.Said != test.said || !s.point().Valid()) {
			t.Errorf("%s at %v: %+v", test.pop, test.at, s)
		}
	}
	for code, city := range airports {
		if _, ok := cityOf(geo.POP(code)); !ok {
			t.Errorf("%s: the atlas has no %s", code, city)
		}
	}
}

// Who stands nowhere is said to be near somebody, and never left out.
func TestNodesWithoutASiteAreNearAnother(t *testing.T) {
	in := atlantic()
	in.Members = append(in.Members, edgeNode("office-1"), edgeNode("shed-1"))
	in.RTT = func(from, to geo.NodeID) (time.Duration, bool) {
		ms, known := map[geo.NodeID]int{"fra-1": 20, "iad-1": 90, "shed-1": 1}[to]
		return time.Duration(ms) * time.Millisecond, known && from == "office-1"
	}
	n := Assemble(in)
	office, shed := n.Nodes[len(n.Nodes)-2], n.Nodes[len(n.Nodes)-1]
	if office.Site != nil || office.Near != "fra-1" || office.Away != 20 {
		t.Errorf("%+v", office)
	}
	if shed.ID != "shed-1" || shed.Near != "" {
		t.Errorf("%+v", shed)
	}
}

func TestRoomsOfTheirHomes(t *testing.T) {
	of := func(id geo.NodeID, leading bool, people int) glance.Glance {
		return glance.Glance{Node: id, Rooms: []glance.Room{{Company: "acme", Room: "daily", Home: "fra-1", Leading: leading, People: people}}}
	}
	for what, test := range map[string]struct {
		glances []glance.Glance
		people  int
		homes   []geo.NodeID
	}{
		"the home counts":           {[]glance.Glance{of("aaa-1", false, 9), of("fra-1", true, 4), of("iad-1", false, 7)}, 4, []geo.NodeID{"fra-1"}},
		"the home is silent":        {[]glance.Glance{of("aaa-1", false, 3), of("iad-1", false, 5)}, 5, []geo.NodeID{}},
		"two homes, the larger one": {[]glance.Glance{of("fra-1", true, 4), of("iad-1", true, 6)}, 6, []geo.NodeID{"fra-1", "iad-1"}},
	} {
		all := map[geo.NodeID]glance.Glance{}
		for _, g := range test.glances {
			all[g.Node] = g
		}
		got := rooms(all)
		if len(got) != 1 || got[0].People != test.people || !slices.Equal(got[0].Homes, test.homes) {
			t.Errorf("%s: %+v", what, got)
		}
	}
}
