package node

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"

	"github.com/meridian-video/meridian/ops/config"
)

// gossip says where a configuration's member listens and is reached. The
// library wants IP addresses, and knows only private ones of the machine.
func gossip(c config.Config) Gossip {
	g := Gossip{Bind: c.Gossip.Listen, Advertise: c.Gossip.Announce, Seeds: c.Gossip.Seeds, Allow: c.Gossip.Networks(), Keys: c.Gossip.Keys}
	host, port, err := net.SplitHostPort(g.Bind)
	if err != nil {
		return g // refused by the member
	}
	switch host {
	case "":
		host = netip.IPv4Unspecified().String()
	case "localhost":
		host = loopback.String()
	}
	g.Bind = net.JoinHostPort(host, port)
	if ip, err := netip.ParseAddr(host); err == nil && ip.IsUnspecified() && g.Advertise == "" {
		g.Advertise = net.JoinHostPort(machineAddresses()[0].String(), port)
	}
	return g
}

// Reachable is where others find a socket: what is announced, or the address
// it is bound to, or one of the machine's where it is bound to all.
func Reachable(e config.Endpoint, bound net.Addr) string {
	if e.Announce != "" {
		return e.Announce
	}
	addrs, err := announced(nil, bound)
	if err != nil {
		return bound.String()
	}
	return addrs[0].String()
}

// announced reads addresses with an optional port; none means the bound one,
// or the machine's addresses where it is bound to all. It returns at least one.
func announced(list []string, bound net.Addr) ([]netip.AddrPort, error) {
	at, err := netip.ParseAddrPort(bound.String())
	if err != nil {
		return nil, err
	}
	var out []netip.AddrPort
	for _, s := range list {
		if p, err := netip.ParseAddrPort(s); err == nil {
			out = append(out, p)
			continue
		}
		ip, err := netip.ParseAddr(s)
		if err != nil {
			return nil, fmt.Errorf("%q is neither an IP address nor one with a port", s)
		}
		out = append(out, netip.AddrPortFrom(ip, at.Port()))
	}
	if len(out) > 0 {
		return out, nil
	}
	if !at.Addr().IsUnspecified() {
		return []netip.AddrPort{at}, nil
	}
	for _, ip := range machineAddresses() {
		out = append(out, netip.AddrPortFrom(ip, at.Port()))
	}
	return out, nil
}

// announcedTCP are the addresses of media over TCP: what is listed, or those of
// media that a socket bound there is reached at. One for a proxy on this machine
// alone is reached at none.
func announcedTCP(list []string, media []netip.AddrPort, bound net.Addr) (out []netip.AddrPort, err error) {
	if len(list) > 0 {
		return announced(list, bound)
	}
	at, err := netip.ParseAddrPort(bound.String())
	if err != nil {
		return nil, err
	}
	for _, m := range media {
		a := netip.AddrPortFrom(m.Addr().Unmap(), at.Port())
		if reaches(a.Addr(), at.Addr().Unmap()) && !slices.Contains(out, a) {
			out = append(out, a)
		}
	}
	return out, nil
}

// reaches says whether connections to an announced address may arrive at a
// socket bound to another: that could be the same behind NAT.
func reaches(announced, bound netip.Addr) bool {
	switch {
	case bound == netip.IPv6Unspecified(): // of both families
		return true
	case bound.Is4() != announced.Is4():
		return false
	}
	return bound.IsUnspecified() || bound.IsLoopback() == announced.IsLoopback()
}

var loopback = netip.AddrFrom4([4]byte{127, 0, 0, 1})

// machineAddresses are the addresses of this machine that others may reach,
// IPv4 first; loopback where there is none.
func machineAddresses() []netip.Addr {
	list, err := net.InterfaceAddrs()
	if err != nil {
		return []netip.Addr{loopback}
	}
	return others(list)
}

// others keeps of a machine's addresses what other machines may reach.
func others(list []net.Addr) []netip.Addr {
	var out []netip.Addr
	for _, a := range list {
		p, err := netip.ParsePrefix(a.String())
		if err == nil && !p.Addr().IsLinkLocalUnicast() && !p.Addr().IsLoopback() {
			out = append(out, p.Addr())
		}
	}
	if len(out) == 0 {
		return []netip.Addr{loopback}
	}
	slices.SortStableFunc(out, func(a, b netip.Addr) int { return a.BitLen() - b.BitLen() })
	return out
}

// turnURLs are the addresses of TURN that browsers are told (RFC 7065).
func turnURLs(hosts []string, o EdgeOptions) []string {
	if len(hosts) == 0 {
		for _, a := range o.MediaAnnounce {
			hosts = append(hosts, a.Addr().String())
		}
	}
	var out []string
	add := func(host string, bound net.Addr, transport string) {
		port := strconv.Itoa(int(portOf(bound)))
		if h, p, err := net.SplitHostPort(host); err == nil {
			host, port = h, p
		}
		out = append(out, "turn:"+net.JoinHostPort(host, port)+"?transport="+transport)
	}
	for _, h := range hosts {
		if o.TURNUDP != nil {
			add(h, o.TURNUDP.LocalAddr(), "udp")
		}
		if o.TURNTCP != nil {
			add(h, o.TURNTCP.Addr(), "tcp")
		}
	}
	return out
}

func portOf(a net.Addr) uint16 {
	p, _ := netip.ParseAddrPort(a.String())
	return p.Port()
}
