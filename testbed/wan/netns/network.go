//go:build linux

package netns

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync"

	"github.com/meridian-video/meridian/testbed/wan/path"
)

// Config describes a network.
type Config struct {
	// Seed repeats loss and jitter, as far as the order of packets repeats.
	Seed uint64

	// Link joins two hosts, each way, until Set says otherwise.
	Link path.Link

	// Hosts are made at once; Add makes more.
	Hosts []string
}

// Network is hosts and the router between them. Its methods may be called from
// any goroutine; a host's name that is none is an error.
type Network struct {
	router *router
	claim  claim

	mu    sync.Mutex // guards the rest
	hosts map[string]*Host
	names []string // in the order of making
	over  bool
}

// New makes a network. It fails with ErrRefused where the machine or the user
// may not.
func New(c Config) (*Network, error) {
	if err := errors.Join(able(), c.Link.Validate()); err != nil {
		return nil, err
	}
	claimed, err := newClaim()
	if err != nil {
		return nil, err
	}
	r, err := newRouter(path.New(c.Seed, c.Link))
	if err != nil {
		return nil, errors.Join(err, claimed.lock.Close())
	}
	n := &Network{router: r, claim: claimed, hosts: map[string]*Host{}}
	for _, name := range c.Hosts {
		if _, err := n.Add(name); err != nil {
			n.Close()
			return nil, err
		}
	}
	return n, nil
}

// Add makes a host.
func (n *Network) Add(name string) (*Host, error) { return n.add(name, newHost) }

// AddHere makes this machine itself a host, so that its browsers reach the
// others.
func (n *Network) AddHere(name string) (*Host, error) {
	return n.add(name, func(name string, at netip.Addr) (*Host, error) { return newHere(name, at, n.claim.prefix) })
}

func (n *Network) add(name string, make func(string, netip.Addr) (*Host, error)) (*Host, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	switch {
	case n.over:
		return nil, errors.New("the network is closed")
	case n.hosts[name] != nil:
		return nil, fmt.Errorf("there is a host %q", name)
	}
	at, err := n.claim.at(len(n.names))
	if err != nil {
		return nil, err
	}
	h, err := make(name, at)
	if err != nil {
		return nil, err
	}
	n.router.add(h)
	n.hosts[name], n.names = h, append(n.names, name)
	return h, nil
}

// Host returns a host, nil where none has the name.
func (n *Network) Host(name string) *Host {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.hosts[name]
}

// Names are the hosts', in the order in which they were made.
func (n *Network) Names() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.names)
}

// Close ends the network. Processes in it should have ended: they die with it.
func (n *Network) Close() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.over {
		return
	}
	n.over = true
	n.router.close()
	for _, h := range n.hosts {
		h.close()
	}
	_ = n.claim.lock.Close()
}
