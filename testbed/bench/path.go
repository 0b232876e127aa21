//go:build linux

package main

import (
	"net"
	"net/netip"
	"sync"

	"github.com/meridian-video/meridian/testbed/simnet"
)

// path is a bad link in front of one viewer, a forwarder in this process. The
// viewer sends to its near end; the far end is what the server sees.
type path struct {
	near   net.PacketConn // wrapped: what goes to the viewer suffers
	far    *net.UDPConn
	server netip.AddrPort
	wg     sync.WaitGroup

	mu     sync.Mutex
	viewer net.Addr
}

// newPath opens a path to a server with a link for what comes from it. The
// other direction is perfect.
func newPath(server netip.AddrPort, down simnet.Link) (*path, error) {
	near, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return nil, err
	}
	far, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		_ = near.Close()
		return nil, err
	}
	p := &path{near: simnet.Wrap(near, down), far: far, server: server}
	p.wg.Go(p.upwards)
	p.wg.Go(p.downwards)
	return p, nil
}

// address is where the viewer sends to.
func (p *path) address() netip.AddrPort { return p.near.LocalAddr().(*net.UDPAddr).AddrPort() }

const datagramLimit = 2048

func (p *path) upwards() {
	buf := make([]byte, datagramLimit)
	for {
		n, from, err := p.near.ReadFrom(buf)
		if err != nil {
			return
		}
		p.mu.Lock()
		p.viewer = from
		p.mu.Unlock()
		_, _ = p.far.WriteToUDPAddrPort(buf[:n], p.server)
	}
}

func (p *path) downwards() {
	buf := make([]byte, datagramLimit)
	for {
		n, _, err := p.far.ReadFromUDPAddrPort(buf)
		if err != nil {
			return
		}
		p.mu.Lock()
		viewer := p.viewer
		p.mu.Unlock()
		_, _ = p.near.WriteTo(buf[:n], viewer)
	}
}

func (p *path) close() {
	_ = p.near.Close()
	_ = p.far.Close()
	p.wg.Wait()
}
