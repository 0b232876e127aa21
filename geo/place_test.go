package geo

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/meridian-video/meridian/geo/place"
)

// world is where the POPs of these tests are.
var world = map[POP]place.Point{
	"fra": {Lat: 50.11, Lon: 8.68}, "ams": {Lat: 52.37, Lon: 4.9}, "lon": {Lat: 51.51, Lon: -0.13}, "iad": {Lat: 38.9, Lon: -77.04}, "syd": {Lat: -33.87, Lon: 151.21},
}

// placed puts edges where their POPs are.
func placed(spec string) []Node {
	nodes := edges(spec)
	for i, n := range nodes {
		if p, ok := world[n.POP]; ok {
			nodes[i].Place = &p
		}
	}
	return nodes
}

// cables gives round trips in milliseconds between POPs, as "fra-iad 90 fra-ams 8".
func cables(spec string) func(from, to NodeID) (time.Duration, bool) {
	ms := map[string]time.Duration{}
	f := strings.Fields(spec)
	for i := 0; i+1 < len(f); i += 2 {
		a, b, _ := strings.Cut(f[i], "-")
		d, _ := time.ParseDuration(f[i+1] + "ms")
		ms[a+"-"+b], ms[b+"-"+a] = d, d
	}
	return func(from, to NodeID) (time.Duration, bool) {
		a, _, _ := strings.Cut(string(from), "-")
		b, _, _ := strings.Cut(string(to), "-")
		d, ok := ms[a+"-"+b]
		return d, ok
	}
}

// trips reads "fra-1 12 iad-1 95", in milliseconds.
func trips(spec string) map[NodeID]time.Duration {
	all := map[NodeID]time.Duration{}
	f := strings.Fields(spec)
	for i := 0; i+1 < len(f); i += 2 {
		d, _ := time.ParseDuration(f[i+1] + "ms")
		all[NodeID(f[i])] = d
	}
	return all
}

func TestPickByWhatIsKnownOfTheAsker(t *testing.T) {
	between := cables("fra-iad 90 fra-syd 270 fra-ams 8 fra-lon 14 ams-lon 8 iad-lon 76 iad-syd 200 iad-ams 84")
	berlin, paris, sydney, boston := place.Point{Lat: 52.5, Lon: 13.4}, place.Point{Lat: 48.9, Lon: 2.4}, place.Point{Lat: -33, Lon: 151}, place.Point{Lat: 42.4, Lon: -71}
	all := "fra-1 ams-1 lon-1 iad-1 syd-1"
	for _, c := range []struct {
		name, nodes string
		req         Request
		want        string
	}{
		{"its place counts", all, Request{Self: "iad-1", At: &berlin}, "fra-1 ams-1 iad-1 lon-1 syd-1"},
		{"and the answering node is measured with the best", all, Request{Self: "syd-1", At: &paris}, "lon-1 ams-1 syd-1 fra-1 iad-1"},
		{"wherever it asks", all, Request{Self: "fra-1", At: &sydney}, "syd-1 iad-1 fra-1 ams-1 lon-1"},
		{"a POP may say where its nodes are", "fra-1 iad-1 xyz-1", Request{Self: "fra-1", At: &boston, Place: func(p POP) (place.Point, bool) {
			return place.Point{Lat: 42, Lon: -71}, p == "xyz"
		}}, "xyz-1 iad-1 fra-1"},
		{"one of no place by way of one that has", "fra-1 iad-1 xyz-1", Request{Self: "fra-1", At: &boston, RTT: cables("iad-xyz 5 fra-xyz 80")}, "iad-1 xyz-1 fra-1"},
		{"what was measured beats its place", all, Request{Self: "fra-1", At: &berlin, Trips: trips("iad-1 20 fra-1 110"), RTT: between}, "iad-1 lon-1 fra-1 ams-1 syd-1"},
		{"the rest by way of what was measured", all, Request{Self: "fra-1", Trips: trips("lon-1 10 iad-1 80"), RTT: between}, "lon-1 ams-1 fra-1 iad-1 syd-1"},
		{"a measured node that is gone says nothing", all, Request{Self: "fra-1", Trips: trips("gru-1 3"), RTT: between}, "fra-1 ams-1 lon-1 iad-1 syd-1"},
		{"load counts where places are equally near", "fra-1:0.5 fra-2:0.1 ams-1:0.1 iad-1", Request{Self: "iad-1", At: &berlin}, "fra-2 ams-1 iad-1 fra-1"},
		{"who answers goes before who idles", "fra-1:0.15 fra-2:0.1 ams-1:0.1 iad-1", Request{Self: "fra-1", At: &berlin}, "fra-1 ams-1 iad-1 fra-2"},
		{"overload sinks the nearest", "fra-1:0.9 ams-1 iad-1", Request{Self: "iad-1", At: &berlin}, "ams-1 iad-1 fra-1"},
		{"who asks for a POP gets it", all, Request{Self: "fra-1", RTT: between, Asked: []POP{"syd"}}, "syd-1 fra-1 ams-1 lon-1 iad-1"},
		{"or the nearest of several", all, Request{Self: "syd-1", At: &berlin, Asked: []POP{"iad", "ams"}}, "ams-1 iad-1 syd-1 fra-1 lon-1"},
		{"unless it is overloaded", "fra-1 iad-1 syd-1:0.85", Request{Self: "fra-1", RTT: between, Asked: []POP{"syd"}}, "fra-1 iad-1 syd-1"},
		{"who asks for a POP that is not there", "fra-1 iad-1", Request{Self: "fra-1", RTT: between, Asked: []POP{"gru"}}, "fra-1 iad-1"},
		{"gray nodes are left out", "fra-1!gray iad-1 syd-1", Request{Self: "fra-1", RTT: between}, "iad-1 syd-1"},
		{"unless nobody else is there", "fra-1!gray iad-1!gray syd-1!full", Request{Self: "fra-1", RTT: between}, "fra-1 iad-1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			nodes := placed(c.nodes)
			for range 20 {
				if got := Pick(nodes, c.req); ids(got) != c.want {
					t.Fatalf("%s, want %s", ids(got), c.want)
				}
				rand.Shuffle(len(nodes), func(i, j int) { nodes[i], nodes[j] = nodes[j], nodes[i] })
			}
		})
	}
}

