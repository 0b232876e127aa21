package tree

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/meridian-video/meridian/geo"
)

// BenchmarkPlan plans for rooms of so many nodes in a network of 300 sites.
func BenchmarkPlan(b *testing.B) {
	for _, members := range []int{3, 10, 50, 300} {
		b.Run(fmt.Sprint(members), func(b *testing.B) {
			in := large(members)
			b.ReportAllocs()
			for b.Loop() {
				Plan(in)
			}
		})
	}
}

// BenchmarkParents is what a node computes for one origin of its room.
func BenchmarkParents(b *testing.B) {
	for _, members := range []int{3, 10, 50, 300} {
		b.Run(fmt.Sprint(members), func(b *testing.B) {
			in := large(members)
			b.ReportAllocs()
			for b.Loop() {
				Parents(in, in.Nodes[members-1].ID)
			}
		})
	}
}

// large is a network of 300 sites in 18 regions, members of which want the tracks.
func large(members int) Input {
	rng := rand.New(rand.NewPCG(1, 1))
	const sites = 300
	in := Input{Key: "room"}
	at := map[geo.NodeID]int{}
	var place [sites][2]float64
	for i := range sites {
		id := geo.NodeID(fmt.Sprintf("n%03d-1", i))
		place[i], at[id] = [2]float64{rng.Float64() * 250, rng.Float64() * 120}, i
		in.Nodes = append(in.Nodes, Node{
			ID: id, POP: geo.POP(fmt.Sprintf("n%03d", i)), Wants: i < members, Load: rng.Float64() * 0.7,
			Region: fmt.Sprintf("%d-%d", int(place[i][0]/45), int(place[i][1]/45)),
		})
	}
	rtt := make([]time.Duration, sites*sites)
	for i := range rtt {
		a, b := place[i/sites], place[i%sites]
		rtt[i] = time.Duration((1 + math.Hypot(a[0]-b[0], a[1]-b[1])) * float64(time.Millisecond))
	}
	in.Origin = in.Nodes[0].ID
	in.Link = func(a, b geo.NodeID) Link { return Link{RTT: rtt[at[a]*sites+at[b]]} }
	return in
}
