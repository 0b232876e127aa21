//go:build linux

package light

import (
	"fmt"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

// maxClients is how many clients a Network can make in its life. Addresses are
// not used twice: a server may still send to a client that is gone.
const maxClients = 1 << 16

// tickEvery is the grid of what clients do by time.
const tickEvery = 20 * time.Millisecond

// Network is the sockets that clients share, and their clock.
type Network struct {
	lanes   []*lane
	own     netip.Addr // where each client has a socket of its own
	clients [maxClients]atomic.Pointer[Client]
	made    atomic.Uint32
	cert    identity
	stop    chan struct{}
	wg      sync.WaitGroup
}

// Open opens a number of sockets. Few are cheap, several keep their queues short.
func Open(sockets int) (*Network, error) {
	n, err := open()
	if err != nil {
		return nil, err
	}
	for range sockets {
		l, err := newLane(netip.Addr{})
		if err != nil {
			n.Close()
			return nil, err
		}
		n.lanes = append(n.lanes, l)
		n.wg.Go(func() { l.read(n) })
	}
	return n, nil
}

// OpenAt makes clients with a socket each on one address of this machine, for
// servers that do not send to loopback. It has no sinks.
func OpenAt(own netip.Addr) (*Network, error) {
	n, err := open()
	if err == nil {
		n.own = own
	}
	return n, err
}

func open() (*Network, error) {
	n := &Network{stop: make(chan struct{})}
	var err error
	if n.cert, err = newIdentity(); err != nil {
		return nil, fmt.Errorf("make certificate: %w", err)
	}
	n.wg.Go(n.tick)
	return n, nil
}

// Close closes all sockets. Clients must be closed before.
func (n *Network) Close() {
	close(n.stop)
	for _, l := range n.lanes {
		_ = l.conn.Close()
	}
	n.wg.Wait()
}

// Client makes a client with an address of its own.
func (n *Network) Client(o Options) (*Client, error) {
	i := n.made.Add(1)
	if i >= maxClients {
		return nil, fmt.Errorf("more than %d clients in one run", maxClients-1)
	}
	if !n.own.IsValid() {
		return newClient(o, n, n.lanes[int(i)%len(n.lanes)], i, addressOf(i)), nil
	}
	l, err := newLane(n.own)
	if err != nil {
		return nil, err
	}
	l.only = newClient(o, n, l, i, n.own)
	n.wg.Go(func() { l.read(n) })
	return l.only, nil
}

// Sinks makes addresses that nobody listens to: what comes is read as for
// clients and thrown away. The floor of a server's cost is measured with them.
func (n *Network) Sinks(count int) []netip.AddrPort {
	out := make([]netip.AddrPort, count)
	for i := range out {
		out[i] = netip.AddrPortFrom(addressOf(n.made.Add(1)%maxClients), n.lanes[i%len(n.lanes)].port)
	}
	return out
}

// addressOf and indexOf turn a client's number into its address and back.
func addressOf(i uint32) netip.Addr { return netip.AddrFrom4([4]byte{127, 1, byte(i >> 8), byte(i)}) }

func indexOf(a [4]byte) int { return int(a[2])<<8 | int(a[3]) }

// forget lets nothing reach a client any more.
func (n *Network) forget(c *Client) {
	n.clients[c.number].Store(nil)
}

// tick gives the time to every client.
func (n *Network) tick() {
	ticker := time.NewTicker(tickEvery)
	defer ticker.Stop()
	for {
		select {
		case <-n.stop:
			return
		case <-ticker.C:
		}
		now := time.Now()
		for i := range min(n.made.Load(), maxClients-1) + 1 {
			if c := n.clients[i].Load(); c != nil {
				c.tick(now)
			}
		}
	}
}
