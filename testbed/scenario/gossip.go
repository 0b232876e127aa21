package scenario

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/hashicorp/memberlist"

	"github.com/meridian-video/meridian/testbed/simnet"
)

// gossip is a memberlist.Transport on a host: one datagram endpoint and one
// listener on the same port.
type gossip struct {
	host    *simnet.Host
	packets *simnet.PacketConn
	streams *simnet.Listener
	ctx     context.Context
	cancel  context.CancelFunc
	wg      sync.WaitGroup
	packetc chan *memberlist.Packet
	streamc chan net.Conn
}

var _ memberlist.Transport = (*gossip)(nil)

// packetSize is more than any datagram that gossip sends.
const packetSize = 64 << 10

// newGossip opens the sockets; Shutdown closes them.
func newGossip(host *simnet.Host, port int) (*gossip, error) {
	packets, err := host.ListenPacket(port)
	if err != nil {
		return nil, err
	}
	streams, err := host.Listen(port)
	if err != nil {
		return nil, errors.Join(err, packets.Close())
	}
	g := &gossip{
		host: host, packets: packets, streams: streams,
		packetc: make(chan *memberlist.Packet), streamc: make(chan net.Conn),
	}
	g.ctx, g.cancel = context.WithCancel(context.Background())
	g.wg.Go(g.readPackets)
	g.wg.Go(g.acceptStreams)
	return g, nil
}

func (g *gossip) readPackets() {
	b := make([]byte, packetSize)
	for {
		n, from, err := g.packets.ReadFrom(b)
		if err != nil {
			return
		}
		p := &memberlist.Packet{Buf: append([]byte(nil), b[:n]...), From: from, Timestamp: time.Now()}
		select {
		case g.packetc <- p:
		case <-g.ctx.Done():
			return
		}
	}
}

func (g *gossip) acceptStreams() {
	for {
		c, err := g.streams.Accept()
		if err != nil {
			return
		}
		select {
		case g.streamc <- c:
		case <-g.ctx.Done():
			_ = c.Close()
			return
		}
	}
}

// FinalAdvertiseAddr implements memberlist.Transport: the host's own address.
func (g *gossip) FinalAdvertiseAddr(string, int) (net.IP, int, error) {
	a, ok := g.packets.LocalAddr().(*net.UDPAddr)
	if !ok {
		return nil, 0, fmt.Errorf("gossip is bound to %v", g.packets.LocalAddr())
	}
	return a.IP, a.Port, nil
}

// WriteTo implements memberlist.Transport.
func (g *gossip) WriteTo(b []byte, addr string) (time.Time, error) {
	to, err := g.host.Resolve(addr)
	if err != nil {
		return time.Time{}, err
	}
	_, err = g.packets.WriteToUDPAddrPort(b, to)
	return time.Now(), err
}

// PacketCh implements memberlist.Transport.
func (g *gossip) PacketCh() <-chan *memberlist.Packet { return g.packetc }

// DialTimeout implements memberlist.Transport.
func (g *gossip) DialTimeout(addr string, timeout time.Duration) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(g.ctx, timeout)
	defer cancel()
	return g.host.Dial(ctx, "tcp", addr)
}

// StreamCh implements memberlist.Transport.
func (g *gossip) StreamCh() <-chan net.Conn { return g.streamc }

// Shutdown implements memberlist.Transport.
func (g *gossip) Shutdown() error {
	g.cancel()
	err := errors.Join(g.packets.Close(), g.streams.Close())
	g.wg.Wait()
	return err
}
