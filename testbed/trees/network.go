package main

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/meridian-video/meridian/geo"
	"github.com/meridian-video/meridian/geo/atlas"
	"github.com/meridian-video/meridian/relay/tree"
)

// nodesPerSite is how many nodes a site has; a room takes another one for each so many
// people.
const (
	nodesPerSite  = 4
	peoplePerNode = 500
)

// network is the sites and the ways between them. Node k of site s is number
// s*nodesPerSite+k.
type network struct {
	sites []atlas.City
	nodes []tree.Node       // none wants anything
	place [26 * 26 * 26]int // of the sites by their code
	links []tree.Link       // between sites, a row for each
	km    []float64         // the same
}

func newNetwork(sites int, rng *rand.Rand) *network {
	n := &network{sites: atlas.Cities()}
	slices.SortStableFunc(n.sites, func(a, b atlas.City) int { return int(100 * (b.People - a.People)) })
	n.sites = n.sites[:min(max(sites, 2), len(n.sites))]
	slices.SortFunc(n.sites, func(a, b atlas.City) int { return cmp.Compare(a.Code, b.Code) })
	for i, c := range n.sites {
		n.place[code(c.Code)] = i
		for k := range nodesPerSite {
			id := geo.NodeID(fmt.Sprintf("%s-%d", c.Code, k+1))
			n.nodes = append(n.nodes, tree.Node{ID: id, POP: geo.POP(c.Code), Region: c.Region, Load: 0.7 * rng.Float64()})
		}
	}
	n.connect(rng)
	return n
}

// connect draws the ways between the sites: light in glass at two thirds of its speed,
// over a path that is longer than the great circle by 30 to 60 %. Of the longer ways 4 %
// are bad: they lead round by somewhere else; 2 % lose packets.
func (n *network) connect(rng *rand.Rand) {
	const kmPerMs = 200
	count := len(n.sites)
	n.links, n.km = make([]tree.Link, count*count), make([]float64, count*count)
	for a := range count {
		n.links[a*count+a] = tree.Link{RTT: 300 * time.Microsecond}
		for b := range a {
			km := atlas.Distance(n.sites[a].Point, n.sites[b].Point)
			ms := 1 + 2*km/kmPerMs*(1.3+0.3*rng.Float64())
			bad, lossy := rng.Float64(), rng.Float64()
			if km > 500 && bad < 0.04 {
				ms *= 1.5 + 1.5*rng.Float64()
			}
			l := tree.Link{RTT: time.Duration(ms * float64(time.Millisecond))}
			if lossy < 0.02 {
				l.Loss = 0.005 + 0.03*rng.Float64()
			}
			n.links[a*count+b], n.links[b*count+a] = l, l
			n.km[a*count+b], n.km[b*count+a] = km, km
		}
	}
}

// code is the number of three letters.
func code(s string) int {
	return (int(s[0]-'a')*26+int(s[1]-'a'))*26 + int(s[2]-'a')
}

// site is where a node is, and at is its number.
func (n *network) site(id geo.NodeID) int { return n.place[code(string(id))] }
func (n *network) at(id geo.NodeID) int   { return n.site(id)*nodesPerSite + int(id[4]-'1') }

func (n *network) link(a, b geo.NodeID) tree.Link { return n.links[n.site(a)*len(n.sites)+n.site(b)] }

func (n *network) rtt(a, b geo.NodeID) time.Duration { return n.link(a, b).RTT }

// far says whether two nodes are of different regions.
func (n *network) far(a, b geo.NodeID) bool {
	return n.nodes[n.at(a)].Region != n.nodes[n.at(b)].Region
}

// length is the great circle between two nodes in km.
func (n *network) length(a, b geo.NodeID) float64 {
	return n.km[n.site(a)*len(n.sites)+n.site(b)]
}
