//go:build !linux

package rtc

import "net"

const (
	dontWait     = 0
	segmentSpace = 0
)

// segments says that packets go one by one.
func segments(net.PacketConn) bool { return false }

func segmented([]byte, int) []byte { return nil }
