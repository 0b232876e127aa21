package browser

import (
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/meridian-video/meridian/testbed/simnet"
)

// narrow is a way to a node's media that can be made slow: a forwarder that
// the node announces in its place. All that the node sends to those behind it
// shares one link; the other direction is perfect.
type narrow struct {
	near   *simnet.Wrapped
	server netip.AddrPort
	wg     sync.WaitGroup

	mu   sync.Mutex
	back map[string]*net.UDPConn // by the address of a browser's socket
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
	n := &narrow{near: simnet.Wrap(near, simnet.Link{}), server: server, back: map[string]*net.UDPConn{}}
	n.wg.Go(n.upwards)
	t.Cleanup(n.close)
	return n
}

// carries sets the rate from the node, in bit/s; a fifth of a second waits at the most.
func (n *narrow) carries(rate int64) {
	n.near.SetLink(simnet.Link{Rate: rate, Delay: 10 * time.Millisecond})
}

func (n *narrow) upwards() {
	buf := make([]byte, 2048)
	for {
		size, from, err := n.near.ReadFrom(buf)
		if err != nil {
			return
		}
		if far := n.far(from); far != nil {
			_, _ = far.WriteToUDPAddrPort(buf[:size], n.server)
		}
	}
}

// far is the socket under which the server sees a browser's; nil past the bound.
func (n *narrow) far(from net.Addr) *net.UDPConn {
	n.mu.Lock()
	defer n.mu.Unlock()
	if far, ok := n.back[from.String()]; ok || len(n.back) == mostSockets {
		return far
	}
	far, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return nil
	}
	n.back[from.String()] = far
	n.wg.Go(func() { n.downwards(far, from) })
	return far
}

func (n *narrow) downwards(far *net.UDPConn, to net.Addr) {
	buf := make([]byte, 2048)
	for {
		size, _, err := far.ReadFromUDPAddrPort(buf)
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
