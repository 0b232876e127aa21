package browser

import (
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/meridian-video/meridian/testbed/simnet"
)

// narrow is a way to a node's media that can be made bad: a forwarder that the
// node announces in its place. All that the node sends to those behind it
// shares one link; in the other direction each browser's socket has its own.
type narrow struct {
	near   *simnet.Wrapped
	server net.Addr
	wg     sync.WaitGroup

	mu   sync.Mutex
	up   simnet.Link
	back map[string]*simnet.Wrapped // by the address of a browser's socket
}

// mostSockets bounds what browsers may open; each has a few.
const mostSockets = 64

// newNarrow begins to forward to a server that need not be there yet.
func newNarrow(t *testing.T, server netip.AddrPort) *narrow {
	t.Helper()
	near, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	n := &narrow{near: simnet.Wrap(near, simnet.Link{}), server: net.UDPAddrFromAddrPort(server), back: map[string]*simnet.Wrapped{}}
	n.wg.Go(n.upwards)
	t.Cleanup(n.close)
	return n
}

// carries sets the rate from the node, in bit/s; a fifth of a second waits at the most.
func (n *narrow) carries(rate int64) {
	n.near.SetLink(simnet.Link{Rate: rate, Delay: 10 * time.Millisecond})
}

// loses has this part of the packets lost, each way, and the others come up to
// jitter later than 10 ms.
func (n *narrow) loses(part float64, jitter time.Duration) {
	l := simnet.Link{Delay: 10 * time.Millisecond, Jitter: jitter, Loss: part}
	n.near.SetLink(l)
	n.mu.Lock()
	defer n.mu.Unlock()
	n.up = l
	for _, far := range n.back {
		far.SetLink(l)
	}
}

func (n *narrow) upwards() {
	buf := make([]byte, 2048)
	for {
		size, from, err := n.near.ReadFrom(buf)
		if err != nil {
			return
		}
		if far := n.far(from); far != nil {
			_, _ = far.WriteTo(buf[:size], n.server)
		}
	}
}

// far is the socket under which the server sees a browser's; nil past the bound.
func (n *narrow) far(from net.Addr) *simnet.Wrapped {
	n.mu.Lock()
	defer n.mu.Unlock()
	if far, ok := n.back[from.String()]; ok || len(n.back) == mostSockets {
		return far
	}
	socket, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return nil
	}
	far := simnet.Wrap(socket, n.up)
	n.back[from.String()] = far
	n.wg.Go(func() { n.downwards(far, from) })
	return far
}

func (n *narrow) downwards(far *simnet.Wrapped, to net.Addr) {
	buf := make([]byte, 2048)
	for {
		size, _, err := far.ReadFrom(buf)
		if err != nil {
			return
		}
		_, _ = n.near.WriteTo(buf[:size], to)
	}
}

func (n *narrow) close() {
	_ = n.near.Close()
	n.mu.Lock()
	for _, far := range n.back {
		_ = far.Close()
	}
	n.mu.Unlock()
	n.wg.Wait()
}
