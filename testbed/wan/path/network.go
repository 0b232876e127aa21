package path

import (
	"math/rand/v2"
	"slices"
	"time"
)

// Host numbers a host of a Network, from 0.
type Host int

// Network is hosts and the paths between any two of them. It is not safe for
// use by several goroutines, and its hosts must be its own.
type Network struct {
	seed    uint64
	link    Link
	paths   [][]*direction // from, to
	silent  []bool
	flights flights
	number  uint64
}

// maxFlights bounds the packets under way: two seconds of a busy gigabit.
const maxFlights = 1 << 18

// New makes a network without hosts, whose links are this one until they are
// set. Each direction of each link draws from a stream of its own, so that
// traffic on one does not move another's losses.
func New(seed uint64, l Link) *Network { return &Network{seed: seed, link: l} }

// Add adds a host.
func (n *Network) Add() Host {
	h := len(n.paths)
	n.silent = append(n.silent, false)
	n.paths = append(n.paths, nil)
	for from := range n.paths {
		for to := len(n.paths[from]); to <= h; to++ {
			n.paths[from] = append(n.paths[from], &direction{link: n.link, rand: rand.New(rand.NewPCG(n.seed, uint64(from)<<32|uint64(to)))})
		}
	}
	return Host(h)
}

// Set sets one direction. What is under way keeps the delay it left with, and
// what comes after keeps behind it.
func (n *Network) Set(from, to Host, l Link) { n.paths[from][to].link = l }

// Link is what was set.
func (n *Network) Link(from, to Host) Link { return n.paths[from][to].link }

// Cut breaks one direction: what is under way and what is sent meanwhile is lost.
func (n *Network) Cut(from, to Host) { n.paths[from][to].cut = true }

// Heal undoes Cut.
func (n *Network) Heal(from, to Host) { n.paths[from][to].cut = false }

// IsCut says whether Cut was the last word about one direction.
func (n *Network) IsCut(from, to Host) bool { return n.paths[from][to].cut }

// Silence loses all that a host sends and all that is sent to it.
func (n *Network) Silence(h Host) { n.silent[h] = true }

// Wake undoes Silence.
func (n *Network) Wake(h Host) { n.silent[h] = false }

// IsSilent says whether a host is silent.
func (n *Network) IsSilent(h Host) bool { return n.silent[h] }

// Stats counts what was sent in one direction. What is under way has passed.
func (n *Network) Stats(from, to Host) Stats { return n.paths[from][to].stats }

// UnderWay is how many packets have been sent and are not due yet.
func (n *Network) UnderWay() int { return len(n.flights) }

// Send puts an IP packet on the path from one host to another. The network keeps
// the slice of a packet that passes.
func (n *Network) Send(now time.Time, from, to Host, packet []byte) Fate {
	d := n.paths[from][to]
	at, fate := n.admit(d, now, from, to, len(packet))
	d.stats[fate]++
	if fate != Passes {
		return fate
	}
	n.fly(flight{due: at, from: from, to: to, packet: packet})
	if d.twice() {
		n.fly(flight{due: d.arrival(at.Add(-d.link.Delay)), from: from, to: to, packet: slices.Clone(packet)})
	}
	return Passes
}

func (n *Network) admit(d *direction, now time.Time, from, to Host, size int) (time.Time, Fate) {
	if n.blocked(from, to) {
		return time.Time{}, Blocked
	}
	if len(n.flights) >= maxFlights {
		return time.Time{}, Overflows
	}
	return d.put(now, size)
}

func (n *Network) fly(f flight) {
	n.number++
	f.number = n.number
	n.flights.push(f)
}

func (n *Network) blocked(from, to Host) bool {
	return n.silent[from] || n.silent[to] || n.paths[from][to].cut
}

// Next is when the next packet is due; false when none is under way.
func (n *Network) Next() (time.Time, bool) {
	if len(n.flights) == 0 {
		return time.Time{}, false
	}
	return n.flights[0].due, true
}

// Due takes the earliest packet that is due by now and whose path is still open;
// false when there is none (yet).
func (n *Network) Due(now time.Time) (to Host, packet []byte, ok bool) {
	for len(n.flights) > 0 && !n.flights[0].due.After(now) {
		f := n.flights.pop()
		if !n.blocked(f.from, f.to) {
			return f.to, f.packet, true
		}
		d := n.paths[f.from][f.to]
		d.stats[Passes]--
		d.stats[Blocked]++
	}
	return 0, nil, false
}
