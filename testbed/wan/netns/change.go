//go:build linux

package netns

import (
	"fmt"

	"github.com/meridian-video/meridian/testbed/wan/path"
)

// Set sets the link from one host to another, one way.
func (n *Network) Set(from, to string, l path.Link) error {
	if err := l.Validate(); err != nil {
		return err
	}
	return n.between(from, to, func(p *path.Network, a, b path.Host) { p.Set(a, b, l) })
}

// SetBoth sets both directions.
func (n *Network) SetBoth(a, b string, l path.Link) error {
	if err := n.Set(a, b, l); err != nil {
		return err
	}
	return n.Set(b, a, l)
}

// Link is the link from one host to another.
func (n *Network) Link(from, to string) (l path.Link, err error) {
	err = n.between(from, to, func(p *path.Network, a, b path.Host) { l = p.Link(a, b) })
	return l, err
}

// Cut breaks the path between two hosts both ways, without a word to either.
func (n *Network) Cut(a, b string) error {
	return n.between(a, b, func(p *path.Network, a, b path.Host) { p.Cut(a, b); p.Cut(b, a) })
}

// CutOneWay breaks one direction alone, as a bad route or filter does.
func (n *Network) CutOneWay(from, to string) error {
	return n.between(from, to, func(p *path.Network, a, b path.Host) { p.Cut(a, b) })
}

// Heal undoes Cut and CutOneWay.
func (n *Network) Heal(a, b string) error {
	return n.between(a, b, func(p *path.Network, a, b path.Host) { p.Heal(a, b); p.Heal(b, a) })
}

// Silence drops every packet from and to a host: its processes run, and nobody
// is told, by no reset and no ICMP. Its loopback stays.
func (n *Network) Silence(host string) error {
	return n.between(host, host, func(p *path.Network, h, _ path.Host) { p.Silence(h) })
}

// Wake undoes Silence.
func (n *Network) Wake(host string) error {
	return n.between(host, host, func(p *path.Network, h, _ path.Host) { p.Wake(h) })
}

// State is what is known of one direction.
type State struct {
	Link   path.Link
	Cut    bool
	Silent bool // the host it comes from
	Stats  path.Stats
}

// State tells of the direction from one host to another.
func (n *Network) State(from, to string) (s State, err error) {
	err = n.between(from, to, func(p *path.Network, a, b path.Host) {
		s = State{p.Link(a, b), p.IsCut(a, b), p.IsSilent(a), p.Stats(a, b)}
	})
	return s, err
}

// between does something with the path between two hosts.
func (n *Network) between(a, b string, do func(*path.Network, path.Host, path.Host)) error {
	var numbers [2]path.Host
	for i, name := range [2]string{a, b} {
		h := n.Host(name)
		if h == nil {
			return fmt.Errorf("no host %q", name)
		}
		numbers[i] = h.number
	}
	n.router.mu.Lock()
	defer n.router.mu.Unlock()
	do(n.router.paths, numbers[0], numbers[1])
	return nil
}
