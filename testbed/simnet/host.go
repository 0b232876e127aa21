package simnet

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"syscall"
)

// ErrUnknownHost is returned when a dialled name was never given to a host.
var ErrUnknownHost = errors.New("no such host in this network")

// Ports that port 0 and dialling choose from (RFC 6335, section 6).
const (
	firstEphemeral = 49152
	lastEphemeral  = 65535
)

// Host is one machine with one address.
type Host struct {
	n         *Network
	ip        netip.Addr
	packets   map[uint16]*PacketConn
	listeners map[uint16]*Listener
	next      uint16
}

// Addr returns the host's address.
func (h *Host) Addr() netip.Addr { return h.ip }

// Name lets others dial the host by a name, as DNS would.
func (h *Host) Name(name string) {
	h.n.mu.Lock()
	defer h.n.mu.Unlock()
	h.n.names[strings.ToLower(name)] = h.ip
}

// ListenPacket opens a datagram endpoint; port 0 chooses a free one.
func (h *Host) ListenPacket(port int) (*PacketConn, error) {
	h.n.mu.Lock()
	defer h.n.mu.Unlock()
	chosen, err := choose(h, h.packets, port)
	if err != nil {
		return nil, h.bindError("udp", port, err)
	}
	c := newPacketConn(h, chosen)
	h.packets[chosen] = c
	return c, nil
}

// Listen opens a stream listener; port 0 chooses a free one.
func (h *Host) Listen(port int) (*Listener, error) {
	h.n.mu.Lock()
	defer h.n.mu.Unlock()
	chosen, err := choose(h, h.listeners, port)
	if err != nil {
		return nil, h.bindError("tcp", port, err)
	}
	l := newListener(h, chosen)
	h.listeners[chosen] = l
	return l, nil
}

// Dial connects to "ip:port" or "name:port"; the network is "tcp" or "udp",
// with or without a family. Its signature fits http.Transport.DialContext.
func (h *Host) Dial(ctx context.Context, network, addr string) (net.Conn, error) {
	to, err := h.n.resolve(addr)
	if err != nil {
		return nil, &net.OpError{Op: "dial", Net: network, Err: err}
	}
	switch strings.TrimRight(network, "46") {
	case "tcp":
		return h.dialStream(ctx, to)
	case "udp":
		c, err := h.ListenPacket(0)
		if err != nil {
			return nil, err
		}
		return &connected{PacketConn: c, to: net.UDPAddrFromAddrPort(to)}, nil
	}
	return nil, &net.OpError{Op: "dial", Net: network, Err: net.UnknownNetworkError(network)}
}

// Resolve looks up "ip:port" or "name:port", as Dial does.
func (h *Host) Resolve(addr string) (netip.AddrPort, error) { return h.n.resolve(addr) }

func (h *Host) bindError(network string, port int, err error) error {
	at := net.JoinHostPort(h.ip.String(), strconv.Itoa(port))
	return &net.OpError{Op: "listen", Net: network, Err: fmt.Errorf("bind %s: %w", at, err)}
}

// choose returns the wanted port, or a free one for 0. The lock is held.
func choose[T any](h *Host, taken map[uint16]T, port int) (uint16, error) {
	if port < 0 || port > lastEphemeral {
		return 0, syscall.EINVAL
	}
	if port != 0 {
		if _, used := taken[uint16(port)]; used {
			return 0, syscall.EADDRINUSE
		}
		return uint16(port), nil
	}
	for range lastEphemeral - firstEphemeral + 1 {
		p := h.next
		if h.next++; h.next < firstEphemeral {
			h.next = firstEphemeral
		}
		if _, used := taken[p]; !used {
			return p, nil
		}
	}
	return 0, syscall.EADDRNOTAVAIL
}

func (n *Network) resolve(addr string) (netip.AddrPort, error) {
	if ap, err := netip.ParseAddrPort(addr); err == nil {
		return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port()), nil
	}
	name, service, err := net.SplitHostPort(addr)
	if err != nil {
		return netip.AddrPort{}, err
	}
	port, err := strconv.ParseUint(service, 10, 16)
	if err != nil {
		return netip.AddrPort{}, err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	ip, ok := n.names[strings.ToLower(name)]
	if !ok {
		return netip.AddrPort{}, fmt.Errorf("look up %s: %w", name, ErrUnknownHost)
	}
	return netip.AddrPortFrom(ip, uint16(port)), nil
}
