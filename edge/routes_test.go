package edge

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/meridian-video/meridian/geo"
)

// TestDetours: the origin is asked first, then who is least out of the way.
func TestDetours(t *testing.T) {
	edge := func(id geo.NodeID) geo.Node { return geo.Node{ID: id, Role: geo.RoleEdge} }
	draining, full := edge("drain"), edge("full")
	draining.Draining, full.Full = true, true
	nodes := []geo.Node{
		edge("iad"), edge("fra"), edge("lhr"), edge("nrt"), edge("syd"), edge("new"),
		draining, full, {ID: "control", Role: geo.RoleControl},
	}
	ms := map[[2]geo.NodeID]int{
		{"iad", "lhr"}: 75, {"fra", "lhr"}: 15, {"iad", "nrt"}: 150, {"fra", "nrt"}: 230,
		{"iad", "syd"}: 200, {"fra", "syd"}: 280,
	}
	rtt := func(a, b geo.NodeID) (time.Duration, bool) {
		d, ok := ms[[2]geo.NodeID{a, b}]
		if !ok {
			d, ok = ms[[2]geo.NodeID{b, a}]
		}
		return time.Duration(d) * time.Millisecond, ok
	}
	want := []geo.NodeID{"fra", "lhr", "nrt", "syd"}
	for range 20 {
		rand.Shuffle(len(nodes), func(i, j int) { nodes[i], nodes[j] = nodes[j], nodes[i] })
		if got := detours(nodes, "iad", "fra", rtt); !slices.Equal(got, want) {
			t.Fatalf("got %q, want %q", got, want)
		}
	}
	if got := detours(nodes[:0], "iad", "fra", rtt); !slices.Equal(got, want[:1]) {
		t.Errorf("of nobody else: %q", got)
	}
	few := []geo.Node{edge("new"), edge("syd"), edge("iad")}
	if got := detours(few, "iad", "fra", rtt); !slices.Equal(got, []geo.NodeID{"fra", "syd", "new"}) {
		t.Errorf("one that has measured nothing: %q", got)
	}
}
