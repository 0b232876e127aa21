// Package simnet is an in-memory network for tests: hosts with addresses,
// datagram endpoints and streams between them, with delay, jitter, loss, a
// rate, partitions and the silent death of a host.
//
// It owns no goroutine. Everything that takes time is one timer over one
// ordered queue, and everything that blocks blocks on a sync.Cond, so a network
// made inside a testing/synctest bubble runs on the bubble's clock, at once and
// in the same order each time. Outside a bubble it runs in real time.
//
// Datagrams may be lost, late, out of order (Link.Reorder) or too big. Streams
// are reliable and ordered: loss shows as a retransmission's delay, and a cut
// path stalls them without an error until it heals, as it does with TCP for
// longer than any test lasts. Addresses are *net.UDPAddr and *net.TCPAddr, so
// that pion, quic-go, memberlist and net/http run over it unchanged.
//
// A bubble's clock stops when the test function returns: close what is open and
// let a second pass before that, or a peer never sees the end of its stream.
//
// The package does not model routes, ICMP, NAT or TCP's congestion control.
// [Wrap] gives the same impairments to a real socket.
package simnet

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"sync"
	"time"
)

// Config describes a network. The zero value is a perfect network.
type Config struct {
	// Seed makes loss and jitter repeatable. Every direction of every link
	// draws from a stream of its own, so traffic on one does not move another.
	Seed uint64

	// Link joins two different hosts for which SetLink was not called.
	Link Link

	// MTU is the largest IP packet in bytes, headers included; a larger
	// datagram vanishes as on a path that drops fragments. Default 1500.
	MTU int
}

// Network is a set of hosts. Its methods may be called from any goroutine.
type Network struct {
	config Config

	mu      sync.Mutex // guards everything below and the state of all endpoints
	hosts   map[netip.Addr]*Host
	names   map[string]netip.Addr
	paths   map[route]*path
	cut     map[route]bool
	silent  map[netip.Addr]bool
	queue   events
	number  uint64 // of the last event, to keep equal times in order
	timer   *time.Timer
	stalled map[*half]struct{}
	halves  uint64
	stats   Stats
}

// route is one direction between two hosts.
type route struct{ from, to netip.Addr }

// New makes an empty network.
func New(c Config) *Network {
	if c.MTU == 0 {
		c.MTU = 1500
	}
	return &Network{
		config:  c,
		hosts:   make(map[netip.Addr]*Host),
		names:   make(map[string]netip.Addr),
		paths:   make(map[route]*path),
		cut:     make(map[route]bool),
		silent:  make(map[netip.Addr]bool),
		stalled: make(map[*half]struct{}),
	}
}

// Host returns the host with that IP address and makes it on first use. It
// panics when the address cannot be parsed: the test is wrong.
func (n *Network) Host(addr string) *Host {
	ip := n.parse(addr)
	n.mu.Lock()
	defer n.mu.Unlock()
	h := n.hosts[ip]
	if h == nil {
		h = &Host{
			n:         n,
			ip:        ip,
			packets:   make(map[uint16]*PacketConn),
			listeners: make(map[uint16]*Listener),
			next:      firstEphemeral,
		}
		n.hosts[ip] = h
	}
	return h
}

// SetLink sets both directions between two hosts; a and b may be equal, which
// sets the host's loopback, otherwise perfect. Packets already under way keep
// the delay they left with.
func (n *Network) SetLink(a, b string, l Link) {
	n.SetOneWay(a, b, l)
	n.SetOneWay(b, a, l)
}

// SetOneWay sets the direction from one host to another alone.
func (n *Network) SetOneWay(from, to string, l Link) {
	r := route{n.parse(from), n.parse(to)}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.path(r).link = l
}

// Cut breaks the path between two hosts both ways: datagrams under way and sent
// meanwhile are lost, streams stall.
func (n *Network) Cut(a, b string) { n.block(a, b, true) }

// CutOneWay breaks one direction alone, as a bad route or filter does.
func (n *Network) CutOneWay(from, to string) {
	r := route{n.parse(from), n.parse(to)}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.cut[r] = true
}

// Heal undoes Cut and CutOneWay; stalled streams go on.
func (n *Network) Heal(a, b string) { n.block(a, b, false) }

// Silence kills a host without a word: nothing it sends arrives anywhere and
// nothing reaches it, no reset, no ICMP. Its loopback stays.
func (n *Network) Silence(host string) { n.silence(host, true) }

// Revive undoes Silence; stalled streams go on.
func (n *Network) Revive(host string) { n.silence(host, false) }

func (n *Network) block(a, b string, on bool) {
	there := route{n.parse(a), n.parse(b)}
	back := route{there.to, there.from}
	n.mu.Lock()
	defer n.mu.Unlock()
	if on {
		n.cut[there], n.cut[back] = true, true
		return
	}
	delete(n.cut, there)
	delete(n.cut, back)
	n.resume()
}

func (n *Network) silence(host string, on bool) {
	ip := n.parse(host)
	n.mu.Lock()
	defer n.mu.Unlock()
	if on {
		n.silent[ip] = true
		return
	}
	delete(n.silent, ip)
	n.resume()
}

// blocked says whether nothing passes r at the moment.
func (n *Network) blocked(r route) bool {
	if n.cut[r] {
		return true
	}
	return r.from != r.to && (n.silent[r.from] || n.silent[r.to])
}

// resume sends again what stalled streams hold on paths that are open now.
func (n *Network) resume() {
	open := make([]*half, 0, len(n.stalled))
	for h := range n.stalled {
		if !n.blocked(h.route) {
			open = append(open, h)
		}
	}
	slices.SortFunc(open, func(a, b *half) int { return cmp.Compare(a.id, b.id) })
	for _, h := range open {
		delete(n.stalled, h)
		h.resume()
	}
	n.settle()
}

// path returns the state of a direction, made on first use.
func (n *Network) path(r route) *path {
	p := n.paths[r]
	if p == nil {
		link := n.config.Link
		if r.from == r.to {
			link = Link{}
		}
		p = &path{link: link, rand: rand.New(rand.NewPCG(n.config.Seed, r.hash()))}
		n.paths[r] = p
	}
	return p
}

func (n *Network) parse(addr string) netip.Addr {
	ip, err := netip.ParseAddr(addr)
	if err != nil {
		panic(fmt.Sprintf("simnet: host %q is not an IP address", addr))
	}
	return ip.Unmap()
}
