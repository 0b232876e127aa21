//go:build linux

package netns

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/meridian-video/meridian/testbed/wan/path"
)

// Host is a computer on the network.
type Host struct {
	Name string
	Addr netip.Addr // the one it has, but for its loopback

	number path.Host
	thread *thread  // nil of this machine
	space  *os.File // nil of this machine
	tun    int
}

// newHost makes a namespace with a TUN device as the way to everywhere.
func newHost(name string, at netip.Addr) (*Host, error) {
	t, space, err := newThread()
	if err != nil {
		return nil, err
	}
	h := &Host{Name: name, Addr: at, thread: t, space: space}
	err = t.do(func() (err error) {
		if h.tun, err = openTUN(device); err != nil {
			return err
		}
		return ip(append(h.up(device), "link set dev lo up", "route add default dev "+device)...)
	})
	if err != nil {
		h.close()
		return nil, fmt.Errorf("make host %q: %w", name, err)
	}
	return h, nil
}

// newHere makes this machine itself a host, by a device beside its others.
func newHere(name string, at netip.Addr, net netip.Prefix) (*Host, error) {
	h := &Host{Name: name, Addr: at}
	own := fmt.Sprintf("wan%d", net.Addr().As4()[1]) // the network's alone, as its addresses
	var err error
	if h.tun, err = openTUN(own); err == nil {
		err = ip(append(h.up(own), fmt.Sprintf("route add %s dev %s src %s", net, own, at))...)
	}
	if err != nil {
		h.close()
		return nil, fmt.Errorf("make this machine a host: %w", err)
	}
	return h, nil
}

func (h *Host) up(device string) []string {
	return []string{
		// No IPv6 address: it would chatter to a router that is not there.
		"link set dev " + device + " addrgenmode none",
		fmt.Sprintf("link set dev %s mtu %d txqueuelen %d up", device, deviceMTU, deviceQueue),
		fmt.Sprintf("addr add %s/32 dev %s", h.Addr, device),
	}
}

// close ends the host; its namespace goes when the last socket in it is closed.
func (h *Host) close() {
	if h.tun > 0 {
		_ = unix.Close(h.tun)
	}
	if h.thread != nil {
		h.thread.end()
		_ = h.space.Close()
	}
}

// Do runs f on a thread in the host: sockets that f makes are the host's for as
// long as they live. Goroutines that f starts are elsewhere.
func (h *Host) Do(f func() error) error {
	if h.thread == nil {
		return f()
	}
	return inside(h.space, f)
}

// Start starts a command in the host. It dies with this process.
func (h *Host) Start(cmd *exec.Cmd) error {
	if h.thread == nil {
		return cmd.Start()
	}
	// The death signal is sent when the thread that forked ends, so it is the
	// thread that lives as long as the host.
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	return h.thread.do(cmd.Start)
}

// Dial connects from the host; addresses are numeric.
func (h *Host) Dial(ctx context.Context, network, address string) (c net.Conn, err error) {
	err = h.Do(func() (err error) {
		c, err = (&net.Dialer{}).DialContext(ctx, network, address)
		return err
	})
	return c, err
}

// Listen listens for streams in the host.
func (h *Host) Listen(network, address string) (l net.Listener, err error) {
	err = h.Do(func() (err error) {
		l, err = net.Listen(network, address)
		return err
	})
	return l, err
}

// ListenPacket opens a datagram socket in the host.
func (h *Host) ListenPacket(network, address string) (c net.PacketConn, err error) {
	err = h.Do(func() (err error) {
		c, err = net.ListenPacket(network, address)
		return err
	})
	return c, err
}

// ErrRefused is returned by New where the machine cannot be a network.
var ErrRefused = errors.New("this machine cannot make networks")

// able says why this machine cannot make hosts.
func able() error {
	if os.Geteuid() != 0 {
		return fmt.Errorf("%w: network namespaces need root; run it as root, as ./testbed/test is in CI", ErrRefused)
	}
	if _, err := os.Stat("/dev/net/tun"); err != nil {
		return fmt.Errorf("%w: TUN devices are missing (%w); a container needs --device /dev/net/tun and CAP_NET_ADMIN", ErrRefused, err)
	}
	if _, err := exec.LookPath("ip"); err != nil {
		return fmt.Errorf("%w: the command ip is missing; Debian has it in iproute2", ErrRefused)
	}
	return nil
}