func TestPickCountsTheOperatorsHandicap(t *testing.T) {
	nodes := placed("fra-1 ams-1")
	berlin := place.Point{Lat: 52.5, Lon: 13.4}
	for _, c := range []struct {
		handicap time.Duration
		want     string
	}{{0, "fra-1 ams-1"}, {2 * time.Millisecond, "fra-1 ams-1"}, {40 * time.Millisecond, "ams-1 fra-1"}} {
		nodes[0].Handicap = c.handicap
		if got := ids(Pick(nodes, Request{Self: "gone-1", At: &berlin})); got != c.want {
			t.Errorf("%v: %s, want %s", c.handicap, got, c.want)
		}
	}
}

// Request after request of one client, on the node it was given before.
func TestPickForTheRoom(t *testing.T) {
	between := cables("fra-iad 90 fra-syd 270 fra-ams 10 fra-lon 15 ams-lon 10 iad-lon 76 iad-syd 200 iad-ams 84 ams-syd 280 lon-syd 275")
	type step struct {
		what, nodes, holders, trips string
		want                        string
	}
	for _, c := range []struct {
		name      string
		placement Placement
		steps     []step
	}{
		{"nearest does not ask where the others are", Nearest, []step{
			{"alone", "fra-1 ams-1 iad-1", "", "fra-1 12 ams-1 18 iad-1 95", "fra-1"},
			{"the others in Amsterdam", "fra-1 ams-1 iad-1", "ams-1", "fra-1 12 ams-1 18 iad-1 95", "fra-1"},
		}},
		{"room goes where they are, if it is near", NearRoom, []step{
			{"alone", "fra-1 ams-1 iad-1", "", "fra-1 12 ams-1 14 iad-1 95", "fra-1"},
			{"one comes in Amsterdam: no clear gain", "fra-1 ams-1 iad-1", "ams-1 fra-1", "fra-1 12 ams-1 14 iad-1 95", "fra-1"},
			{"London and Amsterdam: still none", "fra-1 ams-1 lon-1 iad-1", "ams-1 lon-1", "fra-1 12 ams-1 14 lon-1 20 iad-1 95", "fra-1"},
			{"Amsterdam came nearer: a gain of 12 ms", "fra-1 ams-1 lon-1 iad-1", "ams-1", "fra-1 14 ams-1 11 lon-1 20 iad-1 95", "ams-1"},
			{"not back for little", "fra-1 ams-1 lon-1 iad-1", "ams-1 fra-1", "fra-1 12 ams-1 14 lon-1 20 iad-1 95", "ams-1"},
			{"back when the others are there", "fra-1 ams-1 lon-1 iad-1", "fra-1", "fra-1 10 ams-1 14 lon-1 20 iad-1 95", "fra-1"},
		}},
		{"room is no detour over an ocean", NearRoom, []step{
			{"all others in America", "fra-1 ams-1 iad-1", "iad-1", "fra-1 12 ams-1 20 iad-1 95", "fra-1"},
			{"the near one that is nearer to them", "fra-1 ams-1 lon-1 iad-1", "iad-1", "fra-1 30 ams-1 15 lon-1 12 iad-1 95", "lon-1"},
			{"overload there", "fra-1 ams-1 lon-1:0.95 iad-1", "iad-1", "fra-1 30 ams-1 15 lon-1 12 iad-1 95", "ams-1"},
			{"a draining node of the room counts as a place", "fra-1 ams-1 iad-1!drain", "iad-1", "fra-1 30 ams-1 15", "ams-1"},
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var current NodeID
			for _, s := range c.steps {
				var holders []NodeID
				for _, id := range strings.Fields(s.holders) {
					holders = append(holders, NodeID(id))
				}
				got := Pick(edges(s.nodes), Request{Self: "gone-1", Current: current, Placement: c.placement, Holders: holders, Trips: trips(s.trips), RTT: between})
				if len(got) == 0 || string(got[0].Node.ID) != s.want {
					t.Fatalf("%s: %s, want %s", s.what, ids(got), s.want)
				}
				current = got[0].Node.ID
			}
		})
	}
}

// A way that is not known is never better than one that is.
func TestPickForARoomWhoseWayIsNotKnown(t *testing.T) {
	got := Pick(edges("fra-1 ams-1 xyz-1"), Request{Self: "gone-1", Placement: NearRoom, Holders: []NodeID{"ams-1"}, Trips: trips("fra-1 12 ams-1 20 xyz-1 12"), RTT: cables("fra-ams 10")})
	if ids(got) != "ams-1 fra-1 xyz-1" {
		t.Error(ids(got))
	}
	if got := Pick(edges("fra-1 ams-1"), Request{Self: "fra-1", Placement: NearRoom, Holders: []NodeID{"gone-1"}, Trips: trips("fra-1 12 ams-1 20")}); ids(got) != "fra-1 ams-1" {
		t.Error(ids(got))
	}
}
