//go:build linux

package netns

import (
	"fmt"
	"os/exec"
	"strings"

	"golang.org/x/sys/unix"
)

// device is the name of a host's TUN device in its namespace.
const device = "wan"

// deviceMTU is that of Ethernet; links may take less.
const deviceMTU = 1500

// deviceQueue is how many packets wait in the kernel for the router. What comes
// beyond is lost without being counted, so it is more than a socket's buffer.
const deviceQueue = 4096

// openTUN makes a TUN device in the namespace of this thread and returns its
// descriptor, which does not block.
func openTUN(name string) (int, error) {
	fd, err := unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return 0, fmt.Errorf("open /dev/net/tun: %w", err)
	}
	request, err := unix.NewIfreq(name)
	if err == nil {
		request.SetUint16(unix.IFF_TUN | unix.IFF_NO_PI)
		err = unix.IoctlIfreq(fd, unix.TUNSETIFF, request)
	}
	if err != nil {
		_ = unix.Close(fd)
		return 0, fmt.Errorf("make a TUN device: %w", err)
	}
	return fd, nil
}

// ip tells the network of this thread's namespace several things at once.
func ip(lines ...string) error {
	cmd := exec.Command("ip", "-batch", "-")
	cmd.Stdin = strings.NewReader(strings.Join(lines, "\n") + "\n")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("ip %q: %w %s", lines, err, out)
	}
	return nil
}
