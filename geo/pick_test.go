package geo

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// edges reads "fra-1 fra-2:0.9 iad-1!full syd-1!drain ctl-1!control"; the POP
// is what stands before the hyphen.
func edges(spec string) []Node {
	var nodes []Node
	for _, f := range strings.Fields(spec) {
		f, flag, _ := strings.Cut(f, "!")
		id, load, _ := strings.Cut(f, ":")
		pop, _, _ := strings.Cut(id, "-")
		n := Node{ID: NodeID(id), POP: POP(pop), Role: RoleEdge, Full: flag == "full", Draining: flag == "drain", Gray: flag == "gray"}
		if flag == "control" {
			n.Role = RoleControl
		}
		for _, c := range load {
			if c != '.' {
				n.Load = n.Load*10 + float64(c-'0')
			}
		}
		if len(load) > 2 { // 0.85 and 0.9
			n.Load /= [...]float64{1, 10, 100}[len(load)-2]
		}
		nodes = append(nodes, n)
	}
	return nodes
}

// far gives round trips in milliseconds to whole POPs.
func far(ms map[POP]int) func(from, to NodeID) (time.Duration, bool) {
	return func(_, to NodeID) (time.Duration, bool) {
		pop, _, _ := strings.Cut(string(to), "-")
		d, ok := ms[POP(pop)]
		return time.Duration(d) * time.Millisecond, ok
	}
}

func ids(ranked []Ranked) string {
	var out []string
	for _, r := range ranked {
		out = append(out, string(r.Node.ID))
	}
	return strings.Join(out, " ")
}

func TestPick(t *testing.T) {
	rtt := far(map[POP]int{"fra": 1, "iad": 90, "syd": 280, "lon": 92})
	for _, c := range []struct {
		name, nodes string
		req         Request
		want        string
	}{
		{"nobody", "", Request{Self: "fra-1"}, ""},
		{"self first, then by distance", "syd-1 iad-1 fra-1", Request{Self: "fra-1", RTT: rtt}, "fra-1 iad-1 syd-1"},
		{"self first though loaded", "iad-1 fra-1:0.95", Request{Self: "fra-1", RTT: rtt}, "fra-1 iad-1"},
		{"self drains", "iad-1 fra-1!drain", Request{Self: "fra-1", RTT: rtt}, "iad-1"},
		{"self is full", "iad-1 fra-1!full fra-2 syd-1", Request{Self: "fra-1", RTT: rtt}, "fra-2 iad-1 syd-1"},
		{"self is control", "iad-1 fra-1!control syd-1", Request{Self: "fra-1", RTT: rtt}, "iad-1 syd-1"},
		{"self just failed", "iad-1 fra-1 syd-1", Request{Self: "fra-1", Exclude: []NodeID{"fra-1"}, RTT: rtt}, "iad-1 syd-1"},
		{"different POPs first", "fra-1 fra-2 iad-1 iad-2 syd-1", Request{Self: "fra-1", RTT: rtt}, "fra-1 iad-1 syd-1 fra-2 iad-2"},
		{"at most three", "fra-1 fra-2 iad-1 iad-2 syd-1", Request{Self: "fra-1", RTT: rtt, Max: 3}, "fra-1 iad-1 syd-1"},
		{"load inside a POP", "fra-1 iad-1:0.5 iad-2:0.4", Request{Self: "fra-1", RTT: rtt}, "fra-1 iad-2 iad-1"},
		{"a room stays together", "fra-1 iad-1:0.7 iad-2:0.1", Request{Self: "fra-1", RTT: rtt, Holders: []NodeID{"iad-1"}}, "fra-1 iad-1 iad-2"},
		{"until its node is loaded", "fra-1 iad-1:0.81 iad-2:0.1", Request{Self: "fra-1", RTT: rtt, Holders: []NodeID{"iad-1"}}, "fra-1 iad-2 iad-1"},
		{"a loaded POP sinks", "fra-1 iad-1:0.85 syd-1", Request{Self: "fra-1", RTT: rtt}, "fra-1 syd-1 iad-1"},
		{"one loaded node is not its POP", "fra-1 iad-1:0.85 iad-2:0.5 syd-1", Request{Self: "fra-1", RTT: rtt}, "fra-1 iad-2 syd-1 iad-1"},
		{"equally far: by load", "fra-1 iad-1:0.5 lon-1:0.2", Request{Self: "fra-1", RTT: rtt}, "fra-1 lon-1 iad-1"},
		{"equally far: the room's wish", "fra-1 iad-1:0.5 lon-1:0.2", Request{Self: "fra-1", RTT: rtt, POPs: []POP{"iad"}}, "fra-1 iad-1 lon-1"},
		{"the wish is no detour", "fra-1 iad-1 syd-1", Request{Self: "fra-1", RTT: rtt, POPs: []POP{"syd"}}, "fra-1 iad-1 syd-1"},
		{"unknown distance last", "fra-1 abc-1 syd-1", Request{Self: "fra-1", RTT: rtt}, "fra-1 syd-1 abc-1"},
		{"nothing known: by load and name", "fra-1 syd-1 iad-1 abc-1:0.5", Request{Self: "fra-1"}, "fra-1 iad-1 syd-1 abc-1"},
		{"self unknown", "syd-1 iad-1", Request{Self: "gone-1", RTT: rtt}, "iad-1 syd-1"},
		{"the same node twice", "fra-1 fra-1 iad-1 iad-1", Request{Self: "fra-1", RTT: rtt}, "fra-1 iad-1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			nodes := edges(c.nodes)
			for range 20 {
				got := Pick(nodes, c.req)
				if ids(got) != c.want {
					t.Fatalf("%s, want %s", ids(got), c.want)
				}
				for _, r := range got {
					if r.Node.ID == c.req.Self && (!r.Known || r.RTT != 0) {
						t.Error("self has a round trip")
					}
				}
				rand.Shuffle(len(nodes), func(i, j int) { nodes[i], nodes[j] = nodes[j], nodes[i] })
			}
		})
	}
}

