//go:build !linux

package rtc

import "net"

// boundUnsent leaves the kernel's queue as long as the kernel makes it.
func boundUnsent(net.Conn, int) {}
