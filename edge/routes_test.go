package edge

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/meridian-video/meridian/geo"
	"github.com/meridian-video/meridian/relay"
	"github.com/meridian-video/meridian/relay/tree"
)

// atlantic is two sites here, three over there, and one in between that nobody is on.
func atlantic() (members []geo.Node, rtt func(a, b geo.NodeID) (time.Duration, bool)) {
	at := map[geo.NodeID]int{"fra": 0, "par": 10, "kef": 35, "iad": 90, "ord": 100, "dfw": 112}
	for _, id := range []geo.NodeID{"dfw", "fra", "iad", "kef", "ord", "par"} {
		region := "eu"
		if at[id] > 80 {
			region = "us"
		}
		members = append(members, geo.Node{ID: id, POP: geo.POP(id), Region: region, Role: geo.RoleEdge})
	}
	members = append(members, geo.Node{ID: "control", Role: geo.RoleControl})
	return members, func(a, b geo.NodeID) (time.Duration, bool) {
		_, known := at[b]
		return time.Duration(max(at[a]-at[b], at[b]-at[a])) * time.Millisecond, known
	}
}

var inRoom = []geo.NodeID{"fra", "par", "iad", "ord", "dfw"}

func TestTracksComeThroughTheHubOfTheRegion(t *testing.T) {
	members, rtt := atlantic()
	tracks := branch{"acme", "daily", "fra"}
	for _, test := range []struct {
		self geo.NodeID
		in   []geo.NodeID
		want []geo.NodeID
	}{
		{"par", inRoom, []geo.NodeID{"fra", "kef"}},
		{"iad", inRoom, []geo.NodeID{"fra", "kef", "par"}},
		{"dfw", inRoom, []geo.NodeID{"iad", "fra", "ord"}},
		{"ord", []geo.NodeID{"fra", "ord"}, []geo.NodeID{"fra"}},
		{"kef", inRoom, []geo.NodeID{"fra"}},
	} {
		nodes := roomNodes(members, test.in)
		got := parents(tracks, test.self, nodes, nil, ways(test.self, nil, rtt))
		if len(got) < len(test.want) || got[0] != test.want[0] || !slices.Contains(got, tracks.origin) {
			t.Errorf("%s: %q, want first %q", test.self, got, test.want)
		}
		if len(got) < 2 || slices.Contains(got, test.self) {
			t.Errorf("%s: %q has no backup, or itself", test.self, got)
		}
		rand.Shuffle(len(nodes), func(i, j int) { nodes[i], nodes[j] = nodes[j], nodes[i] })
		if again := parents(tracks, test.self, nodes, nil, ways(test.self, nil, rtt)); !slices.Equal(again, got) {
			t.Errorf("%s: %q, in another order %q", test.self, got, again)
		}
	}
}

// A link that is measured to be slow or lossy is gone around, whatever coordinates say.
func TestOwnLinksCountAsMeasured(t *testing.T) {
	members, rtt := atlantic()
	nodes := roomNodes(members, []geo.NodeID{"fra", "iad"})
	tracks := branch{"acme", "daily", "fra"}
	first := func(l relay.LinkStats) geo.NodeID {
		l.Peer = "fra"
		return parents(tracks, "iad", nodes, nil, ways("iad", []relay.LinkStats{l}, rtt))[0]
	}
	for _, test := range []struct {
		link relay.LinkStats
		want geo.NodeID
	}{
		{relay.LinkStats{Up: true, RTT: 95 * time.Millisecond}, "fra"},
		{relay.LinkStats{Up: true, RTT: 210 * time.Millisecond}, "par"},
		{relay.LinkStats{Up: true, RTT: 90 * time.Millisecond, Loss: 0.06}, "par"},
		{relay.LinkStats{Up: false, RTT: 900 * time.Millisecond}, "fra"},
		{relay.LinkStats{Up: true, Suspect: true, RTT: 900 * time.Millisecond}, "fra"},
	} {
		if got := first(test.link); (got == "fra") != (test.want == "fra") {
			t.Errorf("%+v: first parent %s", test.link, got)
		}
	}
}

// Loads that move a little leave a plan as it is.
func TestNodesAreSeenCoarsely(t *testing.T) {
	members, _ := atlantic()
	members[0].Load = 0.42
	before := roomNodes(members, inRoom)
	members[0].Load = 0.47
	if after := roomNodes(members, inRoom); !slices.Equal(before, after) {
		t.Errorf("%+v, then %+v", before[0], after[0])
	}
	members[0].Load = 0.85
	if after := roomNodes(members, inRoom); slices.Equal(before, after) {
		t.Error("a node that became busy goes unnoticed")
	}
	if i := slices.IndexFunc(before, func(n tree.Node) bool { return n.ID == "control" }); i >= 0 {
		t.Error("a control node would carry media")
	}
}

func TestPlansAreBounded(t *testing.T) {
	var r routes
	for i := range 2*maxPlans + 1 {
		r.put(branch{room: string(rune('a' + i%26)), origin: geo.NodeID(rune(i))}, plan{})
	}
	if len(r.plans) == 0 || len(r.plans) > maxPlans {
		t.Errorf("%d plans", len(r.plans))
	}
	if _, ok := r.get(branch{room: "nowhere"}); ok {
		t.Error("a plan out of nothing")
	}
}