// Each step is asked with the answer to the step before as Current: little
// changes move nobody, clear ones do, and back only with the same clarity.
func TestPickHysteresis(t *testing.T) {
	self := []NodeID{"fra-1"} // just failed, so that the first place is free
	for _, c := range []struct {
		name  string
		steps []struct {
			nodes    string
			iad, lon int // ms
			want     NodeID
		}
	}{
		{"round trip", []struct {
			nodes    string
			iad, lon int
			want     NodeID
		}{
			{"iad-1 lon-1", 50, 60, "iad-1"},
			{"iad-1 lon-1", 50, 44, "iad-1"}, // better by 6 ms
			{"iad-1 lon-1", 50, 41, "iad-1"}, // by 9 ms
			{"iad-1 lon-1", 50, 34, "lon-1"}, // by 16 ms, 32 %
			{"iad-1 lon-1", 40, 44, "lon-1"}, // not back at once
			{"iad-1 lon-1", 30, 44, "iad-1"},
		}},
		{"far away it takes a fifth", []struct {
			nodes    string
			iad, lon int
			want     NodeID
		}{
			{"iad-1 lon-1", 200, 220, "iad-1"},
			{"iad-1 lon-1", 200, 175, "iad-1"}, // by 25 ms, 12 %
			{"iad-1 lon-1", 200, 150, "lon-1"}, // by 25 %
			{"iad-1 lon-1", 200, 230, "lon-1"},
			{"iad-1 lon-1", 150, 230, "iad-1"},
		}},
		{"load", []struct {
			nodes    string
			iad, lon int
			want     NodeID
		}{
			{"iad-1:0.79 lon-1", 50, 90, "iad-1"},
			{"iad-1:0.82 lon-1", 50, 90, "iad-1"}, // over 80 %, but on it
			{"iad-1:0.91 lon-1", 50, 90, "lon-1"},
			{"iad-1:0.85 lon-1", 50, 90, "lon-1"}, // not back before it is under 80 %
			{"iad-1:0.79 lon-1", 50, 90, "iad-1"},
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var current NodeID
			for i, s := range c.steps {
				got := Pick(edges("fra-1 "+s.nodes), Request{Self: "fra-1", Exclude: self, Current: current,
					RTT: far(map[POP]int{"iad": s.iad, "lon": s.lon})})
				if len(got) == 0 || got[0].Node.ID != s.want {
					t.Fatalf("step %d: %s, want %s", i, ids(got), s.want)
				}
				current = got[0].Node.ID
			}
		})
	}
}

// Whatever it is asked, Pick gives every usable node once, no other, and covers
// as many POPs as it can before it repeats one.
func TestPickCovers(t *testing.T) {
	names := []string{"fra", "iad", "syd", "lon", "sin"}
	for range 2000 {
		var nodes []Node
		usable := make(map[POP]int)
		for i := range rand.N(12) {
			n := Node{ID: NodeID(string(rune('a' + i))), POP: POP(names[rand.N(len(names))]), Role: RoleEdge,
				Load: rand.Float64(), Full: rand.N(5) == 0, Draining: rand.N(5) == 0}
			if nodes = append(nodes, n); !n.Full && !n.Draining {
				usable[n.POP]++
			}
		}
		got := Pick(nodes, Request{Self: "a", Current: "b", Holders: []NodeID{"c", "d"},
			RTT: func(_, _ NodeID) (time.Duration, bool) {
				return time.Duration(rand.N(int64(time.Second))), rand.N(3) > 0
			}})
		seen, pops := make(map[NodeID]bool), make(map[POP]bool)
		for i, r := range got {
			if seen[r.Node.ID] || r.Node.Full || r.Node.Draining || (i < len(usable) && pops[r.Node.POP]) {
				t.Fatalf("%d: %s", i, ids(got))
			}
			seen[r.Node.ID], pops[r.Node.POP] = true, true
		}
		total := 0
		for _, n := range usable {
			total += n
		}
		if len(got) != total {
			t.Fatalf("%d of %d", len(got), total)
		}
		if i := slices.IndexFunc(got, func(r Ranked) bool { return r.Node.ID == "a" }); i > 0 {
			t.Fatal("self is not first")
		}
	}
}
